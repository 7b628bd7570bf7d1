"""The luma histogram over time: fades, flashes and scenes at a glance.

python examples/luma_histogram.py FILM PLOT.png
"""

from __future__ import annotations

import sys

import numpy as np

import videngine


def histograms(film: str, bins: int = 64) -> np.ndarray:
    """(frames, bins): the part of each frame's luma samples that falls into each bin."""
    rows = []
    for batch in videngine.open(film).batches(16):
        for frame in batch:
            luma = frame.planes[0]
            top = 256 if luma.dtype == np.uint8 else 1024
            rows.append(np.histogram(luma[::4, ::4], bins, (0, top))[0])
        del frame, luma, batch  # views hold their frames
    counted = np.array(rows, dtype=float)
    return counted / counted.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    found = histograms(sys.argv[1])
    plt.figure(figsize=(10, 4))
    scale = (0, len(found), 0, 1)
    plt.imshow(np.log10(found.T + 1e-4), origin="lower", aspect="auto", cmap="magma", extent=scale)
    plt.xlabel("frame")
    plt.ylabel("luma (1: all bits set)")
    plt.tight_layout()
    plt.savefig(sys.argv[2])
