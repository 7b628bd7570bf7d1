"""Progressive MP4 and WebM: picture and sounds in one file that plays from its first byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videngine import engine
from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.labels import iso_639_2
from videngine.packaging.renditions import Renditions


def package_file(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Put the output's one rung and its sounds into one file, its index first."""
    output = renditions.output
    tracks = renditions.video + renditions.audio
    languages = ["" for _ in output.rungs] + [iso_639_2(t.language) for t in output.tracks]
    target = folder / output.name
    engine.remux_file(
        [Path(track.path) for track in tracks], target, languages=languages, stop=stop
    )
    return [packaged(output, folder, target)]
