"""Sources that are hard to read exactly, made by FFmpeg, and what FFmpeg itself reads from them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from videngine.frames import Frame

MEDIA = Path(__file__).resolve().parents[1] / "data" / "media"
FRAMES = 60


def ffmpeg(*arguments: str | Path) -> str:
    """Run FFmpeg; what it printed."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def picture(size: str = "160x90", frames: int = FRAMES, rate: str = "25") -> list[str]:
    """Moving pictures that no two frames of are the same."""
    source = f"testsrc2=size={size}:rate={rate}"
    return ["-f", "lavfi", "-i", source, "-frames:v", str(frames)]


def reference(path: Path) -> list[str]:
    """MD5 of every frame that FFmpeg's command decodes, in order."""
    listed = ffmpeg(
        *("-noautorotate", "-i", path, "-map", "0:v:0"),
        *("-fps_mode", "passthrough", "-f", "framemd5", "-"),
    )
    return [line.split(",")[-1].strip() for line in listed.splitlines() if line[0] != "#"]


def digest(frame: Frame) -> str:
    """MD5 of a frame's samples, as FFmpeg's framemd5 takes it."""
    return hashlib.md5(b"".join(plane.tobytes() for plane in frame.planes)).hexdigest()


@dataclass(frozen=True)
class Material:
    """A kind of source: the ending of its name, and how it is made."""

    name: str
    suffix: str
    make: Callable[[Path], object]

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.name}{self.suffix}"
        self.make(path)
        return path


def _x264(path: Path, parameters: str, *more: str, size: str = "160x90") -> None:
    options = ["-c:v", "libx264", "-preset", "veryfast", "-x264-params", parameters]
    ffmpeg(*picture(size), *options, *more, path)


def _vfr(path: Path) -> None:
    # Every frame whose number is no multiple of 3 or 7 is missing its neighbour's regular distance.
    choose = "select='not(eq(mod(n,3),1))*not(eq(mod(n,7),5))',format=yuv420p"
    options = ["-fps_mode", "passthrough", "-c:v", "libx264", "-x264-params", "bframes=3:keyint=12"]
    ffmpeg(*picture(), "-vf", choose, *options, path)


def _edit_list(path: Path) -> None:
    whole = path.with_suffix(".whole.mp4")
    _x264(whole, "bframes=3:keyint=30:scenecut=0")
    ffmpeg("-ss", "0.5", "-i", whole, "-c", "copy", path)


def _cut_transport_stream(path: Path) -> None:
    whole = path.with_suffix(".whole.ts")
    _x264(whole, "bframes=3:keyint=20:scenecut=0:open-gop=1")
    data = whole.read_bytes()
    path.write_bytes(data[188 * 40 :])


MATERIAL = [
    Material("closed_gop", ".mp4", lambda p: _x264(p, "bframes=3:keyint=12:scenecut=0")),
    Material("open_gop", ".mp4", lambda p: _x264(p, "bframes=3:open-gop=1:keyint=12:scenecut=0")),
    Material("open_gop_stream", ".ts", lambda p: _x264(p, "bframes=3:open-gop=1:keyint=12")),
    Material(
        "b_pyramid",
        ".mkv",
        lambda p: _x264(p, "bframes=7:b-pyramid=normal:b-adapt=0:keyint=24:scenecut=0:ref=4"),
    ),
    Material("intra_refresh", ".mp4", lambda p: _x264(p, "intra-refresh=1:keyint=20:bframes=0")),
    Material("vfr", ".mkv", _vfr),
    Material("edit_list", ".mp4", _edit_list),
    Material("no_timestamps", ".h264", lambda p: _x264(p, "bframes=3:keyint=12")),
    Material(
        "packed",
        ".avi",
        lambda p: ffmpeg(*picture(), "-c:v", "mpeg4", "-bf", "2", "-g", "12", p),
    ),
    Material("cut_stream", ".ts", _cut_transport_stream),
    Material(
        "ten_bits",
        ".mp4",
        lambda p: ffmpeg(
            *picture(),
            *("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast"),
            *("-x265-params", "log-level=none:keyint=20:open-gop=1:bframes=3"),
            p,
        ),
    ),
    Material(
        "upside_down",
        ".avi",
        lambda p: ffmpeg(*picture("162x90", 12), "-c:v", "rawvideo", "-pix_fmt", "bgr24", p),
    ),
    Material(
        "odd_size",
        ".mkv",
        lambda p: ffmpeg(*picture("161x91"), "-c:v", "ffv1", "-pix_fmt", "yuv420p", p),
    ),
    Material(
        "interleaved_chroma",
        ".nut",
        lambda p: ffmpeg(*picture("162x90", 12), "-c:v", "rawvideo", "-pix_fmt", "nv12", p),
    ),
    Material(
        "sixteen_bits",
        ".mkv",
        lambda p: ffmpeg(*picture(frames=12), "-c:v", "ffv1", "-pix_fmt", "gbrp16le", p),
    ),
    Material(
        "hidden_frames",
        ".webm",
        lambda p: ffmpeg(
            *picture(),
            *("-c:v", "libvpx", "-deadline", "good", "-cpu-used", "5", "-b:v", "200k"),
            *("-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30"),
            p,
        ),
    ),
    Material(
        "superframes",
        ".webm",
        lambda p: ffmpeg(
            *picture(),
            *("-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "8", "-b:v", "200k"),
            *("-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30"),
            p,
        ),
    ),
    Material(
        "av1",
        ".mp4",
        lambda p: ffmpeg(
            *picture(),
            *("-c:v", "libsvtav1", "-preset", "12", "-g", "20", "-svtav1-params", "lp=1"),
            p,
        ),
    ),
    Material(
        "mpeg2",
        ".mpg",
        lambda p: ffmpeg(
            *picture("176x144"), "-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-b:v", "1M", p
        ),
    ),
]
