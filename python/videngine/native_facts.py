"""What the engine's `probe` finds, as the JSON that `MediaInfo` is read from."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videngine._engine import MediaFacts

_COLOR = ("primaries", "transfer", "matrix", "range")


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Fraction) else value


def media_facts(facts: MediaFacts) -> dict[str, Any]:
    """Facts about a whole source; rational numbers are strings."""
    streams = []
    for stream in facts.streams:
        names = [n for n in dir(stream) if not n.startswith("_") and n not in _COLOR]
        row = {name: _plain(getattr(stream, name)) for name in names}
        row["color"] = {name: getattr(stream, name) or "unknown" for name in _COLOR}
        streams.append(row)
    return {
        "format": facts.format,
        "size_bytes": facts.size_bytes,
        "duration_s": str(facts.duration_s),
        "bit_rate_bps": facts.bit_rate_bps,
        "start_s": str(facts.start_s),
        "streams": streams,
        "chapters": [
            {"start_s": str(c.start_s), "end_s": str(c.end_s), "tags": c.tags}
            for c in facts.chapters
        ],
        "tags": facts.tags,
    }
