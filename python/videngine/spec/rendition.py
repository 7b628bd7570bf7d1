"""Fields of a rendition, mixed into outputs and ``stream[]``: picture, range."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from videngine.spec.colour import (
    DEINTERLACE,
    ColorMatrix,
    ColorPrimaries,
    ColorRange,
    ColorTransfer,
    Deinterlace,
)
from videngine.spec.encoding import EncodingFields
from videngine.spec.logo import Logos
from videngine.spec.model import Model
from videngine.spec.protection import NothingAsked
from videngine.spec.shape import (
    RESIZE_MODE,
    ROTATE,
    AspectRatio,
    FrameSize,
    ResizeMode,
    Rotation,
)
from videngine.spec.values import (
    Duration,
    EvenPixels,
    Flag,
    FrameRate,
    Keyframe,
    StartTime,
)

SIZE_FIELDS = ("height", "width", "size", "resolution")


class VideoFields(EncodingFields):
    """How a picture is sized, timed and encoded."""

    height: EvenPixels | None = Field(
        None,
        description="Height in px, even. Default: follows from `width` and the source's shape, "
        "else the source's.",
    )
    width: EvenPixels | None = Field(
        None,
        description="Width in px, even. Given with `height`, `resize_mode` says how the picture is "
        "brought into both. Default: follows from `height` and the source's shape, else the "
        "source's.",
    )
    framerate: FrameRate | None = Field(
        None,
        description="Constant rate in frames/s, 1 to 240; 23.976, 29.97 and 59.94 mean n/1001. "
        "Default: the source's; "
        "the nearest usual rate where it varies.",
    )
    keyframe: Keyframe | None = Field(
        None,
        description='Longest distance of keyframes: frames (1 to 1000), or seconds as "3s". Every '
        "segment starts with "
        "one besides. Default: at most 90 frames, in equal parts of a segment.",
    )
    aspect_ratio: AspectRatio | None = Field(
        None,
        description='Shape of the picture on the screen: "16:9", 1.77. A missing side follows from '
        "it; where both sides are given, or neither is, the pixels are not square. Default: the "
        "source's.",
    )
    resize_mode: ResizeMode | None = Field(None, description=RESIZE_MODE)
    resolution: EvenPixels | None = Field(
        None,
        description="The smaller side in px, whichever it is; wins over `size`, `width` and "
        "`height`. Default: unset.",
    )
    size: FrameSize | None = Field(
        None,
        description='Both sides in px, "1280x720"; wins over `width` and `height`. Default: unset.',
    )
    framerate_limit: FrameRate | None = Field(
        None, description="Highest frames/s, where the rate would be above it. Default: none."
    )
    rotate: Rotation | None = Field(None, description=ROTATE)
    deinterlace: Deinterlace | None = Field(None, description=DEINTERLACE)
    hdr_to_sdr: Flag | None = Field(
        None,
        description="Whether an HDR source (PQ, HLG) is tone-mapped to SDR of BT.709, which "
        "overrides `color_*`. Default: 0.",
    )
    color_space: ColorMatrix | None = Field(
        None,
        description="Matrix of the output; `1` keeps the source's. Where the source has another, "
        "colours are converted; where it names none, it is taken to have this one. Default: the "
        "source's.",
    )
    color_range: ColorRange | None = Field(
        None, description="Range of the output; `1` keeps the source's. Default: tv."
    )
    color_trc: ColorTransfer | None = Field(
        None,
        description="Transfer of the output, as `color_space`; not from SDR to HDR or back. "
        "Default: the source's.",
    )
    color_primaries: ColorPrimaries | None = Field(
        None, description="Primaries of the output, as `color_space`. Default: the source's."
    )
    logo: Annotated[Logos | None, NothingAsked()] = Field(
        None,
        description="Image laid over the picture, or a list of up to eight. Default: none.",
    )
    metrics: Flag | None = Field(
        None,
        description="Whether to measure VMAF and PSNR against the source, for the report. Default: "
        "0.",
    )


class ClipFields(Model):
    """Which part of the source is taken."""

    start_time: StartTime | None = Field(
        None, description='Start in the source: seconds, "12.5s" or a timecode. Default: 0.'
    )
    duration: Duration | None = Field(
        None,
        description="Length from `start_time`, in the same forms; cut at the end. Default: to the "
        "end.",
    )
