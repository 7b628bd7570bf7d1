"""The engine's part in these tests played by Debian's ffmpeg: plans in, track files out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path

from tests.packaging.inspect_boxes import boxes, read_header

from videngine.plan import AudioRenditionPlan, Plan, RenditionResult, VideoRenditionPlan


def transcode(plan: Plan) -> list[RenditionResult]:
    """Encode every rendition of a plan."""
    return [_encode_video(plan, v) for v in plan.video] + [
        _encode_audio(plan, a) for a in plan.audio
    ]


def remux_mp4(tracks: Sequence[Path], target: Path, *, languages: Sequence[str]) -> None:
    tags = [f"-metadata:s:{n}=language={tag}" for n, tag in enumerate(languages) if tag]
    _ffmpeg(
        *(argument for track in tracks for argument in ("-i", str(track))),
        *(argument for n in range(len(tracks)) for argument in ("-map", f"{n}:0")),
        *(word for tag in tags for word in tag.split("=", 1)),
        *("-c", "copy", "-movflags", "+faststart", str(target)),
    )


def remux_ts(
    tracks: Sequence[Path],
    folder: Path,
    *,
    segment_s: Fraction,
    playlist: str,
    segment_pattern: str,
) -> None:
    _ffmpeg(
        *(argument for track in tracks for argument in ("-i", str(track))),
        *(argument for n in range(len(tracks)) for argument in ("-map", f"{n}:0")),
        *("-c", "copy", "-f", "hls", "-hls_playlist_type", "vod", "-start_number", "1"),
        *("-hls_time", f"{float(segment_s):.6f}", "-hls_flags", "independent_segments"),
        *("-hls_segment_filename", str(folder / segment_pattern), str(folder / playlist)),
    )


def _encode_video(plan: Plan, video: VideoRenditionPlan) -> RenditionResult:
    picture = next(p for p in plan.pictures if p.id == video.picture)
    assert picture.duration_s is not None
    boundaries = range(ceil(picture.duration_s / video.segment_s))
    starts = [ceil(k * video.segment_s * video.grid_rate) / video.grid_rate for k in boundaries]
    forced = ",".join(f"{float(start) - 1e-4:.6f}" for start in starts[1:])
    _ffmpeg(
        *("-i", plan.source_path, "-map", "0:v:0", "-t", str(float(picture.duration_s))),
        *("-vf", f"fps={picture.frame_rate},scale={picture.width_px}:{picture.height_px}"),
        *("-c:v", "libx264", "-preset", video.preset, "-pix_fmt", "yuv420p"),
        *("-g", str(video.gop_frames), "-keyint_min", "1", "-sc_threshold", "0", "-bf", "2"),
        *("-b:v", str(video.bitrate_bps), "-flags", "+cgop", "-x264-params", "forced-idr=1"),
        *(("-force_key_frames", forced) if forced else ()),
        *(
            "-video_track_timescale",
            str(
                picture.frame_rate.numerator * (1000 if picture.frame_rate.denominator == 1 else 1)
            ),
        ),
        *("-movflags", "cmaf+negative_cts_offsets+frag_keyframe", "-f", "mp4", video.path),
    )
    frames = _samples(Path(video.path))
    return _result(video.id, "video", Path(video.path), frames, frames / picture.frame_rate)


def _encode_audio(plan: Plan, audio: AudioRenditionPlan) -> RenditionResult:
    assert audio.duration_s is not None
    _ffmpeg(
        *("-i", plan.source_path, "-map", f"0:{audio.stream}", "-t", str(float(audio.duration_s))),
        *("-c:a", "aac", "-b:a", str(audio.bitrate_bps), "-ar", str(audio.sample_rate_hz)),
        *("-ac", str(audio.channels), "-bsf:a", "noise=drop='lt(n,1)'"),  # the priming packet
        *("-movflags", "cmaf", "-frag_duration", "2000000", "-f", "mp4", audio.path),
    )
    frames = _samples(Path(audio.path))
    return _result(audio.id, "audio", Path(audio.path), frames, audio.duration_s)


def _result(
    rendition: str, kind: str, path: Path, frames: int, duration_s: Fraction
) -> RenditionResult:
    return RenditionResult(
        id=rendition,
        kind="video" if kind == "video" else "audio",
        path=str(path),
        size_bytes=path.stat().st_size,
        frames=frames,
        duration_s=duration_s,
        codec_string=read_header(path).codec,
    )


def _samples(path: Path) -> int:
    return sum(b.number(4) for b in boxes(path.read_bytes()) if b.path == "moof/traf/trun")


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)
