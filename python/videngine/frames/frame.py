"""One decoded picture: facts, and read-only views of its planes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from videngine.media import Color

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from videngine._engine import DecodedFrame


@dataclass(frozen=True, kw_only=True)
class FrameColor(Color):
    """The colour facts of a picture, and where its chroma samples lie (``left``, ``center`` ...).

    Names are FFmpeg's; ``unknown`` or ``unspecified`` where the source does not say.
    """

    chroma_location: str = "unspecified"


@dataclass(frozen=True, kw_only=True)
class Hdr:
    """Static HDR metadata (SMPTE ST 2086, CTA-861.3); None or 0 where the source does not say.

    Chromaticities are CIE 1931 x, y; primaries are red, green, blue. Luminances are cd/m².
    """

    display_primaries: tuple[tuple[float, float], ...] | None = None
    white_point: tuple[float, float] | None = None
    min_luminance_nits: float | None = None
    max_luminance_nits: float | None = None
    max_content_nits: int = 0  # MaxCLL
    max_frame_average_nits: int = 0  # MaxFALL
    dolby_vision: bool = False  # the picture carries Dolby Vision's metadata


class Frame:
    """A decoded picture. Immutable; any number of threads may use it.

    It shares the decoder's memory and stays valid when its reader and its file are gone. It and the
    views of its planes hold one picture of ``max_live_frames``: let go of them, or copy.
    """

    __slots__ = ("__weakref__", "_native")

    def __init__(self, native: DecodedFrame) -> None:
        self._native = native

    @property
    def planes(self) -> tuple[NDArray[Any], ...]:
        """The planes as strided arrays, with no copy; read-only unless made by `writable`.

        ``yuv420p``: three of (H, W), (⌈H/2⌉, ⌈W/2⌉) twice, uint8. ``nv12``: (H, W) and
        (⌈H/2⌉, ⌈W/2⌉, 2). ``rgb24``: one of (H, W, 3). More than 8 bits: uint16. Formats that pack
        samples otherwise (``yuyv422``): one of (H, bytes). Pictures that are coded upside down have
        a negative first stride. Each view keeps the memory of its plane alive by itself.
        """
        return self._native.planes

    def writable(self) -> Frame:
        """A copy of one's own, whose planes may be written to."""
        return Frame(self._native.writable())

    @property
    def is_writable(self) -> bool:
        """Whether the planes may be written to."""
        return self._native.is_writable

    @property
    def pts(self) -> int:
        """When it is shown, in ticks of the stream's time base (`Reader.time_base`)."""
        return self._native.pts

    @property
    def time(self) -> float:
        """When it is shown, in seconds from the source's origin: 0.0 for the first of most."""
        return self._native.time_s

    @property
    def duration(self) -> int:
        """How long it is shown, in ticks as `pts`; 0 where the source does not say."""
        return self._native.duration

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick."""
        return self._native.time_base

    @property
    def key(self) -> bool:
        """Whether it was coded without the help of others."""
        return self._native.key

    @property
    def format(self) -> str:
        """Its pixel format, in FFmpeg's names: ``yuv420p``, ``yuv420p10le``, ``nv12`` ..."""
        return self._native.format

    @property
    def width(self) -> int:
        """Columns of the first plane."""
        return self._native.width_px

    @property
    def height(self) -> int:
        """Rows of the first plane."""
        return self._native.height_px

    @property
    def color(self) -> FrameColor:
        """What its numbers mean."""
        primaries, transfer, matrix, range_, location = self._native.color
        return FrameColor(
            primaries=primaries,
            transfer=transfer,
            matrix=matrix,
            range=range_,
            chroma_location=location,
        )

    @property
    def hdr(self) -> Hdr | None:
        """Static HDR metadata, of the picture or of its stream; None where there is none."""
        facts = self._native.hdr
        return None if facts is None else Hdr(**facts)

    @property
    def sar(self) -> Fraction:
        """Sample aspect ratio: the width of a sample over its height."""
        return self._native.sample_aspect_ratio

    @property
    def rotation(self) -> int:
        """How far to turn it clockwise for display: 0, 90, 180, 270 degrees. It is not turned."""
        return self._native.rotation_deg

    def __repr__(self) -> str:
        return (
            f"<Frame {self.width}x{self.height} {self.format}, "
            f"{self.time:.6g} s (pts {self.pts}){', key' if self.key else ''}>"
        )
