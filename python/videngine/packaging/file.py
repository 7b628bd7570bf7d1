"""MP4 and WebM: picture and sounds in one file that plays from its first byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from videngine import engine
from videngine.languages import iso_639_2
from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.renditions import Renditions
from videngine.packaging.texts import timed_text

_TRACKS = ".encrypted"


def package_file(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Put the output's one rung and its sounds into one file, its index first.

    An encrypted MP4 is fragmented: its tracks are encrypted one by one and put together.
    """
    output = renditions.output
    if output.protection is not None:
        from videngine.packaging.interleave import interleave
        from videngine.packaging.ladder import cut_ladder

        tracks_folder = folder / _TRACKS
        tracks_folder.mkdir()
        ladder = cut_ladder(renditions, tracks_folder, stop=stop)
        names = [renditions.layout.file(stream.name) for stream in ladder.streams]
        target = folder / output.name
        interleave([tracks_folder / name for name in names], target, stop=stop)
        shutil.rmtree(tracks_folder)
        return [packaged(output, folder, target)]
    tracks = renditions.video + renditions.audio
    languages = ["" for _ in output.rungs] + [iso_639_2(t.language) for t in output.tracks]
    target = folder / output.name
    engine.remux_file(
        [Path(track.path) for track in tracks],
        target,
        languages=languages,
        texts=timed_text(renditions),
        stop=stop,
    )
    return [packaged(output, folder, target)]
