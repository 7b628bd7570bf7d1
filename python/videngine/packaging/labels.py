"""Names of tracks, which anybody may have written, as manifests may show them."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def plain_text(text: str) -> str:
    """A name in one line of text that XML and UTF-8 can hold."""
    return _UNPRINTABLE.sub(" ", text).strip()
