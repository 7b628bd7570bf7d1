"""HLS: segments by Shaka Packager, or by the engine with sound inside; all of its playlists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

from videngine import engine
from videngine.languages import language_tag
from videngine.outputs import PackagedFile, RungPlan, TrackPlan
from videngine.packaging import captions, shaka
from videngine.packaging.files import packaged_folder
from videngine.packaging.ladder import CutLadder, cut_ladder, encrypted_segments, key_tags
from videngine.packaging.playlist import (
    MultivariantPlaylist,
    Variant,
    add_key_tags,
    finish_media_playlist,
    quoted,
    read_media_playlist,
)
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment, average_bps, peak_bps, target_duration_s
from videngine.packaging.texts import add_to_hls

_VIDEO_RANGES = {"SDR": "SDR", "HDR10": "PQ", "HLG": "HLG"}


def package_hls(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package one HLS output, with sounds apart or, in MPEG-TS, beside the picture."""
    output = renditions.output
    if output.separate_audio:
        write_playlists(
            renditions,
            folder,
            output.name,
            cut_ladder(renditions, folder, hls=output.name, stop=stop),
        )
    else:
        playlist = _package_mixed(renditions, folder, stop)
        (folder / output.name).write_text(str(playlist))
    return packaged_folder(output, folder)


def write_playlists(
    renditions: Renditions, folder: Path, name: str, ladder: CutLadder
) -> MultivariantPlaylist:
    """Put right what the packager wrote into the playlists of a ladder, and write ``name``."""
    output, layout, segments = renditions.output, renditions.layout, ladder.segments
    target_s = max(target_duration_s(listed) for listed in segments.values())
    keys = key_tags(renditions)
    for stream in ladder.streams:
        finish_media_playlist(
            folder / layout.playlist(stream.name, stream.playlist),
            segments[stream.name],
            target_s=target_s,
            key_tags=keys,
        )
        if stream.i_frames and stream.kind == "video":
            add_key_tags(folder / layout.i_frames(stream.name), keys)

    packaged = MultivariantPlaylist.parse((folder / name).read_text())
    playlist = MultivariantPlaylist(others=packaged.others)
    by_uri = {media["URI"].strip('"'): media for media in packaged.media}
    for number, track in enumerate(output.tracks, 1):
        media = by_uri[layout.playlist(f"audio_{number}")]
        media.pop("LANGUAGE", None)  # it may be what a muxer put into a track file
        playlist.media.append(media | media_attributes(track, output.tracks))
    for number, rung in enumerate(output.rungs, 1):
        picture = f"video_{number}"
        sounds = [
            segments[f"audio_{place}"]
            for place, track in enumerate(output.tracks, 1)
            if track.group == rung.sounds
        ]
        variant = _variant(packaged, layout.playlist(picture, rung.chunklist), rung)
        _describe(variant, rung, segments[picture], sounds, target_s)
        playlist.variants.append(variant)
    add_to_hls(
        playlist,
        renditions,
        folder,
        segments["video_1"],
        target_s=target_s,
        first_pts=shaka.FIRST_PTS if layout.mpeg_ts else 0,
    )
    captions.add_to_hls(playlist, captions.carried(renditions))
    (folder / name).write_text(str(playlist))
    return playlist


def media_attributes(track: TrackPlan, tracks: Sequence[TrackPlan]) -> dict[str, str]:
    """What EXT-X-MEDIA says of a sound: its language, its name, and who chooses it.

    Players choose by language among the first track of each; others wait for their viewers.
    """
    language = language_tag(track.language)
    alike = [t for t in tracks if t.group == track.group and language_tag(t.language) == language]
    attributes = {"LANGUAGE": quoted(language)} if language else {}
    chosen = track.default or (bool(language) and track is alike[0])
    return {
        **attributes,
        "NAME": quoted(track.name),
        "DEFAULT": "YES" if track.default else "NO",
        "AUTOSELECT": "YES" if chosen else "NO",
    }


def _variant(packaged: MultivariantPlaylist, uri: str, rung: RungPlan) -> Variant:
    """The packager's variant of a rung with the group of its sounds; it pairs all with all."""
    found = [variant for variant in packaged.variants if variant.uri == uri]
    if rung.sounds is None:
        attributes = {name: v for name, v in found[0].attributes.items() if name != "AUDIO"}
        attributes["CODECS"] = quoted(attributes["CODECS"].strip('"').split(",")[0])
        return Variant(attributes, uri)
    group = quoted(shaka.group_id(rung.sounds))
    return next(variant for variant in found if variant.attributes["AUDIO"] == group)


def _package_mixed(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> MultivariantPlaylist:
    layout = replace(renditions.layout, mpeg_ts=True)
    sounds = [Path(sound.path) for sound in renditions.audio]
    playlist = MultivariantPlaylist()
    segments: list[list[Segment]] = []
    first_pts: list[int] = []
    for number, (picture, rung) in enumerate(
        zip(renditions.video, renditions.output.rungs, strict=True), 1
    ):
        name = f"video_{number}"
        uri = layout.playlist(name, rung.chunklist)
        media_playlist = folder / uri
        media_playlist.parent.mkdir(exist_ok=True)
        pts = engine.remux_ts(
            [Path(picture.path), *sounds],
            media_playlist.parent,
            segment_s=renditions.segment_s,
            playlist=media_playlist.name,
            segment_pattern=Path(layout.segment(name, "%d")).name,
            stop=stop,
        )
        first_pts.append(pts)
        listed = read_media_playlist(media_playlist)
        segments.append(encrypted_segments(renditions, media_playlist, listed, stop))
        add_key_tags(media_playlist, key_tags(renditions))
        codecs = dict.fromkeys(r.codec_string for r in (picture, *renditions.audio))
        playlist.variants.append(Variant({"CODECS": quoted(",".join(codecs))}, uri))
    target_s = max(target_duration_s(listed) for listed in segments)
    for variant, rung, listed in zip(
        playlist.variants, renditions.output.rungs, segments, strict=True
    ):
        _describe(variant, rung, listed, [], target_s)
    add_to_hls(playlist, renditions, folder, segments[0], target_s=target_s, first_pts=first_pts[0])
    captions.add_to_hls(playlist, captions.carried(renditions))
    return playlist


def _describe(
    variant: Variant,
    rung: RungPlan,
    picture: list[Segment],
    sounds: list[list[Segment]],
    target_s: int,
) -> None:
    """Set what the plan and the real bytes say about a variant and the dearest of its sounds."""
    peak = peak_bps(picture, target_s) + max((peak_bps(s, target_s) for s in sounds), default=0)
    average = average_bps(picture) + max((average_bps(s) for s in sounds), default=0)
    variant.attributes = {
        "BANDWIDTH": str(ceil(peak)),
        "AVERAGE-BANDWIDTH": str(ceil(average)),
        **{
            name: value
            for name, value in variant.attributes.items()
            if name not in ("BANDWIDTH", "AVERAGE-BANDWIDTH")
        },
        "RESOLUTION": f"{rung.width_px}x{rung.height_px}",
        "FRAME-RATE": f"{float(rung.frame_rate):.3f}",
        "VIDEO-RANGE": _VIDEO_RANGES[rung.dynamic_range],
    }
