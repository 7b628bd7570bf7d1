"""Outputs that are images, fitted to this source: sizes, moments, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil

from videngine.media import Stream
from videngine.planning.framing import (
    MAX_SIDE_PX,
    Asked,
    Frame,
    Framing,
    Size,
    by,
    framed,
    shrinking,
    turned,
)
from videngine.planning.images import Gif, Still, Thumbnails
from videngine.planning.pictures import Clip, frame_rate
from videngine.spec.images import GifOutput, ImageOutput, ThumbnailsOutput
from videngine.spec.still_time import StillTime
from videngine.spec.thumbnail import ThumbnailOutput

DEFAULT_STILL_QUALITY = 85
DEFAULT_GIF_RATE = Fraction(10)
DEFAULT_INTERVAL_S = Fraction(10)
DEFAULT_COLUMNS = 10
GIF_SIDE_PX = 640  # of one that names no size
TILE_WIDTH_PX = 160
MAX_SHEET_PX = 8192  # a side of a sheet: what browsers decode everywhere
MAX_IMAGES = 10_000
_MIDDLE = StillTime("0.5", fraction=Fraction(1, 2))
_LIMIT = (MAX_SIDE_PX, MAX_SIDE_PX)

Warn = Callable[[str, str, str], None]
"""Takes the path below the output, the code and the message of a warning."""


def stills(
    output: ThumbnailOutput, stream: Stream, clip: Clip, *, upscale: bool, warn: Warn
) -> list[Still]:
    """The images of a thumbnail output: one for each moment."""
    frame = _whole(output, stream, upscale=upscale, warn=warn).rounded()
    still = Still(
        time_s=clip.start_s,
        frame_offset=output.frame_number or 0,
        frame=frame,
        format=output.effective_format,
        quality=output.quality or DEFAULT_STILL_QUALITY,
    )
    if output.frame_number is not None:
        return [still]
    moments = output.time or (_MIDDLE,)
    return [
        Still(
            time_s=clip.start_s + _moment(time, stream, clip, warn),
            frame=frame,
            format=still.format,
            quality=still.quality,
        )
        for time in moments
    ]


def gif(
    output: GifOutput,
    stream: Stream,
    clip: Clip,
    *,
    longest_s: Fraction,
    upscale: bool,
    warn: Warn,
) -> Gif:
    """The animation of an output; cut where it would be longer than the server makes them."""
    if clip.length_s is None or clip.length_s > longest_s:
        message = f"This server makes GIFs of {float(longest_s):g} s at most; it ends there."
        warn("duration", "duration_clipped", message)
        clip = Clip(start_s=clip.start_s, duration_s=longest_s, length_s=longest_s)
    framing = _whole(output, stream, upscale=upscale, warn=warn)
    if output.height is None and output.width is None:
        framing = framing.scaled(shrinking(framing.frame, (GIF_SIDE_PX, GIF_SIDE_PX)))
    return Gif(frame=framing.rounded(), frame_rate=output.framerate or DEFAULT_GIF_RATE, clip=clip)


def thumbnails(
    output: ThumbnailsOutput, stream: Stream, clip: Clip, *, upscale: bool, warn: Warn
) -> Thumbnails:
    """The series of images of an output."""
    interval_s = output.interval or DEFAULT_INTERVAL_S
    length_s = clip.length_s
    # Where the end is a guess, the source says how many there are.
    images = MAX_IMAGES if length_s is None else ceil(length_s / interval_s)
    if clip.duration_s is None:
        images += 1
    if images > MAX_IMAGES:
        interval_s = Fraction(ceil((length_s or 0) / MAX_IMAGES))
        images = MAX_IMAGES
        message = f"At most {MAX_IMAGES} images are made: one every {float(interval_s):g} s."
        warn("interval", "interval_clamped", message)
    frame, columns, rows = _tiles(output, stream, images, upscale=upscale, warn=warn)
    return Thumbnails(
        frame=frame,
        interval_s=interval_s,
        images=images,
        clip=clip,
        format=output.effective_format,
        quality=output.quality or DEFAULT_STILL_QUALITY,
        columns=columns,
        rows=rows,
    )


def _tiles(
    output: ThumbnailsOutput, stream: Stream, images: int, *, upscale: bool, warn: Warn
) -> tuple[Frame, int, int]:
    """The frame of one image, and the columns and rows of a sheet, 0 for none."""
    framing = _whole(output, stream, upscale=upscale, warn=warn)
    if output.height is None and output.width is None:
        framing = framing.scaled(min(Fraction(1), TILE_WIDTH_PX / framing.frame[0]))
    if not output.sprite:
        return framing.rounded(), 0, 0
    frame = framing.even()
    most = tuple(max(1, MAX_SHEET_PX // side) for side in frame.size)
    wanted = output.columns or DEFAULT_COLUMNS
    columns = min(wanted, most[0])
    if columns != wanted and output.columns:
        message = f"A sheet is at most {MAX_SHEET_PX} px wide: {columns} columns are made."
        warn("columns", "columns_clamped", message)
    columns = min(columns, images)
    return frame, columns, min(ceil(images / columns), most[1])


def _whole(output: ImageOutput, stream: Stream, *, upscale: bool, warn: Warn) -> Framing:
    """The frame that was asked for, no larger than the source unless it may be."""
    framing = framed(asked(output), stream.display_size)
    source = turned(stream.display_size, framing.rotation_deg)
    limited = framing if upscale else framing.scaled(shrinking(framing.whole, source))
    limited = limited.within(_LIMIT)
    have, made = framing.rounded().size, limited.rounded().size
    if have != made:
        limit: Size = _LIMIT if upscale else source
        warn("", "size_clamped", f"{by(have)} is larger than {by(limit)}; {by(made)} is made.")
    return limited


def asked(output: ImageOutput) -> Asked:
    """What an output says about the shape of its images."""
    return Asked(
        width_px=output.width,
        height_px=output.height,
        mode=output.resize_mode or "scale",
        rotation_deg=output.rotate or 0,
    )


def _moment(time: StillTime, stream: Stream, clip: Clip, warn: Warn) -> Fraction:
    """Seconds into the clip at which an image is taken; never beyond the last frame."""
    at, length = time.seconds, clip.length_s
    if length is None:
        return at or Fraction(0)
    last = max(Fraction(0), length - 1 / frame_rate(stream))
    if at is None:
        return min((time.fraction or Fraction(0)) * length, last)
    if at > length:
        message = f"The clip lasts {float(length):g} s; its last frame is taken."
        warn("time", "time_clamped", message)
    return min(at, last)
