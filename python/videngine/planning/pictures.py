"""Sizes and frame rates of pictures, and which picture is scaled from which."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from videngine.media import Stream
from videngine.plan import PicturePlan

MAX_SIDE_PX = 8192

Size = tuple[int, int]
ExactSize = tuple[Fraction, Fraction]

# How many times as wide as its child a parent must be, but for the rounding to even sizes.
_LEAST_STEP = 2
_ROUNDING_PX = 2
_SHARED_WITH_PARENT = ("frame_rate", "clip", "pixel_format")
_USUAL_RATES = tuple(
    Fraction(rate)
    for rate in (
        *(1, 2, 5, 8, 10, 12, Fraction(25, 2), 15, 20),
        *(Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30),
        *(Fraction(48000, 1001), 48, 50, Fraction(60000, 1001), 60),
        *(90, 100, Fraction(120000, 1001), 120, 144, 200, 240),
    )
)
_CLOSE = Fraction(4, 10_000)  # 29.97 and 30 lie 10 of these apart
_FRAMES_AT_ENDS = Fraction(3, 2)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A part of the source. ``length_s`` is how long it is; None: the source does not say."""

    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None  # None: to the end
    length_s: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A distinct picture of the job: what tells one `PicturePlan` from another."""

    width_px: int
    height_px: int
    frame_rate: Fraction
    clip: Clip
    pixel_format: str = "yuv420p"

    @property
    def pixel_rate(self) -> Fraction:
        """Pixels a second."""
        return self.width_px * self.height_px * self.frame_rate


def frame_rate(stream: Stream) -> Fraction:
    """The constant rate at which a source's pictures are encoded if nothing else is asked.

    A rate that varies becomes the nearest usual one. So does one that misses it by the rounding of
    containers, or by a frame at the ends: it is an average.
    """
    rate = stream.frame_rate
    if rate <= 0:
        return Fraction(25)
    near = min(_USUAL_RATES, key=lambda usual: abs(usual - rate))
    miss = abs(near - rate)
    at_the_ends = stream.duration_s is not None and miss * stream.duration_s <= _FRAMES_AT_ENDS
    if stream.variable_frame_rate or rate > 240 or miss <= _CLOSE * near or at_the_ends:
        return near
    return rate


def fitted(width_px: int | None, height_px: int | None, source: Size) -> ExactSize:
    """The size asked for, a missing side following from the source's shape."""
    width, height = Fraction(source[0]), Fraction(source[1])
    if width_px and height_px:
        return Fraction(width_px), Fraction(height_px)
    if height_px:
        return width * height_px / height, Fraction(height_px)
    if width_px:
        return Fraction(width_px), height * width_px / width
    return width, height


def within(size: ExactSize, limit: Size) -> ExactSize:
    """``size``, shrunk in its own shape until neither side is beyond ``limit``."""
    factor = min(Fraction(1), limit[0] / size[0], limit[1] / size[1])
    return size[0] * factor, size[1] * factor


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


def _nearest(side: Fraction) -> int:
    return max(1, floor(side + Fraction(1, 2)))


def chain(pictures: list[Picture], source: Size) -> dict[Picture, PicturePlan]:
    """Plans of all pictures, parents before children.

    Each picture is scaled from the smallest of its rate, range and shape that is at least twice as
    wide, else from the source, or from a picture of the source's own size, which is the same.
    Closer steps would filter small rungs again and again: docs/scaling.md has what that costs.
    Enlarged pictures are nobody's parent.
    """
    plans: dict[Picture, PicturePlan] = {}
    for picture in sorted(pictures, key=lambda p: -p.width_px * p.height_px):
        parents = [p for p in plans if _can_be_parent(p, picture, source)]
        parent = min(parents, key=lambda p: p.width_px * p.height_px, default=None)
        plans[picture] = PicturePlan(
            id=f"p{len(plans)}",
            parent=plans[parent].id if parent else None,
            width_px=picture.width_px,
            height_px=picture.height_px,
            frame_rate=picture.frame_rate,
            start_s=picture.clip.start_s,
            duration_s=picture.clip.duration_s,
            pixel_format=picture.pixel_format,
        )
    return plans


def _can_be_parent(parent: Picture, child: Picture, source: Size) -> bool:
    if any(getattr(parent, fact) != getattr(child, fact) for fact in _SHARED_WITH_PARENT):
        return False
    whole = (parent.width_px, parent.height_px) == even((Fraction(source[0]), Fraction(source[1])))
    least = 1 if whole else _LEAST_STEP
    if parent.width_px < child.width_px or parent.height_px < child.height_px:
        return False
    if parent.width_px + _ROUNDING_PX < least * child.width_px:
        return False
    shape = Fraction(parent.width_px * child.height_px, parent.height_px * child.width_px)
    enlarged = is_larger((parent.width_px, parent.height_px), source)
    return not enlarged and abs(shape - 1) < Fraction(2, 100)
