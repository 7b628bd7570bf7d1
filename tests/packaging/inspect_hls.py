"""An independent look at packaged HLS: every promise of the playlists against the bytes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import m3u8
from tests.packaging.inspect_media import RealRendition, read_cmaf, read_ts

EXTINF_TOLERANCE_S = 0.0006  # 90 kHz ticks and decimals
BANDWIDTH_TOLERANCE = 0.01
END_TOLERANCE_S = 0.050
_MUXED = {"avc1": "h264", "mp4a": "aac"}


def inspect_hls(folder: Path, name: str) -> list[str]:
    """Everything that is wrong with the output; an empty list if nothing is."""
    playlist = m3u8.load(str(folder / name))
    faults: list[str] = []
    if not playlist.is_variant or not playlist.playlists:
        return [f"{name} is not a multivariant playlist with variants"]
    if not playlist.is_independent_segments:
        faults.append("EXT-X-INDEPENDENT-SEGMENTS is missing")
    media = {
        uri: m3u8.load(str(folder / uri))
        for uri in [v.uri for v in playlist.playlists] + [m.uri for m in playlist.media if m.uri]
    }
    real: dict[str, RealRendition] = {}
    for uri, listed in media.items():
        try:
            real[uri] = _read(folder / uri, listed)
        except (OSError, ValueError, AssertionError) as error:
            faults.append(f"{uri}: unreadable: {error}")
    if len(real) < len(media):
        return faults
    target_s = max(1, *(int(s.duration + 0.5) for m in media.values() for s in m.segments))
    for uri, listed in media.items():
        faults += [f"{uri}: {fault}" for fault in _media_faults(listed, real[uri], target_s)]
    faults += _variant_faults(playlist, real, target_s)
    faults += _group_faults(playlist)
    faults += boundary_faults({v.uri: real[v.uri] for v in playlist.playlists})
    faults += end_faults(real)
    return faults


def boundary_faults(pictures: dict[str, RealRendition]) -> list[str]:
    """Rungs between which a player could not switch: boundaries differ by half a frame or more."""
    (first_uri, first), *others = pictures.items()
    faults = []
    for uri, other in others:
        slower = min(first.frame_rate, other.frame_rate)
        if len(other.segments) != len(first.segments):
            faults.append(
                f"{uri}: {len(other.segments)} segments, {first_uri} has {len(first.segments)}"
            )
        for mine, theirs in zip(other.segments, first.segments, strict=False):
            if abs(mine.start_s - theirs.start_s) * slower >= Fraction(1, 2):
                faults.append(f"{uri}: {mine.name} starts at {float(mine.start_s):.3f} s")
    return faults


def end_faults(real: dict[str, RealRendition]) -> list[str]:
    """Renditions that start or end apart from the others."""
    ends = {uri: float(rendition.end_s) for uri, rendition in real.items()}
    ends |= {f"{u} (sound)": float(r.sound_end_s) for u, r in real.items() if r.sound_end_s}
    faults = [f"{u}: starts at {float(r.start_s):.4f} s" for u, r in real.items() if r.start_s != 0]
    if max(ends.values()) - min(ends.values()) > END_TOLERANCE_S:
        faults.append(f"renditions end apart: {ends}")
    return faults


def _read(path: Path, listed: m3u8.M3U8) -> RealRendition:
    paths = [path.parent / segment.uri for segment in listed.segments]
    init = listed.segment_map[0].uri if listed.segment_map else None
    return read_cmaf(path.parent / init, paths) if init else read_ts(paths)


def _media_faults(listed: m3u8.M3U8, real: RealRendition, target_s: int) -> list[str]:
    faults = []
    if not listed.is_endlist or listed.playlist_type != "vod":
        faults.append("is not a finished VOD playlist")
    if listed.target_duration != target_s:
        faults.append(f"EXT-X-TARGETDURATION is {listed.target_duration}, not {target_s}")
    if listed.segment_map and (listed.version or 1) < 6:
        faults.append("EXT-X-MAP needs EXT-X-VERSION 6")
    for entry, segment in zip(listed.segments, real.segments, strict=True):
        if abs(entry.duration - float(segment.duration_s)) > EXTINF_TOLERANCE_S:
            faults.append(
                f"{entry.uri}: EXTINF {entry.duration}, lasts {float(segment.duration_s):.6f} s"
            )
        if not segment.continuous:
            faults.append(f"{entry.uri}: does not go on where the segment before ended")
        if real.kind == "video" and not segment.starts_with_idr:
            faults.append(f"{entry.uri}: does not start with an IDR frame")
    drift = sum(s.duration for s in listed.segments) - float(
        sum(s.duration_s for s in real.segments)
    )
    if abs(drift) > EXTINF_TOLERANCE_S * 2:
        faults.append(f"EXTINF adds up to {drift:+.4f} s too much")
    return faults


def _variant_faults(
    playlist: m3u8.M3U8, real: dict[str, RealRendition], target_s: int
) -> list[str]:
    faults = []
    bandwidths = [v.stream_info.bandwidth for v in playlist.playlists]
    if any(before > after for before, after in pairwise(bandwidths)):
        faults.append(f"variants are not in order of bandwidth: {bandwidths}")
    for variant in playlist.playlists:
        info, picture = variant.stream_info, real[variant.uri]
        group = [m.uri for m in playlist.media if m.type == "AUDIO" and m.group_id == info.audio]
        sounds = [real[uri] for uri in group]
        if info.audio and not sounds:
            faults.append(f"{variant.uri}: audio group {info.audio} does not exist")
        peak = picture.peak_bps(target_s) + max((s.peak_bps(target_s) for s in sounds), default=0)
        average = picture.average_bps + max((s.average_bps for s in sounds), default=0)
        for word, said, measured in (
            ("BANDWIDTH", info.bandwidth, peak),
            ("AVERAGE-BANDWIDTH", info.average_bandwidth, average),
        ):
            if not said or abs(said / measured - 1) > BANDWIDTH_TOLERANCE:
                faults.append(f"{variant.uri}: {word} {said}, measured {measured:.0f}")
        codecs = picture.codecs.union(*(s.codecs for s in sounds))
        said_codecs = set((info.codecs or "").split(","))
        if picture.codecs & set(_MUXED.values()):
            said_codecs = {_MUXED.get(codec.partition(".")[0], codec) for codec in said_codecs}
        if said_codecs != codecs:
            faults.append(f"{variant.uri}: CODECS {info.codecs}, found {sorted(codecs)}")
        if info.resolution != picture.size_px:
            faults.append(f"{variant.uri}: RESOLUTION {info.resolution}, found {picture.size_px}")
        rate = float(picture.frame_rate)
        if abs((info.frame_rate or 0) - rate) > 0.002:
            faults.append(f"{variant.uri}: FRAME-RATE {info.frame_rate}, found {rate:.3f}")
    return faults


def _group_faults(playlist: m3u8.M3U8) -> list[str]:
    faults = []
    groups = {media.group_id for media in playlist.media}
    for group in groups:
        members = [media for media in playlist.media if media.group_id == group]
        defaults = [media.name for media in members if media.default == "YES"]
        if len(defaults) != 1:
            faults.append(f"group {group}: {len(defaults)} renditions are DEFAULT")
        if len({media.name for media in members}) < len(members):
            faults.append(f"group {group}: two renditions have one NAME")
    return faults
