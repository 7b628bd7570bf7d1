"""Which streams of a source go into another container as they are."""

from __future__ import annotations

from collections.abc import Callable

from videngine.media import MediaInfo, Stream
from videngine.plan import RepackPlan
from videngine.planning.pictures import Clip
from videngine.spec.facts import CONTAINERS, RepackOutput

# What libavformat's muxers write and players know; None: all of the kind.
_TAKEN: dict[str, dict[str, frozenset[str] | None]] = {
    "mp4": {
        "video": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video"}),
        "audio": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac"}),
        "subtitle": frozenset({"mov_text"}),
    },
    "mov": {
        "video": frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "prores", "mjpeg", "dnxhd"}),
        "audio": frozenset(
            {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le"}
        ),
        "subtitle": frozenset({"mov_text"}),
    },
    "matroska": {
        "video": None,
        "audio": None,
        "subtitle": frozenset(
            {"subrip", "ass", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle"}
        ),
    },
    "webm": {
        "video": frozenset({"vp8", "vp9", "av1"}),
        "audio": frozenset({"opus", "vorbis"}),
        "subtitle": frozenset({"webvtt"}),
    },
    "mpegts": {
        "video": frozenset({"h264", "hevc", "mpeg2video", "mpeg1video", "mpeg4"}),
        "audio": frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "opus", "dts", "truehd"}),
        "subtitle": frozenset({"dvb_subtitle", "dvb_teletext"}),
    },
}


class NotTaken(Exception):
    """The container has no place for a picture or a sound of the source; the text says more."""


def repack_plan(
    output: RepackOutput,
    media: MediaInfo,
    clip: Clip,
    *,
    source_path: str,
    warn: Callable[[str, str], None],
) -> RepackPlan:
    """What is copied into an output.

    Args:
        output: what was asked for.
        media: facts about the source.
        clip: the part of it.
        source_path: the source as a local file.
        warn: takes the code and the message of a warning.

    Raises:
        NotTaken: a picture or sound that was not dropped does not fit; or nothing is left.
    """
    container = output.container
    asked = {"video": output.video_copy, "audio": output.audio_copy}
    asked["subtitle"] = output.subtitles_copy
    wanted = [s for s in media.streams if asked.get(s.type, False) is not False]
    kept = [s for s in wanted if not s.attached_picture and _is_taken(container, s)]
    for stream in wanted:
        if stream not in kept and stream.type != "subtitle" and not stream.attached_picture:
            raise NotTaken(_mismatch(stream, output))
    left = [s for s in wanted if s not in kept]
    left += [s for s in media.streams if s.type not in asked]
    if left:
        names = ", ".join(f"{s.index} ({s.type}, {s.codec})" for s in left)
        end = output.folder_and_name[1].rpartition(".")[2]
        warn("streams_left_out", f"A .{end} file has no place for these streams: {names}.")
    if not kept:
        raise NotTaken("The source has no stream that is to be kept.")
    return RepackPlan(
        source_path=source_path,
        target=output.folder_and_name[1],
        container=container,
        streams=tuple(stream.index for stream in kept),
        metadata=output.metadata_copy is not False,
        start_s=clip.start_s,
        duration_s=clip.duration_s,
    )


def _is_taken(container: str, stream: Stream) -> bool:
    codecs = _TAKEN[container][stream.type]
    return codecs is None or stream.codec in codecs


def _mismatch(stream: Stream, output: RepackOutput) -> str:
    others = [end for end, name in CONTAINERS.items() if _is_taken(name, stream)]
    field = "video_copy" if stream.type == "video" else "audio_copy"
    return (
        f"Stream {stream.index} of the source is {stream.codec}, which does not fit into "
        f"{output.folder_and_name[1]}: name a file that ends in {' or '.join(others)}, or drop it "
        f"with {field}: 0."
    )
