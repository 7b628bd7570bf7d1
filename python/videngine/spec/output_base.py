"""What every output has: a kind, a destination, and a name for what it makes there."""

from __future__ import annotations

import posixpath
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from videngine.spec.destination import Destination
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
    destination: Destination | None = Field(
        None,
        description="Where the objects go. Default: the server's own store, kept for a limited "
        "time.",
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
    def default_name(self) -> str:
        """Name of the file where the path names none."""
        raise NotImplementedError

    @property
    def sound_codecs(self) -> tuple[str, ...]:
        """What the output carries of sound, the default first; empty if it has no sound."""
        return ()

    @property
    def named_file(self) -> str:
        """The file that the path names by its extension, or ""."""
        path = (self.destination.path if self.destination else None) or ""
        name = posixpath.basename(path)  # a slash at the end says folder
        return name if posixpath.splitext(name)[1] in self.extensions else ""

    @property
    def folder_and_name(self) -> tuple[str, str]:
        """Where the path leads: a folder, and the file in it, named by default if need be."""
        path = self.destination.clean_path if self.destination else ""
        if self.named_file:
            return posixpath.dirname(path), self.named_file
        return path, self.default_name

    @property
    def file_names(self) -> tuple[str, ...]:
        """The files it writes into its folder, where that is known from the request."""
        return (self.folder_and_name[1],)

    @model_validator(mode="after")
    def _name_own_kind(self) -> Self:
        path = (self.destination.path if self.destination else None) or ""
        extension = posixpath.splitext(path)[1]
        if extension.lower() in _MEDIA_EXTENSIONS and extension not in self.extensions:
            better = f"end it in {' or '.join(sorted(self.extensions))}, or name a folder"
            raise invalid(
                f"ends in {extension}, which is not what this output makes; "
                f"{better if self.extensions else 'name a folder'}",
                field="destination.path",
            )
        return self
