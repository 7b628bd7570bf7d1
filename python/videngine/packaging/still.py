"""Thumbnails: the engine has written the image already; the output is that file, renamed."""

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
    output = renditions.output
    assert output.still is not None, "planning names the still of every thumbnail output"
    image = Path(renditions.result(output.still).path)
    target = folder / output.name
    try:
        os.link(image, target)
    except OSError:
        shutil.copyfile(image, target)
    return [packaged(output, folder, target)]
