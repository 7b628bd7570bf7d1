"""``source``: where the one video of a job comes from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from videngine.spec.faults import invalid
from videngine.spec.ftp import FtpPlace
from videngine.spec.model import NotYet
from videngine.spec.place import FilePlace, Place, UrlOr, kind_of_place, needs_one_of
from videngine.spec.private import WebUrl
from videngine.spec.s3 import ObjectPath, S3Place
from videngine.spec.sftp import SftpPlace


class S3Source(S3Place):
    """An object in a bucket."""

    model_config = ConfigDict(json_schema_extra=needs_one_of(("bucket", "path"), ("url",)))

    path: ObjectPath = Field(description="Key; one leading `/` is dropped. Required.")

    @model_validator(mode="after")
    def _name_object(self) -> S3Source:
        if not self.object_key:
            raise invalid("must name the object", code="missing_field", field="path")
        return self


class HttpSource(Place):
    """A file on a web server; pre-signed URLs too."""

    type: Literal["http", "https"] = Field(
        "https", description="Kind of storage. Default: told from `url`."
    )
    url: WebUrl = Field(
        description="Where the file is; `user:password@` and signatures in the query are kept "
        "secret. Required."
    )
    key: NotYet = Field(None, description="User; write it into `url`. No default.")
    secret: NotYet = Field(None, description="Password; write it into `url`. No default.")

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "http"

    def echo(self) -> dict[str, Any]:
        """The source as responses print it."""
        return {"type": self.type, "url": str(self.url)}


class FtpSource(FtpPlace):
    """A file on an FTP server."""


class SftpSource(SftpPlace):
    """A file on an SSH server."""


class FileSource(FilePlace):
    """A file on the machine of the service."""


Source = Annotated[
    Annotated[S3Source, Tag("s3")]
    | Annotated[HttpSource, Tag("http")]
    | Annotated[FtpSource, Tag("ftp")]
    | Annotated[SftpSource, Tag("sftp")]
    | Annotated[FileSource, Tag("file")],
    Discriminator(kind_of_place),
    UrlOr(),
]
