"""What every output has: a kind, a destination, and a name for what it makes there."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from videngine.spec.destination import Destination, Destinations
from videngine.spec.faults import invalid
from videngine.spec.model import Model
from videngine.spec.values import Flag, text

_MEDIA_EXTENSIONS = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".ts", ".m4s", ".m3u8", ".mpd", ".key"),
        *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"),
        *(".mp3", ".m4a", ".aac", ".flac", ".wav", ".ogg", ".opus"),
        *(".srt", ".vtt", ".ass", ".ttml", ".txt", ".json"),
    )
)

Label = Annotated[str, text(255, "a label")]


class OutputBase(Model):
    """What every output has."""

    kind: ClassVar[str]
    extensions: ClassVar[frozenset[str]]  # of the file it makes

    output: str = Field(description="Kind of output. Required.")
    destination: Destinations | None = Field(
        None,
        description="Where the objects go; a list of up to 10 gets every object in each. Default: "
        "the server's own store, kept for a limited time.",
    )
    allow_soft_fail: Flag | None = Field(
        None,
        description="Whether the job goes on and completes when this output fails. Default: 0.",
    )
    tag: Label | None = Field(
        None, description="Label of yours, returned with the output's report. Default: none."
    )
    user_tag: Label | None = Field(
        None, description="A second label, returned likewise. Default: none."
    )

    @property
    def labels(self) -> tuple[str | None, str | None]:
        """`tag` and `user_tag`, for reports."""
        return self.tag, self.user_tag

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where the objects go; empty for the server's own store."""
        if self.destination is None:
            return ()
        return self.destination if isinstance(self.destination, tuple) else (self.destination,)

    @property
    def default_name(self) -> str:
        """Name of the file where the path names none."""
        raise NotImplementedError

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What the output carries of sound, the default first; empty if it has no sound."""
        return ()

    @property
    def named_file(self) -> str:
        """The file that a path names by its extension, or ""."""
        return next((name for name in map(self._file_in, self.destinations) if name), "")

    def _file_in(self, destination: Destination) -> str:
        name = posixpath.basename(destination.path or "")  # a slash at the end says folder
        return name if posixpath.splitext(name)[1] in self.extensions else ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folder that each destination's path leads to; one, "", for the server's own store."""
        return tuple(
            posixpath.dirname(place.clean_path) if self._file_in(place) else place.clean_path
            for place in self.destinations
        ) or ("",)

    @property
    def folder_and_name(self) -> tuple[str, str]:
        """Where the first path leads: a folder, and the file in it, named by default if need be."""
        return self.folders[0], self.named_file or self.default_name

    @property
    def file_names(self) -> tuple[str, ...]:
        """The files it writes into its folder, where that is known from the request."""
        return (self.folder_and_name[1],)

    @model_validator(mode="after")
    def _name_own_kind(self) -> Self:
        for index, place in enumerate(self.destinations):
            several = isinstance(self.destination, tuple)
            self._check_path(place, f"destination.{index}.path" if several else "destination.path")
        return self

    def _check_path(self, place: Destination, field: str) -> None:
        extension = posixpath.splitext(place.path or "")[1]
        if extension.lower() in _MEDIA_EXTENSIONS and extension not in self.extensions:
            better = f"end it in {' or '.join(sorted(self.extensions))}, or name a folder"
            raise invalid(
                f"ends in {extension}, which is not what this output makes; "
                f"{better if self.extensions else 'name a folder'}",
                field=field,
            )
        if self._file_in(place) not in ("", self.named_file):
            raise invalid(
                f"names another file than {self.named_file}; all destinations get the same names",
                code="conflicting_fields",
                field=field,
            )


def numbered(name: str, count: int) -> tuple[str, ...]:
    """Names for several files instead of one: ``a_1.png``, ``a_2.png`` for ``a.png``."""
    stem, extension = posixpath.splitext(name)
    return tuple(f"{stem}_{n}{extension}" for n in range(1, count + 1))
