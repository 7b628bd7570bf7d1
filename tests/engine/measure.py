"""What is in an output, as Debian's FFmpeg decodes it."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.engine.films import SIDE_PX, click, picture_to_number

Pixels = npt.NDArray[np.uint8]


def probe_json(path: Path, *arguments: str) -> dict[str, Any]:
    """What ffprobe says."""
    command = ["ffprobe", "-v", "error", "-of", "json", *arguments, str(path)]
    out = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    result: dict[str, Any] = json.loads(out)
    return result


def encoder_settings(path: Path, encoder: str) -> dict[str, str]:
    """What x264 and x265 write of their own parameters into the bit stream."""
    data = path.read_bytes()
    found = re.search(rb"%s .{0,200}?options: ([ -~]+)" % encoder.encode(), data, re.DOTALL)
    assert found, f"no settings of {encoder}"
    pairs = (word.partition("=") for word in found[1].decode().split(" ") if word)
    return {name: value for name, _, value in pairs}


def streams(path: Path) -> list[dict[str, Any]]:
    """The streams of a file."""
    result: list[dict[str, Any]] = probe_json(path, "-show_streams")["streams"]
    return result


@dataclass(frozen=True, kw_only=True)
class Coded:
    """One coded picture in presentation order."""

    time_s: Fraction
    size_bytes: int
    key: bool
    kind: str  # I, P, B


def coded_pictures(path: Path) -> list[Coded]:
    """Every picture of a file; fails where containers and codec disagree about keyframes."""
    data = probe_json(
        path, "-select_streams", "v:0", "-show_entries",
        "stream=time_base:frame=pts,pkt_size,key_frame,pict_type:packet=pts,flags",
        "-show_packets", "-show_frames",
    )  # fmt: skip
    tick = Fraction(data["streams"][0]["time_base"])
    both = data["packets_and_frames"]
    keys = {p["pts"]: "K" in p["flags"] for p in both if p["type"] == "packet"}
    pictures = [
        Coded(
            time_s=f["pts"] * tick,
            size_bytes=int(f["pkt_size"]),
            key=keys[f["pts"]],
            kind=f["pict_type"],
        )
        for f in both
        if f["type"] == "frame"
    ]
    assert [p.key for p in pictures] == [bool(f["key_frame"]) for f in both if f["type"] == "frame"]
    assert sum(idr for idr in idr_flags(path)) == sum(p.key for p in pictures)
    return pictures


def keyframes(path: Path) -> list[int]:
    """Numbers of the frames that are IDRs; fails on any other I picture."""
    pictures = coded_pictures(path)
    assert [p.kind == "I" for p in pictures] == [p.key for p in pictures]
    return [n for n, picture in enumerate(pictures) if picture.key]


def idr_flags(path: Path) -> list[bool]:
    """For each coded picture in decoding order, whether it is an IDR, by the bit stream."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-c", "copy"]
    command += ["-bsf:v", "h264_mp4toannexb", "-f", "h264", "-"]
    stream = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    flags = []
    for found in re.finditer(rb"\x00\x00\x01(?=([\x00-\xff])([\x00-\xff]))", stream):
        kind, first_bits = found[1][0] & 31, found[2][0]
        if kind in (1, 5) and first_bits & 0x80:  # first_mb_in_slice is 0: a new picture
            flags.append(kind == 5)
    return flags


def pictures(path: Path, width: int, height: int, *, pixel_format: str = "gray") -> Pixels:
    """All decoded frames, one row of bytes each for formats other than gray and rgb24."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", pixel_format, "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    data = np.frombuffer(raw, np.uint8)
    if pixel_format == "gray":
        return data.reshape(-1, height, width)
    if pixel_format == "rgb24":
        return data.reshape(-1, height, width, 3)
    return data.reshape(-1, width * height * 3 // 2)


def ten_bit_planes(path: Path, width: int, height: int) -> list[npt.NDArray[np.int32]]:
    """Y, Cb and Cr of all frames of a 4:2:0 file, in 10-bit codes."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    luma, chroma = width * height, width * height // 4
    frames = np.frombuffer(raw, "<u2").astype(np.int32).reshape(-1, luma + 2 * chroma)
    return [
        frames[:, :luma].reshape(-1, height, width),
        frames[:, luma : luma + chroma].reshape(-1, height // 2, width // 2),
        frames[:, luma + chroma :].reshape(-1, height // 2, width // 2),
    ]


def numbers(path: Path) -> list[int]:
    """The source's frame number in each frame of a film's output."""
    return [picture_to_number(p) for p in pictures(path, SIDE_PX, SIDE_PX)]


def sound(path: Path, rate_hz: int, *, channels: int = 1, stream: int = 0) -> Any:
    """Decoded samples, one row a channel; sample 0 is the file's time 0."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:a:{stream}", "-f", "f32le"]
    command += ["-af", "aresample=async=1:first_pts=0", "-ac", str(channels), "-ar", str(rate_hz)]
    raw = subprocess.run([*command, "-"], check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, channels).T


def click_near(samples: Any, rate_hz: int, expected_s: float, *, within_s: float = 0.3) -> float:
    """Where a click begins, in seconds; fails if there is none within ``within_s``."""
    tone = click(rate_hz)
    first = max(0, int((expected_s - within_s) * rate_hz))
    part = samples[first : int((expected_s + within_s) * rate_hz) + len(tone)]
    match = np.correlate(part, tone, "valid")
    best = int(match.argmax())
    assert match[best] > 0.1 * (tone * tone).sum(), f"no click near {expected_s} s"
    return (first + best) / rate_hz


def psnr(one: Any, other: Any) -> float:
    """In dB; 99 for equal pictures."""
    error = ((one.astype(np.float64) - other.astype(np.float64)) ** 2).mean()
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))
