"""Where the objects of each output go.

Decided from the request alone, so it is known when a job is accepted. No two outputs of a job may
write the same object: the later one gets a folder ``output_<index>`` below its path. Outputs
without a destination always have such a folder, in the server's own store.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from videngine.errors import Fault
from videngine.spec.destination import (
    Destination,
    FileDestination,
    FtpDestination,
    S3Destination,
    SftpDestination,
)
from videngine.spec.job import JobSpec
from videngine.spec.outputs import AdaptiveOutput, Output, SegmentedOutput, ThumbnailsOutput

_ADAPTIVE_FILES = re.compile(r"(video|audio|subs)_[^/]*/[^/]*|[^/]*\.(m3u8|mpd)")
_FLAT_FILES = re.compile(r"(video|audio|subs)_[^/]*|[^/]*\.(m3u8|mpd)")
_LADDERS = {_ADAPTIVE_FILES, _FLAT_FILES}
_THUMBNAILS_FILES = re.compile(r"(thumbnail|sprite)_\d{4,}\.(png|jpg|webp)|[^/]*\.vtt")


@dataclass(frozen=True, kw_only=True)
class OutputPlace:
    """Where one output goes.

    ``folders`` are the parts of each ``destination.path`` that are a folder ("" for none): the keys
    of its sink are below it. ``root`` is the output's own folder below that ("" for none), ``name``
    the file it makes there, the manifest's for HLS and DASH.
    """

    index: int
    folders: tuple[str, ...]
    root: str
    name: str

    @property
    def folder(self) -> str:
        """The folder at the first destination."""
        return self.folders[0]


def place_outputs(spec: JobSpec) -> tuple[tuple[OutputPlace, ...], tuple[Fault, ...]]:
    """The place of every output, and a ``path_collision`` warning for each that had to give way."""
    places: list[OutputPlace] = []
    claims: list[_Claim] = []
    warnings: list[Fault] = []
    for index, output in enumerate(spec.format):
        own = f"output_{index}"
        root = own if output.destination is None else ""
        place = OutputPlace(
            index=index, folders=output.folders, root=root, name=output.folder_and_name[1]
        )
        turn = 1
        while taken := _taken(claims, _claims(output, place)):
            place = replace(place, root=own if turn == 1 else f"{own}_{turn}")
            if turn == 1:
                warnings.append(_collision(place, taken))
            turn += 1
        places.append(place)
        claims += _claims(output, place)
    return tuple(places), tuple(warnings)


@dataclass(frozen=True)
class _Claim:
    """The objects that an output will write in ``folder``: ``names``, or all that fit ``files``."""

    index: int
    store: tuple[str, ...]
    folder: str
    names: tuple[str, ...]
    files: re.Pattern[str] | None

    def meets(self, other: _Claim) -> bool:
        """Whether both might write the same object."""
        if self.store != other.store:
            return False
        alike = self.files == other.files or {self.files, other.files} <= _LADDERS
        if self.files and alike and self.folder == other.folder:
            return True
        return self._reaches(other) or other._reaches(self)

    def _reaches(self, other: _Claim) -> bool:
        paths = (posixpath.join(other.folder, name) for name in other.names)
        below = [path for path in (_below(self.folder, p) for p in paths) if path is not None]
        if self.files:
            return any(self.files.fullmatch(path) for path in below)
        return not set(below).isdisjoint(self.names)


def _below(folder: str, path: str) -> str | None:
    """``path`` as seen from ``folder``, or None when it is not in there."""
    if not folder:
        return path
    return path[len(folder) :].lstrip("/") if path.startswith(folder.rstrip("/") + "/") else None


def _taken(claims: list[_Claim], wanted: list[_Claim]) -> _Claim | None:
    """The first claim that is in the way."""
    return next((c for c in claims if any(c.meets(claim) for claim in wanted)), None)


def _claims(output: Output, place: OutputPlace) -> list[_Claim]:
    places = output.destinations or (None,)
    return [
        _claim(output, place, destination, folder)
        for destination, folder in zip(places, place.folders, strict=True)
    ]


def _claim(
    output: Output, place: OutputPlace, destination: Destination | None, folder: str
) -> _Claim:
    store: tuple[str, ...] = ("default",)
    if isinstance(destination, S3Destination):
        store = ("s3", (destination.endpoint_url or "").lower(), destination.bucket)
    elif isinstance(destination, FtpDestination | SftpDestination):
        store = (destination.kind, destination.host, str(destination.port))
    elif isinstance(destination, FileDestination):
        store = ("file",)
    files = None
    if isinstance(output, SegmentedOutput):
        flat = isinstance(output, AdaptiveOutput) and output.is_flat
        files = _FLAT_FILES if flat else _ADAPTIVE_FILES
    elif isinstance(output, ThumbnailsOutput):
        files = _THUMBNAILS_FILES
    return _Claim(
        place.index,
        store,
        posixpath.join(folder, place.root).rstrip("/") or folder,
        output.file_names,
        files,
    )


def _collision(place: OutputPlace, taken: _Claim) -> Fault:
    return Fault(
        path=f"format[{place.index}].destination.path",
        code="path_collision",
        message=f"format[{taken.index}] writes to the same place; this output goes to the folder "
        f"{place.root} below it.",
    )
