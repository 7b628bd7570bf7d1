"""The distinct images of a job, of which equal ones are made once, and their plans."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from videngine.plan import AS_IT_IS, GifPlan, ImageFormat, Look, StillPlan, ThumbnailsPlan
from videngine.planning.framing import Frame
from videngine.planning.pictures import Clip


@dataclass(frozen=True, kw_only=True)
class Still:
    """A distinct image: the frame on screen at ``time_s``, or so many frames behind it."""

    time_s: Fraction
    frame_offset: int = 0
    frame: Frame
    format: ImageFormat
    quality: int
    look: Look = AS_IT_IS


@dataclass(frozen=True, kw_only=True)
class Gif:
    """A distinct animation."""

    frame: Frame
    frame_rate: Fraction
    clip: Clip
    look: Look = AS_IT_IS


@dataclass(frozen=True, kw_only=True)
class Thumbnails:
    """A distinct series of images; ``columns`` 0: without sheets."""

    frame: Frame
    interval_s: Fraction
    images: int
    clip: Clip
    format: ImageFormat
    quality: int
    columns: int
    rows: int
    look: Look = AS_IT_IS


Image = Still | Gif | Thumbnails


class Images:
    """Gives each distinct image one id, in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._stills: dict[Still, str] = {}
        self._gifs: dict[Gif, str] = {}
        self._thumbnails: dict[Thumbnails, str] = {}

    def id(self, image: Image) -> str:
        """The id of an image."""
        match image:
            case Still():
                return self._stills.setdefault(image, f"still{len(self._stills)}")
            case Gif():
                return self._gifs.setdefault(image, f"gif{len(self._gifs)}")
            case Thumbnails():
                return self._thumbnails.setdefault(image, f"thumbnails{len(self._thumbnails)}")

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._stills or self._gifs or self._thumbnails)

    def keyframes_do(self, keyframe_interval_s: Fraction | None) -> bool:
        """Whether key frames alone show all that is asked for: one at least of every interval."""
        return (
            keyframe_interval_s is not None
            and bool(self._thumbnails)
            and not (self._stills or self._gifs)
            and all(t.interval_s >= keyframe_interval_s for t in self._thumbnails)
            and not any(t.look.deinterlace for t in self._thumbnails)  # that takes neighbours
        )

    def stills(self, work_dir: str) -> tuple[StillPlan, ...]:
        """Plans of the single images."""
        return tuple(
            StillPlan(
                id=name,
                time_s=still.time_s,
                frame_offset=still.frame_offset,
                width_px=still.frame.size[0],
                height_px=still.frame.size[1],
                geometry=still.frame.geometry,
                look=still.look,
                format=still.format,
                quality=still.quality,
                path=f"{work_dir}/{name}.{still.format}",
            )
            for still, name in self._stills.items()
        )

    def gifs(self, work_dir: str) -> tuple[GifPlan, ...]:
        """Plans of the animations."""
        return tuple(
            GifPlan(
                id=name,
                width_px=gif.frame.size[0],
                height_px=gif.frame.size[1],
                geometry=gif.frame.geometry,
                look=gif.look,
                frame_rate=gif.frame_rate,
                start_s=gif.clip.start_s,
                duration_s=gif.clip.duration_s,
                path=f"{work_dir}/{name}.gif",
            )
            for gif, name in self._gifs.items()
        )

    def thumbnails(self, work_dir: str) -> tuple[ThumbnailsPlan, ...]:
        """Plans of the series."""
        return tuple(
            ThumbnailsPlan(
                id=name,
                interval_s=series.interval_s,
                images=series.images,
                width_px=series.frame.size[0],
                height_px=series.frame.size[1],
                geometry=series.frame.geometry,
                look=series.look,
                format=series.format,
                quality=series.quality,
                columns=series.columns,
                rows=series.rows,
                start_s=series.clip.start_s,
                duration_s=series.clip.duration_s,
                folder=f"{work_dir}/{name}",
                file_pattern=f"{'sprite' if series.columns else 'thumbnail'}_%04d.{series.format}",
            )
            for series, name in self._thumbnails.items()
        )
