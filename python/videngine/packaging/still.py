"""Images and files of sound: the engine has written them already; the output is one, renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.renditions import Renditions


def package_still(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Give one image to an output: a hard link where the file system has them, else a copy."""
    del stop  # one link is over before anybody could ask
    still = renditions.output.still
    assert still is not None, "planning names the still of every thumbnail output"
    return _renamed(renditions, still, folder)


def package_sound(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Give one file of sound to an output."""
    del stop
    (track,) = renditions.output.tracks
    return _renamed(renditions, track.audio, folder)


def _renamed(renditions: Renditions, rendition: str, folder: Path) -> list[PackagedFile]:
    made = Path(renditions.result(rendition).path)
    target = folder / renditions.output.name
    try:
        os.link(made, target)
    except OSError:
        shutil.copyfile(made, target)
    return [packaged(renditions.output, folder, target)]
