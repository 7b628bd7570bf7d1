"""The sizes of a ladder's rungs on this source: what would enlarge it is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from videngine.outputs import SkippedRung
from videngine.planning.draft import Entry
from videngine.planning.framing import (
    MAX_SIDE_PX,
    Asked,
    Frame,
    Framing,
    Size,
    by,
    even,
    framed,
    is_larger,
    shrinking,
    turned,
)

Warn = Callable[[str, str, str], None]
"""Takes a path, a code and a message."""

_LIMIT = (MAX_SIDE_PX, MAX_SIDE_PX)


def sized(
    entries: Sequence[tuple[str, Entry]], source: Size, *, upscale: bool, warn: Warn
) -> tuple[list[tuple[str, Entry, Frame]], list[SkippedRung]]:
    """The rungs that are made, and those left out.

    If all would enlarge the source, the first is made at the source's size.

    Args:
        entries: rungs by their paths in the request.
        source: the source as it is shown.
        upscale: whether rungs may be larger than it.
        warn: told of sizes that are not as asked.
    """
    wanted = []
    for path, entry in entries:
        framing = framed(asked(entry), source)
        wanted.append((path, entry, framing, _limited(path, framing, warn).even()))
    made = [
        one
        for one in wanted
        if upscale or not is_larger(even(one[2].whole), turned(source, one[2].rotation_deg))
    ]
    left = [one for one in wanted if one not in made]
    if not made:
        path, entry, framing, frame = left.pop(0)
        smaller = _limited(path, _not_enlarged(entry, framing, source), warn).even()
        made = [(path, entry, framing, smaller)]
        message = (
            f"{by(frame.size)} would enlarge the source and upscale is off; "
            f"{by(smaller.size)} is made."
        )
        warn(path, "larger_than_source", message)
    skipped = []
    for path, _, _, frame in left:
        message = f"{by(frame.size)} would enlarge the source, {by(source)}, and upscale is off."
        skipped.append(SkippedRung(path=path, code="larger_than_source", message=message))
    return [(path, entry, frame) for path, entry, _, frame in made], skipped


def _limited(path: str, framing: Framing, warn: Warn) -> Framing:
    limited = framing.within(_LIMIT)
    if limited != framing:
        message = (
            f"{by(even(framing.frame))} is beyond {MAX_SIDE_PX} px; "
            f"{by(even(limited.frame))} is used."
        )
        warn(path, "size_clamped", message)
    return limited


def asked(entry: Entry) -> Asked:
    """What an entry of the request says about the shape of its picture."""
    width, height = entry.size or (entry.width, entry.height)
    return Asked(
        width_px=width,
        height_px=height,
        smaller_px=entry.resolution,
        aspect_ratio=entry.aspect_ratio,
        mode=entry.resize_mode or "scale",
        rotation_deg=entry.rotate or 0,
    )


def _not_enlarged(entry: Entry, framing: Framing, source: Size) -> Framing:
    """In place of what would enlarge the source: its own size, or the same cut at its scale."""
    wish = asked(entry)
    if wish.mode == "scale" and wish.aspect_ratio is None:
        return framed(Asked(rotation_deg=wish.rotation_deg), source)
    return framing.scaled(shrinking(framing.whole, turned(source, wish.rotation_deg)))
