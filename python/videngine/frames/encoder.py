"""Pictures of a program's own into a file, by the encoders of jobs."""

from __future__ import annotations

import contextlib
import os
import secrets
import weakref
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from videngine import _engine
from videngine.child import native_struct
from videngine.frames.frame import Frame
from videngine.frames.picture_arrays import (
    Size,
    in_rows,
    item_bytes,
    planes_format,
    require_rgb,
    size_of,
)
from videngine.plan import (
    ColorPlan,
    Geometry,
    Look,
    PicturePlan,
    VideoRenditionPlan,
    to_json,
)
from videngine.planning.encoding import encoding
from videngine.planning.pictures import Clip, Picture
from videngine.planning.renditions import USUAL_GOP_FRAMES, keyframe_frames
from videngine.spec.codecs import CODECS, MP4_STANDARDS, WEBM_STANDARDS, Standard
from videngine.spec.colour import KEEP, ColorMatrix, ColorPrimaries, ColorRange, ColorTransfer
from videngine.spec.encoding import EncodingFields, check_codecs
from videngine.spec.values import FrameRate, Keyframe

_ALL: frozenset[Standard] = frozenset(codec.standard for codec in CODECS.values())
_CONTAINERS: dict[str, tuple[str, frozenset[Standard]]] = {
    ".mp4": ("mp4", MP4_STANDARDS),
    ".m4v": ("mp4", MP4_STANDARDS),
    ".mov": ("mov", frozenset(("h264", "hevc"))),
    ".mkv": ("matroska", _ALL),
    ".webm": ("webm", WEBM_STANDARDS),
}
_NAMES = {"framerate": "fps", "video_codec": "codec", "video_codec_parameters": "parameters"}


class _Wanted(EncodingFields):
    """What a caller asks of an encoder, by the rules of jobs."""

    model_config = ConfigDict(defer_build=False)

    framerate: FrameRate | None = None
    keyframe: Keyframe | None = None
    color_space: ColorMatrix | None = None
    color_range: ColorRange | None = None
    color_trc: ColorTransfer | None = None
    color_primaries: ColorPrimaries | None = None

    @property
    def color(self) -> ColorPlan:
        def named(value: str | None) -> str:
            return "" if value in (None, KEEP) else str(value)

        return ColorPlan(
            primaries=named(self.color_primaries),
            transfer=named(self.color_trc),
            matrix=named(self.color_space),
            range="pc" if self.color_range == "pc" else "",
        )


def _wanted(fields: dict[str, Any]) -> _Wanted:
    try:
        return _Wanted.model_validate(fields)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(_NAMES.get(str(part), str(part)) for part in fault["loc"])
        raise ValueError(f"{place} {fault['msg']}") from None


def _check_codec(wanted: _Wanted, standards: frozenset[Standard], suffix: str) -> None:
    try:
        check_codecs([("", wanted)], standards, suffix)
    except PydanticCustomError as error:
        field = str((error.context or {})["field"])
        raise ValueError(f"{_NAMES.get(field, field)} {error.message()}") from None


def _refuse(path: str, _code: str, message: str) -> None:
    raise ValueError(f"{path}: {message}")


class Encoder:
    """Writes pictures, in the order in which they are shown, to a file of one video stream.

    A context manager. The file appears under its name when it is closed, whole; until then it lies
    beside it under another name, and is gone if the block is left by an exception. For one thread
    at a time; the GIL is let go while pictures are encoded.

    Rate control is that of jobs (docs/job-spec.md), and so are its names: with neither ``quality``
    nor ``bitrate`` the codec's usual quality rules.

    Args:
        path: where the file goes; it ends in ``.mp4``, ``.mov``, ``.mkv`` or ``.webm``.
        fps: pictures a second: a number, a fraction, or ``"30000/1001"``; 29.97 means that.
        codec: ``h264``, ``hevc``, ``av1``, ``vp9``, ``vp8``, or an encoder by its name.
        size: width and height in pixels, even; by default those of the first picture.
        quality: CRF, 0 (lossless with x264, x265 and VP9) to 51, of AV1 and VP9 to 63.
        bitrate: average rate in kbit/s; with ``quality``: the peak rate.
        preset: by x264's names, ``ultrafast`` to ``placebo``, whatever the codec.
        keyframe: the longest distance of key frames, in frames (90) or in seconds (``"2s"``).
        pix_format: ``yuv420p`` or ``yuv420p10le``; by default ten bits where the first picture has
            more than eight and the codec takes them.
        color_space, color_range, color_trc, color_primaries: what the file says of its colours, as
            the fields of jobs. Frames are converted to it; arrays of planes are taken to be so
            already; R'G'B' is made so. By default a frame's own, else BT.709 above 576 lines,
            BT.601 below, limited range.
        profile: as the field of jobs.
        parameters: of the encoder, as ``video_codec_parameters`` of jobs.
        time_base: seconds a tick of ``pts``; by default 1 / ``fps``, so that ``pts`` counts
            pictures. With a source's `Reader.time_base`, ``pts=frame.pts`` keeps its times.
        sar: sample aspect ratio; by default the first frame's, 1 of arrays.
        threads: of the encoder; ``auto``: as many as there are cores.

    Raises:
        ValueError: an argument is not what it should be.
        OSError: the file cannot be made there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float | Fraction | str,
        codec: str = "h264",
        size: Size | None = None,
        quality: int | None = None,
        bitrate: int | None = None,
        preset: str = "medium",
        keyframe: int | str | None = None,
        pix_format: str | None = None,
        color_space: str | None = None,
        color_range: str | None = None,
        color_trc: str | None = None,
        color_primaries: str | None = None,
        profile: str | None = None,
        parameters: dict[str, Any] | None = None,
        time_base: Fraction | None = None,
        sar: Fraction | None = None,
        threads: int | Literal["auto"] = "auto",
    ) -> None:
        self._path = Path(path)
        self._closed = True  # until all is as it should be
        self._native: _engine.PictureWriter | None = None
        if self._path.suffix.lower() not in _CONTAINERS:
            raise ValueError(f"the path ends in {', '.join(_CONTAINERS)}, not {self._path.name!r}")
        self._container, standards = _CONTAINERS[self._path.suffix.lower()]
        fields = {
            "video_codec": codec,
            "framerate": str(fps),
            "quality": quality,
            "bitrate": bitrate,
            "keyframe": keyframe,
            "pix_format": pix_format,
            "color_space": color_space,
            "color_range": color_range,
            "color_trc": color_trc,
            "color_primaries": color_primaries,
            "profile": profile,
            "video_codec_parameters": {**(parameters or {}), "preset": preset},
        }
        self._wanted = _wanted(fields)
        _check_codec(self._wanted, standards, self._path.suffix)
        if threads != "auto" and not 1 <= threads <= 64:
            raise ValueError(f'threads is "auto" or 1 to 64, not {threads}')
        self._threads = len(os.sched_getaffinity(0)) if threads == "auto" else threads
        if not self._wanted.framerate:
            raise ValueError(f"fps is pictures a second, not {fps}")
        self._rate = self._wanted.framerate
        self._time_base = 1 / self._rate if time_base is None else Fraction(time_base)
        if not 0 < self._time_base <= 1 or self._time_base.denominator > 10**9:
            raise ValueError(f"time_base is a fraction of a second, not {time_base}")
        self._sar = None if sar is None else Fraction(sar)
        self._size = None if size is None else _even(size)
        self._next = Fraction(0)  # the time of the picture that comes next, in ticks
        self._aside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.part")
        os.close(os.open(self._aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        self._gone = weakref.finalize(self, _remove, self._aside)
        self._closed = False

    @property
    def pictures(self) -> int:
        """How many were written."""
        return 0 if self._native is None else self._native.pictures

    @property
    def in_place(self) -> int:
        """How many of them were encoded where they lay, with no copy and no conversion."""
        return 0 if self._native is None else self._native.in_place

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick of ``pts``."""
        return self._time_base

    def write(
        self,
        picture: Frame | NDArray[Any] | Sequence[NDArray[Any]],
        pts: int | None = None,
        *,
        key: bool = False,
    ) -> None:
        """Encode a picture behind those before.

        Args:
            picture: a `Frame`: encoded where the decoder left it if it has the file's pixel format
                and colours, else converted once. Planes, as `Frame.planes` gives them: three of
                (H, W) and 4:2:0, 4:2:2 or 4:4:4, or two, the second interleaved; uint8, or uint16
                of ten bits (0 to 1023; of two planes the upper ten). 4:2:0 of the file's depth is
                encoded where it lies. R'G'B' of (H, W, 3), uint8 or uint16 of full range:
                converted once, from where it lies. Arrays whose rows are not memory in order (a
                transposed one, one with a negative step) are copied first.
            pts: when it is shown, in ticks of `time_base`, above that of the picture before; by
                default one picture behind it, 0 at first.
            key: ask for a key frame here, beside the regular ones.

        Raises:
            ValueError: another size, shape, type or order than the file's, or it is closed.
            TypeError: no picture. EncoderUnavailable, ResourceError (``disk_full``): the encoder's.
        """
        if self._closed:
            raise ValueError(f"the encoder of {self._path} is closed")
        if pts is not None and not 0 <= pts < 1 << 62:
            raise ValueError(f"pts is 0 or more ticks, not {pts}")
        at = round(self._next) if pts is None else pts
        if isinstance(picture, Frame):
            size = (picture.width, picture.height)
            native = self._writer(size, deep=picture.depth > 8, sar=picture.sar)
            self._require(size)
            native.write_frame(picture.native, at, key)
        elif isinstance(picture, tuple | list):
            planes = [in_rows(_array(plane)) for plane in picture]
            size = size_of(planes)
            native = self._writer(size, deep=item_bytes(planes) > 1)
            self._require(size)
            native.write_planes(planes, planes_format(planes, size), at, key)
        else:
            rgb = in_rows(_array(picture))
            size = size_of(rgb)
            require_rgb(rgb, size)
            native = self._writer(size, deep=rgb.itemsize > 1)
            self._require(size)
            native.write_rgb(rgb, at, key)
        self._next = at + 1 / (self._rate * self._time_base)

    def close(self) -> None:
        """Encode what is waiting and put the file in its place.

        Raises:
            ValueError: no picture was written. ResourceError: ``disk_full``. Nothing is left then.
        """
        if self._closed:
            return
        try:
            if self._native is None or not self._native.pictures:
                raise ValueError(f"no picture was written to {self._path}")
            self._native.finish()
            self._aside.replace(self._path)
        finally:
            self._abandon()

    def __enter__(self) -> Encoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._abandon()

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.pictures} pictures"
        return f"<Encoder of {self._path}, {state}>"

    # --

    def _abandon(self) -> None:
        self._closed = True
        self._native = None
        self._gone()

    def _require(self, size: Size) -> None:
        if size != self._size:
            assert self._size
            raise ValueError(
                f"the file's pictures are {self._size[0]}x{self._size[1]}, not {size[0]}x{size[1]}"
            )

    def _writer(
        self, size: Size, *, deep: bool, sar: Fraction = Fraction(1)
    ) -> _engine.PictureWriter:
        """The native side, made for the first picture."""
        if self._native is None:
            self._size = self._size or _even(size)
            self._require(size)
            picture, video = self._plans(deep=deep, sar=self._sar or sar)
            self._native = _engine.PictureWriter(
                picture=native_struct(_engine.PicturePlan, to_json(picture)),
                video=native_struct(_engine.VideoRenditionPlan, to_json(video)),
                time_base=self._time_base,
                container=self._container,
            )
        return self._native

    def _plans(self, *, deep: bool, sar: Fraction) -> tuple[PicturePlan, VideoRenditionPlan]:
        assert self._size
        wanted = self._wanted
        width, height = self._size
        ten_bits = deep and wanted.codec.takes_ten_bits
        shape = Picture(
            width_px=width,
            height_px=height,
            frame_rate=self._rate,
            clip=Clip(),
            geometry=Geometry(sample_aspect_ratio=sar),
            pixel_format=wanted.pix_format or ("yuv420p10le" if ten_bits else "yuv420p"),
            look=Look(color=wanted.color),
        )
        how = encoding(wanted, shape, default_preset="medium", adaptive=False, warn=_refuse)
        picture = PicturePlan(
            id="picture",
            parent=None,
            width_px=width,
            height_px=height,
            frame_rate=self._rate,
            pixel_format=shape.pixel_format,
            geometry=shape.geometry,
            look=shape.look,
        )
        keyframe = wanted.keyframe
        video = VideoRenditionPlan(
            id=self._path.name,
            picture=picture.id,
            codec=how.codec,
            preset=how.preset,
            crf=how.rate_control.crf,
            bitrate_bps=how.rate_control.bitrate_bps,
            max_bitrate_bps=how.rate_control.max_bitrate_bps,
            buffer_size_bits=how.rate_control.buffer_size_bits,
            gop_frames=keyframe_frames(keyframe, self._rate) if keyframe else USUAL_GOP_FRAMES,
            segment_s=Fraction(1),
            grid_rate=self._rate,
            threads=self._threads,
            path=str(self._aside),
            options=how.options,
            tag=how.tag,
        )
        return picture, video


def _array(value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype == object or array.ndim == 0:
        raise TypeError(f"a picture is a Frame or arrays, not {type(value).__name__}")
    return array


def _even(size: Size) -> Size:
    width, height = size
    if not (16 <= width <= 8192 and 16 <= height <= 8192) or width % 2 or height % 2:
        raise ValueError(f"pictures are 16 to 8192 pixels wide and high, even, not {size}")
    return width, height


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
