"""Frame rates of pictures, and which picture is made from which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from videngine.media import Stream
from videngine.plan import AS_IT_IS, Geometry, Look, PicturePlan
from videngine.planning.framing import ExactSize, Size, even, is_larger, turned

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
    geometry: Geometry
    pixel_format: str = "yuv420p"
    look: Look = AS_IT_IS

    @property
    def whole(self) -> ExactSize:
        """How large all of the source's picture is at this one's scale."""
        geometry = self.geometry
        return (
            (self.width_px - geometry.bars_x_px) / geometry.kept_width,
            (self.height_px - geometry.bars_y_px) / geometry.kept_height,
        )

    @property
    def pixel_rate(self) -> Fraction:
        """Pixels a second."""
        return self.width_px * self.height_px * self.frame_rate

    @property
    def frame_bytes(self) -> int:
        """What one of its frames takes in memory, as 8-bit 4:2:0."""
        return self.width_px * self.height_px * 3 // 2


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


def limited_rate(rate: Fraction, limit: Fraction | None) -> Fraction:
    """A rate, or the limit that it is beyond.

    59.94 under a limit of 30 becomes 29.97: every second frame, where the limit itself would have
    one repeated now and then.
    """
    if limit is None or rate <= limit:
        return rate
    part = rate / ceil(rate / limit)
    return part if limit - part < limit / 100 else limit


def chain(
    pictures: list[Picture], source: Size, *, at_once: Collection[Picture] = ()
) -> dict[Picture, PicturePlan]:
    """Plans of all pictures, parents before children.

    Each picture is made from the smallest of its rate, range, rotation and shape that shows all
    that it shows, without bars, at twice its scale at least; else from the source, or from a
    picture of the source's own size, which is the same. Closer steps would filter small rungs again
    and again: docs/scaling.md has what that costs. Enlarged pictures are nobody's parent.
    """
    plans: dict[Picture, PicturePlan] = {}
    for picture in sorted(pictures, key=lambda p: (-p.width_px * p.height_px, bool(p.look.logos))):
        parents = [p for p in plans if _can_be_parent(p, picture, source)]
        if picture in at_once:
            parents = [p for p in parents if _as_large(p, source)] or parents
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
            geometry=_within_parent(picture.geometry, parent.geometry)
            if parent
            else picture.geometry,
            look=replace(picture.look, deinterlace="", tonemap=None) if parent else picture.look,
        )
    return plans


def _within_parent(geometry: Geometry, parent: Geometry) -> Geometry:
    """A geometry as seen from a picture that has been turned, and perhaps cut, already."""
    return replace(
        geometry,
        rotation_deg=0,
        kept_width=geometry.kept_width / parent.kept_width,
        kept_height=geometry.kept_height / parent.kept_height,
    )


def _as_large(picture: Picture, source: Size) -> bool:
    """Whether it shows the source at the source's own size."""
    upright = turned(source, picture.geometry.rotation_deg)
    return even(picture.whole) == even((Fraction(upright[0]), Fraction(upright[1])))


def _can_be_parent(parent: Picture, child: Picture, source: Size) -> bool:
    if any(getattr(parent, fact) != getattr(child, fact) for fact in _SHARED_WITH_PARENT):
        return False
    if parent.look != replace(child.look, logos=()):
        return False
    cut, part = parent.geometry, child.geometry
    if (cut.rotation_deg, cut.filter) != (part.rotation_deg, part.filter):
        return False
    if cut.bars_x_px or cut.bars_y_px:
        return False
    if part.kept_width > cut.kept_width or part.kept_height > cut.kept_height:
        return False
    upright = turned(source, cut.rotation_deg)
    have, need = parent.whole, child.whole
    if have[0] < need[0] or have[1] < need[1]:
        return False
    if have[0] + _ROUNDING_PX < (1 if _as_large(parent, source) else _LEAST_STEP) * need[0]:
        return False
    shape = have[0] * need[1] / (have[1] * need[0])
    return not is_larger(even(have), upright) and abs(shape - 1) < Fraction(2, 100)
