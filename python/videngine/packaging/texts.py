"""Subtitles of an output as players take them: WebVTT in segments for HLS, whole for DASH."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from pathlib import Path
from typing import Any

from videngine.errors import InputError
from videngine.languages import iso_639_2, language_tag
from videngine.outputs import TextPlan
from videngine.packaging.labels import plain_text
from videngine.packaging.layout import Layout
from videngine.packaging.playlist import MultivariantPlaylist, quoted
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment
from videngine.subtitles import Cue, clipped, flattened, read_cues, to_ass, to_webvtt

GROUP = "subs"
WHOLE_FILE = "subtitles.vtt"
_MAX_BYTES = 64 << 20  # of one track: a text is repeated in every segment that it reaches into
_TIMESTAMPS = 1 << 33  # of MPEG-TS: they start again at 0


@dataclass(frozen=True)
class TextTrack:
    """Subtitles on their way into an output; their files are named by ``name``: ``subs_eng``."""

    plan: TextPlan
    name: str
    cues: list[Cue]

    @property
    def language(self) -> str:
        """BCP 47, or "" if it is unknown."""
        return language_tag(self.plan.language)


def text_tracks(renditions: Renditions) -> list[TextTrack]:
    """The output's subtitles, read and cut to its part of the film.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    names: list[str] = []
    found = []
    for text in renditions.output.texts:
        plain = name = f"{GROUP}_{iso_639_2(text.language) or 'und'}"
        number = 2
        while name in names:
            name, number = f"{plain}_{number}", number + 1
        names.append(name)
        path = renditions.result(text.rendition).path if text.rendition else text.path
        cues = read_cues(Path(path), language_tag(text.language))
        found.append(TextTrack(text, name, clipped(cues, text.start_s, text.duration_s)))
    return found


def timed_text(renditions: Renditions) -> list[dict[str, Any]]:
    """The output's subtitles as `videngine.engine.remux_file` takes them.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    return [
        {
            "language": iso_639_2(track.plan.language),
            "name": plain_text(track.plan.name),
            "default": track.plan.default,
            "forced": track.plan.forced,
            "cues": [(c.start_ms, c.end_ms, to_ass(c.text)) for c in flattened(track.cues)],
        }
        for track in text_tracks(renditions)
    ]


def add_to_hls(
    playlist: MultivariantPlaylist,
    renditions: Renditions,
    folder: Path,
    segments: Sequence[Segment],
    *,
    target_s: int,
    first_pts: int = 0,
) -> None:
    """Write the output's subtitles below ``folder`` and name them in the multivariant playlist.

    Args:
        playlist: gets an EXT-X-MEDIA for each track, and every variant their group.
        renditions: the output.
        folder: where the output's files lie.
        segments: those of a picture: subtitles are cut at the same instants.
        target_s: EXT-X-TARGETDURATION of the other playlists.
        first_pts: timestamp of the first picture in 1/90000 s: not 0 in MPEG-TS.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    tracks = text_tracks(renditions)
    for track in tracks:
        _write_segments(
            track, folder, renditions.layout, segments, target_s=target_s, first_pts=first_pts
        )
        attributes = {
            "TYPE": "SUBTITLES",
            "GROUP-ID": quoted(GROUP),
            "NAME": quoted(track.plan.name),
            "DEFAULT": "YES" if track.plan.default else "NO",
            "AUTOSELECT": "YES",
            "FORCED": "YES" if track.plan.forced else "NO",
            "URI": quoted(renditions.layout.playlist(track.name)),
        }
        if track.language:
            attributes["LANGUAGE"] = quoted(track.language)
        playlist.media.append(attributes)
    if tracks:
        for variant in playlist.variants:
            variant.attributes["SUBTITLES"] = quoted(GROUP)


def _write_segments(
    track: TextTrack,
    folder: Path,
    layout: Layout,
    segments: Sequence[Segment],
    *,
    target_s: int,
    first_pts: int,
) -> None:
    """One WebVTT file a segment, and their media playlist (RFC 8216, section 3.5).

    Times count from the first picture, whose timestamp X-TIMESTAMP-MAP tells.
    """
    header = f"X-TIMESTAMP-MAP=MPEGTS:{first_pts % _TIMESTAMPS},LOCAL:00:00:00.000"
    playlist = folder / layout.playlist(track.name)
    playlist.parent.mkdir(exist_ok=True)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{target_s}"]
    lines += ["#EXT-X-PLAYLIST-TYPE:VOD"]
    for number, cues in enumerate(_shared_out(track, segments), 1):
        path = folder / layout.below(track.name, f"segment_{number}.vtt")
        path.write_text(to_webvtt(cues, header=header), encoding="utf-8")
        lines += [f"#EXTINF:{float(segments[number - 1].duration_s):.6f},", path.name]
    playlist.write_text("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n")


def _shared_out(track: TextTrack, segments: Sequence[Segment]) -> list[list[Cue]]:
    """The cues of each segment; one that crosses a boundary is in both."""
    starts_ms = [round(1000 * segment.start_s) for segment in segments]
    shared: list[list[Cue]] = [[] for _ in segments]
    size_bytes = 0
    for cue in track.cues:
        number = max(bisect_right(starts_ms, cue.start_ms) - 1, 0)
        while number < len(segments) and starts_ms[number] < cue.end_ms:
            shared[number].append(cue)
            number += 1
            size_bytes += len(cue.text) + 32
            if size_bytes > _MAX_BYTES:
                raise InputError("subtitle_invalid", "Too many texts last too long.")
    return shared


def write_whole_files(renditions: Renditions, folder: Path) -> list[tuple[TextTrack, str]]:
    """Write each of the output's subtitles as one WebVTT file; with its path below ``folder``.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    written = []
    for track in text_tracks(renditions):
        uri = renditions.layout.below(track.name, WHOLE_FILE)
        (folder / uri).parent.mkdir(exist_ok=True)
        (folder / uri).write_text(to_webvtt(track.cues), encoding="utf-8")
        written.append((track, uri))
    return written


def add_to_mpd(mpd: str, renditions: Renditions, folder: Path) -> str:
    """Write the output's subtitles below ``folder``; the MPD with an adaptation set for each.

    Whole files: dash.js does not play segments of WebVTT.

    Raises:
        InputError: ``subtitle_invalid``.
    """
    sets = "".join(
        _adaptation_set(track, uri, (folder / uri).stat().st_size)
        for track, uri in write_whole_files(renditions, folder)
    )
    return mpd.replace("  </Period>", f"{sets}  </Period>", 1)


def _adaptation_set(track: TextTrack, uri: str, size_bytes: int) -> str:
    last_s = max((cue.end_ms for cue in track.cues), default=0) / 1000
    language = f' lang="{escape(track.language)}"' if track.language else ""
    return (
        f'    <AdaptationSet contentType="text" mimeType="text/vtt"{language}>\n'
        + "".join(
            f'      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="{role}"/>\n'
            for role in _roles(track.plan)
        )
        + f"      <Label>{escape(plain_text(track.plan.name), quote=False)}</Label>\n"
        f'      <Representation id="{track.name}" bandwidth="{_bps(size_bytes, last_s)}">\n'
        f"        <BaseURL>{uri}</BaseURL>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n"
    )


def _roles(plan: TextPlan) -> Iterable[str]:
    yield "forced-subtitle" if plan.forced else "subtitle"
    if plan.default:
        yield "main"


def _bps(size_bytes: int, duration_s: float) -> int:
    return ceil(8 * size_bytes / max(duration_s, 1))
