"""Frames as the input of a model: one float32 batch of (N, 3, H, W), normalised.

python examples/model_input.py FILM BATCH.npy
"""

from __future__ import annotations

import sys

import numpy as np

import videngine

MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]  # ImageNet's
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


def model_input(film: str, frames: int = 8) -> np.ndarray:
    """``frames`` frames at even distances: decoded, converted and written once, with no copy."""
    with videngine.open(film) as src:
        first = src[0]
        batch = np.empty((frames, 3, first.height, first.width), np.float32)
        src.into(batch, np.linspace(0, len(src) - 1, frames).astype(int), layout="CHW")
    batch -= MEAN
    batch /= DEVIATION
    return batch


if __name__ == "__main__":
    np.save(sys.argv[2], model_input(sys.argv[1]))
