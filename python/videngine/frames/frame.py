"""One decoded picture: facts, and read-only views of its planes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from videngine.media import Color

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image
    from typing_extensions import CapsuleType

    from videngine._engine import DecodedFrame


RgbType = Literal["u1", "u2", "f4"] | type[np.uint8] | type[np.uint16] | type[np.float32]
Layout = Literal["HWC", "CHW"]

_CPU = (1, 0)  # kDLCPU


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


def check_rgb(layout: str, transfer: str) -> None:
    """ValueError for a layout or transfer that there is not."""
    if layout not in ("HWC", "CHW"):
        raise ValueError(f'layout is "HWC" or "CHW", not {layout!r}')
    if transfer not in ("source", "sdr"):
        raise ValueError(f'transfer is "source" or "sdr", not {transfer!r}')


def rgb_type(dtype: RgbType) -> np.dtype[Any]:
    """The numpy type of a name; ValueError for others."""
    if np.dtype(dtype) not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f'dtype is "u1", "u2" or "f4", not {dtype!r}')
    return np.dtype(dtype)


class Plane:
    """One plane of a frame: ``numpy.asarray``, ``torch.from_dlpack`` and their like take it."""

    __slots__ = ("_native", "_number")

    def __init__(self, native: DecodedFrame, number: int) -> None:
        self._native = native
        self._number = number

    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> CapsuleType:
        """The samples, flagged as read-only where they are, with no copy unless asked for one.

        Raises:
            BufferError: the consumer speaks a DLPack before 1.0, which cannot say "read-only", and
                asked for no copy; another device was asked for.
        """
        if stream not in (None, -1) or dl_device not in (None, _CPU):
            raise BufferError("frames are in the memory of the CPU")
        return self._native.to_dlpack(self._number, max_version, copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """As numpy defines it, version 3."""
        view = self._native.planes[self._number]
        return dict(view.__array_interface__)


class Frame:
    """A decoded picture. Immutable; any number of threads may use it.

    It shares the decoder's memory and stays valid when its reader and its file are gone. It and the
    views of its planes hold one picture of ``max_live_frames``: let go of them, or copy.
    """

    __slots__ = ("__weakref__", "_native")

    def __init__(self, native: DecodedFrame) -> None:
        self._native = native

    @property
    def native(self) -> DecodedFrame:
        """The engine's side of it, for the rest of this package."""
        return self._native

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
    def depth(self) -> int:
        """Bits of a sample: 8, 10, 12, 16 ..."""
        return self._native.depth

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

    def to_rgb(
        self,
        out: NDArray[Any] | None = None,
        *,
        dtype: RgbType = "u1",
        layout: Layout = "HWC",
        transfer: Literal["source", "sdr"] = "source",
    ) -> NDArray[Any]:
        """The picture as R'G'B', by its own matrix, range and chroma location.

        What the source leaves open is taken as players take it: BT.709 above 576 lines, else
        BT.601; limited range; chroma to the left. Chroma is interpolated by straight lines. The
        picture is neither turned nor stretched: see `rotation` and `sar`.

        Args:
            out: a C-contiguous array to write to, of (H, W, 3) or (3, H, W); its type is used
                instead of ``dtype``. By default a new one.
            dtype: ``u1``: 0 to 255. ``u2``: 0 to 65535. ``f4``: 0 to 1.
            layout: ``HWC`` or ``CHW``.
            transfer: ``source`` keeps the numbers of the source's transfer characteristic; ``sdr``
                tone-maps PQ and HLG to BT.709 as `hdr_to_sdr` of jobs does.

        Returns:
            ``out``.

        Raises:
            ValueError: ``out`` has another shape or type, is not contiguous or not writable.
        """
        check_rgb(layout, transfer)
        if out is None:
            size = (self.height, self.width)
            out = np.empty((*size, 3) if layout == "HWC" else (3, *size), rgb_type(dtype))
        self._native.into_rgb(out, layout == "CHW", transfer == "sdr")
        return out

    def to_image(self) -> Image:
        """The picture as a Pillow image of mode RGB, SDR, turned as it is shown.

        Raises:
            ImportError: Pillow is not installed.
        """
        import PIL.Image

        upright = np.rot90(self.to_rgb(transfer="sdr"), -self.rotation // 90)
        return PIL.Image.fromarray(np.ascontiguousarray(upright), "RGB")

    def plane(self, number: int) -> Plane:
        """One plane for consumers of DLPack or of numpy's array interface, with no copy."""
        if not 0 <= number < len(self.planes):
            raise IndexError(f"there is no plane {number}: {self.format} has {len(self.planes)}")
        return Plane(self._native, number)

    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> CapsuleType:
        """The whole picture, of formats that are one plane; see `Plane.__dlpack__`."""
        return self._whole(BufferError).__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The whole picture, of formats that are one plane."""
        return self._whole(AttributeError).__array_interface__

    def _whole(self, error: type[Exception]) -> Plane:
        if len(self.planes) > 1:
            raise error(
                f"{self.format} is not one array: take frame.planes, frame.plane(0) or "
                "frame.to_rgb()"
            )
        return Plane(self._native, 0)

    def __repr__(self) -> str:
        return (
            f"<Frame {self.width}x{self.height} {self.format}, "
            f"{self.time:.6g} s (pts {self.pts}){', key' if self.key else ''}>"
        )
