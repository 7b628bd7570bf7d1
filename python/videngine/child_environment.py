"""What a child process is told of our environment: nothing that could hold a secret."""

from __future__ import annotations

import os

_KEPT = {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR"}
_KEPT_PREFIXES = ("COVERAGE_", "VIDENGINE_TEST_", "PYTHON")


def child_environment() -> dict[str, str]:
    """The variables that a child needs to find its libraries, and no other."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
