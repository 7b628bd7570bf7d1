"""A film through numpy and back, and what the encoder changed in it.

python examples/round_trip.py FILM COPY.mp4 PICTURE.png
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import videngine


def darken_edges(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Light falls off towards the corners."""
    height, width, _ = rgb.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (rgb * (1 - 0.35 * (x**2 + y**2))[..., None]).astype(np.uint8)


def round_trip(film: str, copy: str, quality: int = 23) -> float:
    """Write ``film`` with dark corners; how far the copy is off, in codes of R'G'B' (RMS)."""
    with videngine.open(film) as src:
        rate = src.stream.frame_rate
        with videngine.Encoder(copy, fps=rate, quality=quality, preset="veryfast") as enc:
            for frame in src:
                enc.write(darken_edges(frame.to_rgb()))
    errors = []
    with videngine.open(film) as src, videngine.open(copy) as made:
        for before, after in zip(src, made, strict=True):
            wanted = darken_edges(before.to_rgb()).astype(float)
            errors.append(((after.to_rgb() - wanted) ** 2).mean())
    return float(np.sqrt(np.mean(errors)))


def compare(film: str, copy: str) -> Image.Image:
    """The middle frame as it was, as it became, and their difference eight times as strong."""
    with videngine.open(film) as src, videngine.open(copy) as made:
        number = len(src) // 2
        before, after = src[number].to_rgb(), made[number].to_rgb()
    change = np.clip(8 * (after.astype(int) - darken_edges(before)) + 128, 0, 255)
    return Image.fromarray(np.hstack((before, after, change.astype(np.uint8))))


if __name__ == "__main__":
    print(f"{round_trip(sys.argv[1], sys.argv[2]):.2f}")
    compare(sys.argv[1], sys.argv[2]).save(sys.argv[3])
