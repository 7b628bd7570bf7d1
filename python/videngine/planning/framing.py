"""How a frame is filled: its size and shape, and what of the source's picture is in it.

Pure arithmetic in exact numbers; whole pixels come last (`Framing.even`, `Framing.rounded`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Literal, Self

from videngine.plan import Geometry

MAX_SIDE_PX = 8192

Size = tuple[int, int]
ExactSize = tuple[Fraction, Fraction]
ResizeMode = Literal["scale", "crop", "pad", "fit"]

_ONE = Fraction(1)
_SAR_DENOMINATOR = 4096


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request says about the shape of a picture; None is unset.

    ``smaller_px`` is the smaller side and rules over both sides. ``rotation_deg`` is clockwise: 0,
    90, 180, 270.
    """

    width_px: int | None = None
    height_px: int | None = None
    smaller_px: int | None = None
    aspect_ratio: Fraction | None = None
    mode: ResizeMode = "scale"
    rotation_deg: int = 0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame in whole pixels."""

    size: Size
    geometry: Geometry


@dataclass(frozen=True, kw_only=True)
class Framing:
    """A frame and the part of it that the picture takes, in exact pixels.

    ``kept`` is the part of the picture that is seen, as fractions of its sides. ``display_shape``
    is width by height of the whole frame as it is to be shown, or None for square pixels.
    """

    frame: ExactSize
    inner: ExactSize
    kept: ExactSize = (_ONE, _ONE)
    display_shape: Fraction | None = None
    rotation_deg: int = 0

    @property
    def whole(self) -> ExactSize:
        """How large all of the source's picture is at this scale."""
        return self.inner[0] / self.kept[0], self.inner[1] / self.kept[1]

    def within(self, limit: Size) -> Self:
        """Shrunk in its own shape until neither side of the frame is beyond ``limit``."""
        return self.scaled(shrinking(self.frame, limit))

    def scaled(self, factor: Fraction) -> Self:
        """The same at another size."""
        return replace(self, frame=_times(self.frame, factor), inner=_times(self.inner, factor))

    def even(self) -> Frame:
        """In the nearest sides that 4:2:0 pictures can have."""
        return self._in_pixels(even)

    def rounded(self) -> Frame:
        """In the nearest whole pixels."""
        return self._in_pixels(rounded)

    def _in_pixels(self, whole: Callable[[ExactSize], Size]) -> Frame:
        size, inner = whole(self.frame), whole(self.inner)
        sample = _ONE
        if self.display_shape is not None:
            sample = (self.display_shape * size[1] / size[0]).limit_denominator(_SAR_DENOMINATOR)
        return Frame(
            size=size,
            geometry=Geometry(
                rotation_deg=self.rotation_deg,
                kept_width=self.kept[0],
                kept_height=self.kept[1],
                bars_x_px=size[0] - inner[0],
                bars_y_px=size[1] - inner[1],
                sample_aspect_ratio=sample,
            ),
        )


def turned(size: Size, rotation_deg: int) -> Size:
    """A size after a rotation by quarter turns."""
    return (size[1], size[0]) if rotation_deg % 180 else size


def framed(asked: Asked, source: Size) -> Framing:
    """The frame that was asked for and how a picture of ``source``'s size fills it.

    Args:
        asked: what the request says.
        source: width and height of the source as a viewer sees it, in square pixels.
    """
    width, height = turned(source, asked.rotation_deg)
    shape = Fraction(width, height)
    frame = _frame(asked, (Fraction(width), Fraction(height)))
    wanted = asked.aspect_ratio
    if wanted is not None and (asked.mode == "fit" or _agree(frame, wanted)):
        wanted = None  # square pixels
    return _filled(frame, shape, mode=asked.mode, display_shape=wanted, turn=asked.rotation_deg)


def _filled(
    frame: ExactSize,
    shape: Fraction,
    *,
    mode: ResizeMode,
    display_shape: Fraction | None,
    turn: int,
) -> Framing:
    """A frame filled with a picture whose width by height is ``shape``."""
    sample = _ONE if display_shape is None else display_shape * frame[1] / frame[0]
    narrow = shape / (frame[0] * sample / frame[1])  # the picture's shape by the frame's
    inner, kept = frame, (_ONE, _ONE)
    if not _agree(frame, shape / sample):
        if mode == "crop":
            kept = min(_ONE, 1 / narrow), min(_ONE, narrow)
        elif mode != "scale":
            inner = frame[0] * min(_ONE, narrow), frame[1] * min(_ONE, 1 / narrow)
    return Framing(
        frame=inner if mode == "fit" else frame,
        inner=inner,
        kept=kept,
        display_shape=display_shape,
        rotation_deg=turn,
    )


def _frame(asked: Asked, source: ExactSize) -> ExactSize:
    shape = asked.aspect_ratio or source[0] / source[1]
    if asked.smaller_px:
        small = Fraction(asked.smaller_px)
        return (small * shape, small) if shape >= 1 else (small, small / shape)
    if asked.width_px and asked.height_px:
        return Fraction(asked.width_px), Fraction(asked.height_px)
    if asked.height_px:
        return asked.height_px * shape, Fraction(asked.height_px)
    if asked.width_px:
        return Fraction(asked.width_px), asked.width_px / shape
    if asked.mode == "crop":  # the largest frame of that shape in the source
        return min(source[0], source[1] * shape), min(source[1], source[0] / shape)
    if asked.mode == "pad":  # the smallest one around it
        return max(source[0], source[1] * shape), max(source[1], source[0] / shape)
    return source


def _agree(size: ExactSize, shape: Fraction) -> bool:
    """Whether a size has a shape, but for the rounding of one side to even pixels."""
    return abs(size[0] - size[1] * shape) < 2 or abs(size[1] - size[0] / shape) < 2


def shrinking(size: ExactSize, limit: Size) -> Fraction:
    """By what to shrink a size until neither side is beyond ``limit``; at most 1."""
    return min(_ONE, limit[0] / size[0], limit[1] / size[1])


def rounded(size: ExactSize) -> Size:
    """The nearest size in whole pixels."""
    return _nearest(size[0]), _nearest(size[1])


def even(size: ExactSize) -> Size:
    """The nearest size that 4:2:0 pictures can have."""
    return 2 * _nearest(size[0] / 2), 2 * _nearest(size[1] / 2)


def is_larger(size: Size, source: Size) -> bool:
    """Whether ``size`` enlarges the source: smaller sides are compared, then larger ones.

    So it does not matter which way a phone was held. An odd source may be rounded up.
    """
    small, large = sorted(size)
    source_small, source_large = (side + side % 2 for side in sorted(source))
    return small > source_small or large > source_large


def _times(size: ExactSize, factor: Fraction) -> ExactSize:
    return size[0] * factor, size[1] * factor


def _nearest(side: Fraction) -> int:
    return max(1, floor(side + Fraction(1, 2)))


def by(size: Size) -> str:
    """A size as people write it."""
    return f"{size[0]}x{size[1]}"
