"""Frames computed without the engine: decoded by Debian's FFmpeg, cut, padded and turned by numpy.

Scaling is bicubic interpolation of RGB, computed here: another implementation in another space.
"""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.engine.measure import streams

Pixels = npt.NDArray[np.uint8]
FILM_SIZE = (1280, 720)


def shape(path: Path) -> tuple[int, int, str]:
    """Width, height and sample aspect ratio of a file's picture."""
    (stream,) = [s for s in streams(path) if s["codec_type"] == "video"]
    return stream["width"], stream["height"], stream.get("sample_aspect_ratio", "1:1")


def at_time(path: Path, time_s: Fraction, size: tuple[int, int]) -> Pixels:
    """The frame that begins at a time, in RGB."""
    seek = f"{max(0.0, float(time_s) - 0.005):.6f}"  # times of frames are rounded
    command = ["ffmpeg", "-v", "error", "-ss", seek, "-i", str(path), "-frames:v"]
    command += ["1", "-vf", "scale=flags=accurate_rnd+full_chroma_int", "-f", "rawvideo"]
    command += ["-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3)


def resized(
    picture: Pixels, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Pixels:
    """``box`` of a picture (left, top, width, height; else all of it), stretched to a size."""
    height, width = picture.shape[:2]
    left, top, wide, high = box or (0, 0, width, height)
    rows = _weights(height, size[1], top, high)
    columns = _weights(width, size[0], left, wide)
    found = np.einsum("yr,rcb,xc->yxb", rows, picture.astype(np.float64), columns, optimize=True)
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def _weights(inputs: int, outputs: int, first: float, length: float) -> npt.NDArray[np.float64]:
    """A row of weights for each output sample: Keys' cubic with a = -1/2, widened to shrink."""
    step = length / outputs
    middles = first + (np.arange(outputs) + 0.5) * step
    distance = np.abs(np.arange(inputs) + 0.5 - middles[:, None]) / max(step, 1)
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    cubic = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    return cubic / cubic.sum(axis=1, keepdims=True)


def cover(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """The middle of a picture, cut to a frame's shape and scaled to it."""
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = size[0] / scale, size[1] / scale
    return resized(picture, size, ((width - wide) / 2, (height - high) / 2, wide, high))


def contain(picture: Pixels, size: tuple[int, int], *, even: bool = True) -> Pixels:
    """A whole picture, of even sides if need be, in the middle of a black frame."""
    height, width = picture.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    step = 2 if even else 1
    wide, high = (int(side * scale / step + 0.5) * step for side in (width, height))
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - wide) // 4 * 2, (size[1] - high) // 4 * 2
    frame[top : top + high, left : left + wide] = resized(picture, (wide, high))
    return frame


def turned(picture: Pixels, clockwise_deg: int) -> Pixels:
    """Turned clockwise."""
    return np.rot90(picture, -clockwise_deg // 90)
