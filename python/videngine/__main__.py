"""``python -m videngine`` is the command ``videngine``."""

from __future__ import annotations

import sys

from videngine.cli import main

sys.exit(main())
