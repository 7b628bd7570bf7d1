"""Which subtitles an output shows, and of which part of the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from videngine.outputs import TextPlan
from videngine.planning.assets import Assets
from videngine.planning.pictures import Clip
from videngine.planning.sounds import Warn
from videngine.spec.subtitles import SubtitleSource, TextFields


class TextFailed(Exception):
    """Subtitles that were asked for cannot be had."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def texts(fields: TextFields, *, clip: Clip, assets: Assets, warn: Warn) -> tuple[TextPlan, ...]:
    """The subtitles of one output, in the order of the request.

    Args:
        fields: what it asks for.
        clip: the part of the film that it shows.
        assets: files that were fetched.
        warn: told of what cannot be as it was asked.

    Raises:
        TextFailed: ``subtitle_fetch_failed``, ``subtitle_invalid``.
    """
    entries = (fields.subtitles and fields.subtitles.sources) or ()
    found = [_from_file(number, entry, clip, assets) for number, entry in enumerate(entries)]
    return _named(_with_one_default(found, warn))


def _from_file(number: int, entry: SubtitleSource, clip: Clip, assets: Assets) -> TextPlan:
    asset = assets[entry.source]
    if asset.path is None or asset.error:
        code = "subtitle_invalid" if asset.path else "subtitle_fetch_failed"
        raise TextFailed(code, f"subtitles.sources[{number}]: {asset.error}")
    return TextPlan(
        path=str(asset.path),
        language=entry.language or "",
        name=entry.name or "",
        default=bool(entry.default),
        forced=bool(entry.forced),
        start_s=clip.start_s,
        duration_s=clip.length_s,
    )


def _with_one_default(found: Sequence[TextPlan], warn: Warn) -> list[TextPlan]:
    """Players can show one track at a time: the first that wants to."""
    defaults = [number for number, text in enumerate(found) if text.default]
    if len(defaults) > 1:
        message = "Only one track can be the default; the first one that wants to is."
        warn("subtitles.sources", "conflicting_fields", message)
    return [replace(text, default=n in defaults[:1]) for n, text in enumerate(found)]


def _named(found: Sequence[TextPlan]) -> tuple[TextPlan, ...]:
    """Tracks with names that differ, as players show them in a menu."""
    taken: set[str] = set()
    named = []
    for text in found:
        plain = name = text.name or text.language or "Subtitles"
        number = 2
        while name in taken:
            name, number = f"{plain} {number}", number + 1
        taken.add(name)
        named.append(replace(text, name=name))
    return tuple(named)
