"""A ladder of files: each rendition one MP4, with a playlist of byte ranges or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videngine import engine
from videngine.languages import iso_639_2
from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged_folder
from videngine.packaging.hls import write_playlists
from videngine.packaging.ladder import cut_ladder
from videngine.packaging.renditions import Renditions
from videngine.packaging.texts import timed_text, write_whole_files


def package_advanced_mp4(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package ``video_1.mp4``, ``video_2.mp4`` ... and, with sounds apart, ``audio_1.mp4`` ...

    With a playlist, or encrypted, the files are fragmented, with an index (``sidx``) before the
    first fragment: they play as they are and by byte ranges. Else they are progressive.
    """
    output = renditions.output
    if output.name:
        ladder = cut_ladder(renditions, folder, hls=output.name, stop=stop)
        write_playlists(renditions, folder, output.name, ladder)
    elif output.protection is not None:
        cut_ladder(renditions, folder, stop=stop)
        write_whole_files(renditions, folder)
    else:
        _remux(renditions, folder, stop)
    return packaged_folder(output, folder)


def _remux(renditions: Renditions, folder: Path, stop: Callable[[], bool]) -> None:
    """Progressive files: pictures with all sounds inside, or each rendition alone."""
    output, layout = renditions.output, renditions.layout
    sounds = [(Path(r.path), iso_639_2(t.language)) for r, t in zip(
        renditions.audio, output.tracks, strict=True)]  # fmt: skip
    files = {
        layout.file(f"video_{number}"): [(Path(picture.path), "")]
        + ([] if output.separate_audio else sounds)
        for number, picture in enumerate(renditions.video, 1)
    }
    if output.separate_audio:
        files |= {layout.file(f"audio_{n}"): [sound] for n, sound in enumerate(sounds, 1)}
    texts = timed_text(renditions)
    pictures = [layout.file(f"video_{n}") for n, _ in enumerate(renditions.video, 1)]
    for name, tracks in files.items():
        paths, languages = zip(*tracks, strict=True)
        shown = texts if name in pictures else []
        engine.remux_file(paths, folder / name, languages=languages, texts=shown, stop=stop)
