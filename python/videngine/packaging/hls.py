"""HLS: CMAF segments by Shaka Packager, or MPEG-TS by the engine, and the multivariant playlist."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import Path

from videngine import engine
from videngine.outputs import PackagedFile, RungPlan
from videngine.packaging import aes128, cenc, shaka
from videngine.packaging.cmaf import check_segments, read_segments
from videngine.packaging.files import packaged_folder
from videngine.packaging.labels import language_tag
from videngine.packaging.playlist import (
    MEDIA_PLAYLIST,
    MultivariantPlaylist,
    Variant,
    add_key_tags,
    finish_media_playlist,
    media_sequence,
    quoted,
    read_media_playlist,
)
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment, average_bps, peak_bps, target_duration_s
from videngine.packaging.texts import add_to_hls
from videngine.protection import CommonEncryption, SegmentEncryption

_VIDEO_RANGES = {"SDR": "SDR", "HDR10": "PQ", "HLG": "HLG"}


def package_hls(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package one HLS output: CMAF with sounds apart, or MPEG-TS with sound beside picture."""
    output = renditions.output
    make = _package_cmaf if output.separate_audio else _package_ts
    playlist = make(renditions, folder, stop)
    (folder / output.name).write_text(str(playlist))
    return packaged_folder(output, folder)


def _package_cmaf(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> MultivariantPlaylist:
    output = renditions.output
    streams = shaka.streams(renditions)
    encryption = renditions.common_encryption
    shaka.run(
        streams,
        folder,
        segment_s=renditions.segment_s,
        hls=output.name,
        secret_flags=cenc.packager_flags(encryption) if encryption else (),
        stop=stop,
    )
    segments: dict[str, list[Segment]] = {}
    for stream in streams:
        segments[stream.name] = read_segments(folder / stream.name)
        check_segments(renditions, stream.rendition, segments[stream.name])
        media_playlist = folder / stream.name / MEDIA_PLAYLIST
        segments[stream.name] = _encrypted(renditions, media_playlist, segments[stream.name], stop)
    target_s = max(target_duration_s(listed) for listed in segments.values())
    for stream in streams:
        media_playlist = folder / stream.name / MEDIA_PLAYLIST
        finish_media_playlist(
            media_playlist,
            segments[stream.name],
            target_s=target_s,
            key_tags=_key_tags(renditions),
        )

    playlist = MultivariantPlaylist.parse((folder / output.name).read_text())
    for media, track in zip(playlist.media, output.tracks, strict=True):
        media.pop("LANGUAGE", None)  # it may be what a muxer put into a track file
        if language := language_tag(track.language):
            media["LANGUAGE"] = quoted(language)
        media["NAME"] = quoted(track.name)
        media["DEFAULT"] = "YES" if track.default else "NO"
        if track.default:
            media["AUTOSELECT"] = "YES"  # RFC 8216, 4.3.4.1: DEFAULT asks for it
    sounds = [listed for name, listed in segments.items() if name.startswith("audio_")]
    for number, (variant, rung) in enumerate(zip(playlist.variants, output.rungs, strict=True), 1):
        _describe(variant, rung, segments[f"video_{number}"], sounds, target_s)
    add_to_hls(playlist, renditions, folder, segments["video_1"], target_s=target_s)
    return playlist


def _package_ts(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> MultivariantPlaylist:
    sounds = [Path(sound.path) for sound in renditions.audio]
    playlist = MultivariantPlaylist()
    segments: list[list[Segment]] = []
    first_pts: list[int] = []
    for number, picture in enumerate(renditions.video, 1):
        name = f"video_{number}"
        (folder / name).mkdir()
        pts = engine.remux_ts(
            [Path(picture.path), *sounds],
            folder / name,
            segment_s=renditions.segment_s,
            playlist=MEDIA_PLAYLIST,
            segment_pattern="segment_%d.ts",
            stop=stop,
        )
        first_pts.append(pts)
        media_playlist = folder / name / MEDIA_PLAYLIST
        listed = read_media_playlist(media_playlist)
        segments.append(_encrypted(renditions, media_playlist, listed, stop))
        add_key_tags(media_playlist, _key_tags(renditions))
        codecs = dict.fromkeys(r.codec_string for r in (picture, *renditions.audio))
        playlist.variants.append(
            Variant({"CODECS": quoted(",".join(codecs))}, f"{name}/{MEDIA_PLAYLIST}")
        )
    target_s = max(target_duration_s(listed) for listed in segments)
    for variant, rung, listed in zip(
        playlist.variants, renditions.output.rungs, segments, strict=True
    ):
        _describe(variant, rung, listed, [], target_s)
    add_to_hls(playlist, renditions, folder, segments[0], target_s=target_s, first_pts=first_pts[0])
    return playlist


def _encrypted(
    renditions: Renditions,
    media_playlist: Path,
    segments: list[Segment],
    stop: Callable[[], bool],
) -> list[Segment]:
    """The segments of a media playlist, encrypted as a whole where that was asked for."""
    encryption = renditions.output.protection
    if not isinstance(encryption, SegmentEncryption):
        return segments
    return aes128.encrypt_segments(
        encryption,
        media_playlist.parent,
        segments,
        first_number=media_sequence(media_playlist),
        stop=stop,
    )


def _key_tags(renditions: Renditions) -> list[str]:
    """What media playlists of picture and sound say of keys."""
    match renditions.output.protection:
        case SegmentEncryption() as encryption:
            return aes128.key_tags(encryption)
        case CommonEncryption():
            assert renditions.common_encryption is not None
            return cenc.key_tags(renditions.common_encryption)
    return []


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
        "CLOSED-CAPTIONS": "NONE",
        "VIDEO-RANGE": _VIDEO_RANGES[rung.dynamic_range],
    }
