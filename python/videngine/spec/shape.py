"""Types of the fields that say how a picture is shaped: aspect ratio, size, mode, rotation."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args

from videngine.spec.faults import DROP, invalid, show
from videngine.spec.values import Scalar, decimal, number

Mode = Literal["scale", "crop", "pad", "fit"]

RESIZE_MODE = (
    "How a picture is brought to another shape: `scale` stretches it, `crop` fills the frame and "
    "cuts off what is beyond, `pad` adds black bars, `fit` makes the frame smaller instead. "
    "Default: scale."
)
ROTATE = (
    "Degrees clockwise, a multiple of 90; on top of the source's own rotation and before "
    "everything else. Default: 0."
)

_SIZE = re.compile(r"\s*(\d{1,6})\s*[xX*]\s*(\d{1,6})\s*")
_COLON = re.compile(r"\s*([\d.]+)\s*[:/]\s*([\d.]+)\s*")
_USUAL_SHAPES = tuple(Fraction(*s) for s in ((16, 9), (4, 3), (9, 16), (3, 4)))
_WIDEST = 20


def _aspect_ratio(value: object) -> Fraction | None:
    parts = _COLON.fullmatch(value) if isinstance(value, str) else None
    if parts:
        width, height = number(parts[1]), number(parts[2])
        shape = width / height if height else Fraction(0)
    else:
        shape = number(value, what='a shape ("16:9", 1.77)')
        if shape == 0:
            return None
        # People write 1.77 and 1.33 for 16:9 and 4:3.
        shape = next((s for s in _USUAL_SHAPES if abs(shape / s - 1) < Fraction(1, 200)), shape)
    if not Fraction(1, _WIDEST) <= shape <= _WIDEST:
        raise invalid(f"must be from 1:{_WIDEST} to {_WIDEST}:1, not {show(value)}")
    return shape


def _aspect_ratio_text(shape: Fraction | None) -> str | None:
    return None if shape is None else f"{shape.numerator}:{shape.denominator}"


def _mode(value: object) -> Mode:
    name = value.strip().lower() if isinstance(value, str) else ""
    for mode in get_args(Mode):
        if name == mode:
            known: Mode = mode
            return known
    raise invalid(
        f"must be one of {', '.join(get_args(Mode))}, not {show(value)}; scale is used",
        instead="scale",
    )


def _rotation(value: object) -> int:
    degrees = number(value, what="degrees clockwise (90, 180, 270)")
    if degrees % 90:
        raise invalid(
            f"must be a multiple of 90, not {decimal(degrees)}; the picture is not turned",
            instead=DROP,
        )
    return int(degrees % 360)


def _frame_size(value: object) -> tuple[int, int]:
    parts = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not parts or "0" in (parts[1].lstrip("0") or "0", parts[2].lstrip("0") or "0"):
        raise invalid(f'must be a size such as "1280x720", not {show(value)}')
    width, height = (_side(int(part)) for part in parts.groups())
    if (width, height) != (int(parts[1]), int(parts[2])):
        near = _frame_size_text((width, height))
        raise invalid(f"must be even, 16 to 8192 px a side; {near} is used", instead=near)
    return width, height


def _side(side_px: int) -> int:
    return min(max(side_px, 16), 8192) // 2 * 2


def _frame_size_text(size: tuple[int, int] | None) -> str | None:
    return None if size is None else f"{size[0]}x{size[1]}"


_NUMERIC: list[dict[str, Any]] = [{"type": "number"}, {"type": "string"}]

AspectRatio = Annotated[
    Fraction,
    Scalar(
        _aspect_ratio, {"anyOf": _NUMERIC, "examples": ["16:9", 1.77, "1.33"]}, _aspect_ratio_text
    ),
]
ResizeMode = Annotated[Mode, Scalar(_mode, {"enum": list(get_args(Mode))})]
Rotation = Annotated[int, Scalar(_rotation, {"anyOf": _NUMERIC, "examples": [90, 180, "270"]})]
FrameSize = Annotated[
    tuple[int, int],
    Scalar(_frame_size, {"type": "string", "examples": ["1280x720"]}, _frame_size_text),
]
