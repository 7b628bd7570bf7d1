"""The finished files of an output: keys, content types, and the order in which they may appear."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from videngine.content_types import content_type_of
from videngine.outputs import OutputPlan, PackagedFile

_MANIFESTS = {".m3u8", ".mpd"}


def packaged(output: OutputPlan, folder: Path, path: Path) -> PackagedFile:
    """One file below ``folder``, with its key below the output's destination."""
    inside = PurePosixPath(path.relative_to(folder).as_posix())
    sound = inside.parts[0].startswith("audio_")
    return PackagedFile(
        path=str(path),
        key=str(PurePosixPath(output.root) / inside),
        content_type="audio/mp4" if sound and path.suffix == ".mp4" else content_type_of(path.name),
        manifest=path.suffix in _MANIFESTS,
    )


def packaged_folder(output: OutputPlan, folder: Path) -> list[PackagedFile]:
    """All files of a segmented output: media first, then media playlists, the entry point last."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    entry = folder / output.name
    return [
        packaged(output, folder, path)
        for path in sorted(paths, key=lambda p: (p == entry, p.suffix in _MANIFESTS))
    ]
