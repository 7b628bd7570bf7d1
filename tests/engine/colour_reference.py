"""HDR to SDR in float64, and how far two colours are apart: an opinion of its own.

Written from the standards (SMPTE ST 2084, BT.2100, BT.2390-10, BT.1886, CIE 142) and from what
`docs/colour.md` says that the engine does, not from the engine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

WHITE_NITS = 203.0
BT2020 = np.array([0.2627, 0.6780, 0.0593])
BT709 = np.array([0.2126, 0.7152, 0.0722])
# Rec. ITU-R BT.2087-0, table 1, inverted.
TO_709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ]
)
_M1, _M2 = 0.1593017578125, 78.84375
_C1, _C2, _C3 = 0.8359375, 18.8515625, 18.6875


def pq_to_nits(coded: Array) -> Array:
    """SMPTE ST 2084."""
    power = np.clip(coded, 0, 1) ** (1 / _M2)
    nits: Array = 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return nits


def nits_to_pq(nits: Array) -> Array:
    power = (np.maximum(nits, 0) / 10_000) ** _M1
    coded: Array = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return coded


def hlg_to_nits(coded: Array) -> Array:
    """BT.2100, tables 5: inverse OETF and OOTF for a display of 1000 nits."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    luminance = np.maximum(scene @ BT2020, 1e-30)[..., None]
    nits: Array = 1000 * luminance**0.2 * scene
    return nits


def nits_to_hlg(nits: Array) -> Array:
    luminance = np.maximum(nits @ BT2020, 1e-9)[..., None] / 1000
    scene = np.maximum(nits / 1000 * luminance ** (1 / 1.2 - 1), 0)
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    upper = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    coded: Array = np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)
    return coded


def bt2390(nits: Array, peak_nits: float) -> Array:
    """BT.2390-10, 5.4.1, black at 0: what is left of nits where white is 203."""
    top = nits_to_pq(np.array(peak_nits))
    most = nits_to_pq(np.array(WHITE_NITS)) / top
    knee = 1.5 * most - 0.5
    e1 = nits_to_pq(nits) / top
    t = np.clip((e1 - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return pq_to_nits(np.where(e1 < knee, e1, spline) * top)


def sdr_of(coded: Array, *, transfer: str, peak_nits: float) -> Array:
    """Coded R'G'B' of BT.2100 → coded R'G'B' of BT.709."""
    nits = pq_to_nits(coded) if transfer == "pq" else hlg_to_nits(coded)
    largest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-9)
    light = nits * bt2390(largest, peak_nits) / largest / WHITE_NITS
    rgb = light @ TO_709.T
    grey = (rgb @ BT709)[..., None]
    away = rgb - grey
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(rgb < 0, grey / -away, np.where(rgb > 1, (1 - grey) / away, 1))
    inside = grey + np.clip(room.min(axis=-1, keepdims=True), 0, 1) * away
    result: Array = np.clip(inside, 0, 1) ** (1 / 2.4)
    return result


def to_ycbcr(rgb: Array, weights: Array) -> Array:
    """R'G'B' → Y' from 0 to 1, Cb and Cr from -0.5 to 0.5."""
    y = rgb @ weights
    cb, cr = (rgb[..., 2] - y) / (2 - 2 * weights[2]), (rgb[..., 0] - y) / (2 - 2 * weights[0])
    return np.stack([y, cb, cr], axis=-1)


def to_rgb(ycbcr: Array, weights: Array) -> Array:
    y, cb, cr = np.moveaxis(ycbcr, -1, 0)
    red, blue = y + (2 - 2 * weights[0]) * cr, y + (2 - 2 * weights[2]) * cb
    green = (y - weights[0] * red - weights[2] * blue) / weights[1]
    return np.stack([red, green, blue], axis=-1)


def lab(rgb: Array) -> Array:
    """Coded R'G'B' of BT.709 on a BT.1886 display → CIE L*a*b* under D65."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    ratio = np.clip(rgb, 0, 1) ** 2.4 @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e_2000(one: Array, other: Array) -> Array:
    """CIE 142-2001, in the notation of Sharma, Wu and Dalal (2005)."""
    l1, a1, b1 = np.moveaxis(one, -1, 0)
    l2, a2, b2 = np.moveaxis(other, -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = (h2 - h1 + 180) % 360 - 180
    delta_h = np.where(grey, 0, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2))
    mean_h = np.where(grey, h1 + h2, (h1 + turn / 2) % 360)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    weight_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    weight_c, weight_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    around = 60 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(np.radians(around))
    light, chroma, hue = (l2 - l1) / weight_l, (c2 - c1) / weight_c, delta_h / weight_h
    result: Array = np.sqrt(light**2 + chroma**2 + hue**2 + rotation * chroma * hue)
    return result
