"""What arrays of a caller's are as a picture: their pixel format, told by shapes and types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FORMATS = {
    ("420", 1): "yuv420p",
    ("422", 1): "yuv422p",
    ("444", 1): "yuv444p",
    ("420", 2): "yuv420p10le",
    ("422", 2): "yuv422p10le",
    ("444", 2): "yuv444p10le",
    ("interleaved", 1): "nv12",
    ("interleaved", 2): "p010le",
}

Size = tuple[int, int]
"""Width and height in pixels."""


def size_of(picture: NDArray[Any] | Sequence[NDArray[Any]]) -> Size:
    """The size that a picture's arrays have; ValueError where they are none."""
    luma = picture if isinstance(picture, np.ndarray) else picture[0] if len(picture) else None
    if luma is None or luma.ndim < 2:
        raise ValueError("a picture is planes of (height, width), or R'G'B' of (height, width, 3)")
    return luma.shape[1], luma.shape[0]


def _half(side: int) -> int:
    return (side + 1) // 2


def _shapes(kind: str, size: Size) -> tuple[tuple[int, ...], ...]:
    width, height = size
    whole = (height, width)
    if kind == "interleaved":
        return whole, (_half(height), _half(width), 2)
    chroma = {"420": (_half(height), _half(width)), "422": (height, _half(width)), "444": whole}
    return whole, chroma[kind], chroma[kind]


def _described(arrays: Sequence[NDArray[Any]]) -> str:
    return ", ".join(f"{array.dtype} {array.shape}" for array in arrays) or "none"


def item_bytes(arrays: Sequence[NDArray[Any]]) -> int:
    """1 for uint8, 2 for uint16; ValueError for others."""
    types = {array.dtype for array in arrays}
    if len(types) != 1 or not types <= {np.dtype(np.uint8), np.dtype(np.uint16)}:
        raise ValueError(
            f"the arrays of a picture are of uint8 or of uint16, not {_described(arrays)}"
        )
    return types.pop().itemsize


def planes_format(planes: Sequence[NDArray[Any]], size: Size) -> str:
    """FFmpeg's name for planes of ``size``; ValueError naming what would fit."""
    found = tuple(plane.shape for plane in planes)
    item = item_bytes(planes)
    for kind in ("420", "422", "444", "interleaved"):
        if found == _shapes(kind, size):
            return _FORMATS[kind, item]
    height, width = size[1], size[0]
    chroma = (_half(height), _half(width))
    raise ValueError(
        f"a picture of {width}x{height} is three planes, ({height}, {width}) and twice {chroma} "
        f"(4:2:0), ({height}, {_half(width)}) (4:2:2) or ({height}, {width}) (4:4:4); or two, the "
        f"second {(*chroma, 2)}; not {_described(planes)}"
    )


def require_rgb(array: NDArray[Any], size: Size) -> None:
    """ValueError for an array that is no R'G'B' of ``size``, naming what is."""
    expected = (size[1], size[0], 3)
    item_bytes([array])
    if array.shape != expected:
        raise ValueError(
            f"R'G'B' of this size is {expected}, uint8 or uint16, not {_described([array])}"
        )


def in_rows(array: NDArray[Any]) -> NDArray[Any]:
    """The array, or a copy of it where its rows are not memory that can be read as it lies."""
    step = array.itemsize
    for axis in range(array.ndim - 1, 0, -1):
        if array.strides[axis] != step and array.shape[axis] > 1:
            return np.ascontiguousarray(array)
        step *= array.shape[axis]
    return array if array.strides[0] >= step else np.ascontiguousarray(array)
