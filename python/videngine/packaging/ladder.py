"""Ladders with sounds apart: Shaka Packager cuts them, here they are checked and encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videngine.packaging import aes128, cenc, shaka
from videngine.packaging.cmaf import check_segments, read_segments
from videngine.packaging.playlist import media_sequence, read_media_playlist
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment
from videngine.packaging.shaka import Stream
from videngine.protection import CommonEncryption, SegmentEncryption

_EXTINF_S = Fraction(1, 1000)  # how exactly the packager writes durations


@dataclass(frozen=True)
class CutLadder:
    """Streams in the order of the request, and the segments of each by its name."""

    streams: list[Stream]
    segments: dict[str, list[Segment]]


def cut_ladder(
    renditions: Renditions,
    folder: Path,
    *,
    hls: str = "",
    mpd: str = "",
    stop: Callable[[], bool],
) -> CutLadder:
    """Cut an output's renditions into segments below ``folder``, with raw manifests beside them.

    Renditions that are still being encoded are cut as they grow; it ends when they are whole.

    Args:
        renditions: the output.
        folder: where its files go.
        hls: name of the multivariant playlist, or nothing.
        mpd: name of the MPD, or nothing.
        stop: polled several times a second; True ends the work.

    Raises:
        Cancelled, ResourceError, WorkerLost, EncoderUnavailable, VidengineError: see `package`.
    """
    streams, layout = shaka.streams(renditions), renditions.layout
    encryption = renditions.common_encryption
    shaka.run(
        streams,
        folder,
        segment_s=renditions.segment_s,
        hls=hls,
        mpd=mpd,
        secret_flags=cenc.packager_flags(encryption) if encryption else (),
        growing=renditions.growing,
        stop=stop,
    )
    segments = {}
    for stream in streams:
        playlist = folder / layout.playlist(stream.name, stream.playlist)
        if layout.mpeg_ts:
            read, rounded_to_s = read_media_playlist(playlist), _EXTINF_S
        else:
            read, rounded_to_s = read_segments(folder, layout, stream.name), Fraction(0)
        rendition = renditions.result(stream.rendition)
        checked = check_segments(renditions, rendition, read, rounded_to_s=rounded_to_s)
        segments[stream.name] = encrypted_segments(renditions, playlist, checked, stop)
    return CutLadder(streams, segments)


def encrypted_segments(
    renditions: Renditions, playlist: Path, segments: list[Segment], stop: Callable[[], bool]
) -> list[Segment]:
    """The segments of a media playlist, encrypted as a whole where that was asked for."""
    encryption = renditions.output.protection
    if not isinstance(encryption, SegmentEncryption):
        return segments
    return aes128.encrypt_segments(
        encryption, playlist.parent, segments, first_number=media_sequence(playlist), stop=stop
    )


def key_tags(renditions: Renditions) -> list[str]:
    """What media playlists of picture and sound say of keys."""
    match renditions.output.protection:
        case SegmentEncryption() as encryption:
            return aes128.key_tags(encryption)
        case CommonEncryption():
            assert renditions.common_encryption is not None
            return cenc.key_tags(renditions.common_encryption)
    return []
