"""A chart of known light as a film in PQ or HLG, and what its patches must become in SDR."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.colour_tags import colour_tags
from tests.engine.colour_reference import (
    BT709,
    BT2020,
    TO_709,
    Array,
    delta_e_2000,
    lab,
    nits_to_hlg,
    nits_to_pq,
    sdr_of,
    to_rgb,
    to_ycbcr,
)
from tests.engine.measure import pictures

PATCH_PX = 16
COLUMNS = 16
TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
PEAK_NITS = 1000.0


def light_of_the_chart() -> Array:
    """Nits of each patch in BT.2020: greys, then colours of BT.709 and of BT.2020, in steps."""
    levels = np.array([0.5, 2, 5, 10, 20, 50, 100, 150, 203, 300, 500, 700, 850, 1000, 0, 26])
    greys = levels[:, None] * np.ones(3)
    steps = (0.02, 0.25, 1.0)
    cube = np.array([(r, g, b) for r in steps for g in steps for b in steps])
    cube = cube[cube.min(axis=1) < cube.max(axis=1)][:16]
    inside = cube @ np.linalg.inv(TO_709).T
    rows = [greys]
    for nits in (4.0, 30.0, 120.0, 203.0, 480.0, 900.0):
        rows += [nits * np.clip(inside, 0, None), nits * cube]
    # Skin, sky, foliage and the like: a little colour on every level.
    mild = np.array([(1, 0.75, 0.6), (0.5, 0.7, 1), (0.5, 0.7, 0.3), (1, 0.9, 0.4)])
    rows.append(np.concatenate([nits * mild for nits in (8.0, 60.0, 203.0, 700.0)]))
    return np.minimum(np.concatenate(rows), PEAK_NITS)


def coded_chart(transfer: str) -> npt.NDArray[np.int64]:
    """Y, Cb and Cr of each patch in 10-bit limited codes."""
    light = light_of_the_chart()
    coded = nits_to_pq(light) if transfer == "pq" else nits_to_hlg(light)
    levels = to_ycbcr(np.clip(coded, 0, 1), BT2020) * [876, 896, 896] + [64, 512, 512]
    return np.round(levels).astype(np.int64)


def chart(folder: Path, transfer: str, *, frames: int = 1) -> tuple[Path, int]:
    """A lossless film of the chart, tagged as what it is, and its height."""
    codes = coded_chart(transfer)
    rows = len(codes) // COLUMNS
    planes = []
    for plane in range(3):
        side = PATCH_PX if plane == 0 else PATCH_PX // 2
        grid = codes[:, plane].reshape(rows, COLUMNS)
        planes.append(grid.repeat(side, axis=0).repeat(side, axis=1).astype("<u2").tobytes())
    path = folder / f"{transfer}.mkv"
    height = rows * PATCH_PX
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p10le"]
    command += ["-s", f"{COLUMNS * PATCH_PX}x{height}", "-r", "25", "-i", "pipe:0"]
    tags = colour_tags(
        range_="tv", matrix="bt2020nc", primaries="bt2020", transfer=TRANSFERS[transfer]
    )
    command += ["-c:v", "ffv1", *tags, str(path)]
    subprocess.run(command, input=b"".join(planes) * frames, check=True)
    return path, height


def patches(path: Path, height: int) -> Array:
    """Y, Cb and Cr of the middle of each patch, in 8-bit codes."""
    width = COLUMNS * PATCH_PX
    raw = pictures(path, width, height, pixel_format="yuv420p")[0].astype(np.float64)
    size = width * height
    found = []
    for plane, data in enumerate((raw[:size], raw[size : size * 5 // 4], raw[size * 5 // 4 :])):
        side = PATCH_PX if plane == 0 else PATCH_PX // 2
        tiles = data.reshape(height // PATCH_PX, side, COLUMNS, side)
        edge = side // 4
        found.append(tiles[:, edge:-edge, :, edge:-edge].mean(axis=(1, 3)).reshape(-1))
    return np.stack(found, axis=-1)


def expected(transfer: str) -> Array:
    """Coded R'G'B' of BT.709 for each patch, from its rounded codes."""
    codes = coded_chart(transfer)
    coded = np.clip(to_rgb((codes - [64, 512, 512]) / [876, 896, 896], BT2020), 0, 1)
    return sdr_of(coded, transfer=transfer, peak_nits=PEAK_NITS)


def apart(found: Array, transfer: str) -> Array:
    """ΔE2000 of each patch between 8-bit codes that were found and the reference."""
    shown = to_rgb((found - [16, 128, 128]) / [219, 224, 224], BT709)
    return delta_e_2000(lab(shown), lab(expected(transfer)))
