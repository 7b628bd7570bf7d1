"""``stitch``: several sources that are shown in a row, each whole or in part."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Tag

from videngine.spec.choice import ToldBy
from videngine.spec.place import UrlOr, kind_of_place
from videngine.spec.rendition import ClipFields
from videngine.spec.source import FileSource, HttpSource, S3Source


class S3Clip(S3Source, ClipFields):
    """An object in a bucket, or a part of it."""

    def echo(self) -> dict[str, Any]:
        """The clip as responses print it."""
        return {**super().echo(), **echo_range(self)}


class HttpClip(HttpSource, ClipFields):
    """A file on a web server, or a part of it."""

    def echo(self) -> dict[str, Any]:
        """The clip as responses print it."""
        return {**super().echo(), **echo_range(self)}


class FileClip(FileSource, ClipFields):
    """A file on the machine of the service, or a part of it."""

    def echo(self) -> dict[str, Any]:
        """The clip as responses print it."""
        return {**super().echo(), **echo_range(self)}


def echo_range(clip: ClipFields) -> dict[str, Any]:
    """The part of the source that a clip takes, as it was asked for."""
    return clip.model_dump(include={"start_time", "duration"}, exclude_none=True)


Clip = Annotated[
    Annotated[S3Clip, Tag("s3")]
    | Annotated[HttpClip, Tag("http")]
    | Annotated[FileClip, Tag("file")],
    ToldBy(kind_of_place),
    UrlOr(),
]
