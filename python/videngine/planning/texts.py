"""Which subtitles an output shows, and of which part of the film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from videngine.media import Stream
from videngine.outputs import TextPlan
from videngine.planning.assets import Assets
from videngine.planning.pictures import Clip
from videngine.planning.sounds import Warn
from videngine.spec.subtitles import SubtitleSource, TextFields

# What libavcodec decodes to text; all others are pictures.
_TEXT_CODECS = frozenset(
    ("ass", "ssa", "subrip", "srt", "text", "mov_text", "webvtt", "microdvd", "mpl2", "sami")
)


class TextFailed(Exception):
    """Subtitles that were asked for cannot be had."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Text:
    """One track before its rendition has an id: of a file, or of a stream of the source."""

    track: TextPlan
    stream: int | None = None

    def plan(self, rendition: Callable[[int], str]) -> TextPlan:
        """The track as packaging reads it; ``rendition`` gives a stream's texts their id."""
        if self.stream is None:
            return self.track
        return replace(self.track, rendition=rendition(self.stream))


def texts(
    fields: TextFields, streams: Sequence[Stream], *, clip: Clip, assets: Assets, warn: Warn
) -> tuple[Text, ...]:
    """The subtitles of one output: files in the order of the request, then the source's own.

    Args:
        fields: what it asks for.
        streams: the source's subtitles.
        clip: the part of the film that it shows.
        assets: files that were fetched.
        warn: told of what cannot be as it was asked.

    Raises:
        TextFailed: ``subtitle_fetch_failed``, ``subtitle_invalid``.
    """
    entries = (fields.subtitles and fields.subtitles.sources) or ()
    found = [_from_file(number, entry, clip, assets) for number, entry in enumerate(entries)]
    if fields.subtitles_copy:
        found += _from_source(streams, clip, warn)
    return _named(_with_one_default(found, warn))


def _from_file(number: int, entry: SubtitleSource, clip: Clip, assets: Assets) -> Text:
    asset = assets[entry.source]
    if asset.path is None or asset.error:
        code = "subtitle_invalid" if asset.path else "subtitle_fetch_failed"
        raise TextFailed(code, f"subtitles.sources[{number}]: {asset.error}")
    track = TextPlan(
        path=str(asset.path),
        language=entry.language or "",
        name=entry.name or "",
        default=bool(entry.default),
        forced=bool(entry.forced),
        start_s=clip.start_s,
        duration_s=clip.length_s,
    )
    return Text(track=track)


def _from_source(streams: Sequence[Stream], clip: Clip, warn: Warn) -> Iterator[Text]:
    """The source's own texts; those that are pictures are left out."""
    if not streams:
        warn(
            "subtitles_copy",
            "no_subtitles",
            "The source has no subtitle streams; those of `stitch` are not taken.",
        )
    for stream in streams:
        if stream.codec not in _TEXT_CODECS:
            message = f"Stream {stream.index} ({stream.codec}) is no text that can be read."
            warn("subtitles_copy", "subtitles_left_out", message)
            continue
        title = "".join(c if c.isalnum() or c in " .()-_'" else " " for c in stream.title)
        track = TextPlan(
            language=stream.language,
            name=" ".join(title.split())[:64],
            default=stream.default,
            forced="forced" in stream.dispositions,
            start_s=clip.start_s,
            duration_s=clip.length_s,
        )
        yield Text(track=track, stream=stream.index)


def _with_one_default(found: Sequence[Text], warn: Warn) -> list[Text]:
    """Players can show one track at a time: the first that wants to."""
    defaults = [number for number, text in enumerate(found) if text.track.default]
    if len([n for n in defaults if found[n].stream is None]) > 1:
        message = "Only one track can be the default; the first one that wants to is."
        warn("subtitles.sources", "conflicting_fields", message)
    return [
        replace(text, track=replace(text.track, default=n in defaults[:1]))
        for n, text in enumerate(found)
    ]


def _named(found: Sequence[Text]) -> tuple[Text, ...]:
    """Tracks with names that differ, as players show them in a menu."""
    taken: set[str] = set()
    named = []
    for text in found:
        plain = name = text.track.name or text.track.language or "Subtitles"
        number = 2
        while name in taken:
            name, number = f"{plain} {number}", number + 1
        taken.add(name)
        named.append(replace(text, track=replace(text.track, name=name)))
    return tuple(named)
