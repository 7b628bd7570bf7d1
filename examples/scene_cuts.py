"""Scene cuts: how much the luma of neighbouring frames differs, and where it jumps.

python examples/scene_cuts.py FILM PLOT.png
"""

from __future__ import annotations

import sys

import numpy as np

import videngine


def differences(film: str) -> tuple[np.ndarray, np.ndarray]:
    """Time in seconds of each frame but the first, and its mean difference from the one before.

    Of every eighth sample of 8-bit luma: a view with larger strides, no copy.
    """
    times, found = [], []
    before = None
    for frame in videngine.open(film):
        luma = frame.planes[0][::8, ::8].astype(np.int16)
        if before is not None:
            times.append(frame.time)
            found.append(np.abs(luma - before).mean())
        before = luma
    return np.array(times), np.array(found)


def cuts(times: np.ndarray, found: np.ndarray) -> list[float]:
    """Where the difference is several times that of all frames around."""
    around = np.array([np.median(found[max(i - 12, 0) : i + 13]) for i in range(len(found))])
    return [float(t) for t in times[(found > 12) & (found > 4 * around)]]


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    times, found = differences(sys.argv[1])
    plt.figure(figsize=(10, 3))
    plt.plot(times, found, linewidth=0.8)
    for at in cuts(times, found):
        plt.axvline(at, color="red", alpha=0.4)
        print(f"{at:.3f}")
    plt.xlabel("time, s")
    plt.ylabel("mean difference of luma")
    plt.tight_layout()
    plt.savefig(sys.argv[2])
