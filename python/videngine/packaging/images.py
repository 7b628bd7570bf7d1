"""Outputs that the engine has written already, images and single sounds: they get their names.

Series of images get a WebVTT map besides: a cue for each, which names the file and, in a sheet, the
place of the tile by a media fragment (``#xywh=x,y,w,h``, W3C Media Fragments 1.0).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.renditions import Renditions
from videngine.plan import RenditionResult, ThumbnailsPlan


def package_stills(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Single images and animations: each is one file."""
    del stop  # links are over before anybody could ask
    output = renditions.output
    targets = [folder / name for name in output.entries]
    for image, target in zip(output.images, targets, strict=True):
        _give(Path(renditions.result(image).path), target)
    return [packaged(output, folder, target) for target in targets]


def package_sound(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """One file of sound, which the engine has written just so as well."""
    del stop
    output = renditions.output
    (track,) = output.tracks
    _give(Path(renditions.result(track.audio).path), folder / output.name)
    return [packaged(output, folder, folder / output.name)]


def package_thumbnails(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """A series of images, or the sheets that they are tiles of; the map comes last."""
    del stop
    output = renditions.output
    (series,) = output.images
    result = renditions.result(series)
    plan = next(p for p in renditions.plan.thumbnails if p.id == series)
    images = sorted(Path(result.path).iterdir())
    for image in images:
        _give(image, folder / image.name)
    table = folder / output.name
    table.write_text(webvtt(plan, result))
    files = [packaged(output, folder, folder / image.name) for image in images]
    return [*files, replace(packaged(output, folder, table), manifest=True)]


def webvtt(plan: ThumbnailsPlan, result: RenditionResult) -> str:
    """The map of a series: which image stands for which part of the clip."""
    cues = ["WEBVTT\n"]
    tiles = plan.columns * plan.rows
    for number in range(result.frames):
        begins = number * plan.interval_s
        ends = min(begins + plan.interval_s, result.duration_s)
        name = plan.file_pattern % (number // tiles + 1 if tiles else number + 1)
        if tiles:
            row, column = divmod(number % tiles, plan.columns)
            x, y = column * plan.width_px, row * plan.height_px
            name += f"#xywh={x},{y},{plan.width_px},{plan.height_px}"
        cues.append(f"{_timestamp(begins)} --> {_timestamp(ends)}\n{name}\n")
    return "\n".join(cues)


def _timestamp(seconds: Fraction) -> str:
    """As WebVTT writes it: hours:minutes:seconds.milliseconds."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _give(image: Path, target: Path) -> None:
    """A hard link where the file system has them, else a copy: outputs may share an image."""
    try:
        os.link(image, target)
    except OSError:
        shutil.copyfile(image, target)
