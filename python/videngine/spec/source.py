"""``source``: where the one video of a job comes from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Tag, model_validator

from videngine.spec.choice import ToldBy
from videngine.spec.faults import invalid
from videngine.spec.ftp import FtpPlace
from videngine.spec.place import FilePlace, Place, UrlOr, kind_of_place, needs_one_of
from videngine.spec.private import SecretText, WebUrl, with_user
from videngine.spec.s3 import ObjectPath, S3Place
from videngine.spec.sftp import SftpPlace
from videngine.spec.values import is_unset


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
    key: SecretText | None = Field(
        None, description="User of the web server, in the place of `user@` in `url`. Default: none."
    )
    secret: SecretText | None = Field(None, description="Its password. Default: none.")

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "http"

    @model_validator(mode="before")
    @classmethod
    def _log_in(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("url"), str):
            return data
        user, password = (data.get(name) for name in ("key", "secret"))
        if is_unset(user) and is_unset(password):
            return data
        if not isinstance(user, str) or not isinstance(password, str | None):
            raise invalid("must be text", field="key")
        url = with_user(data["url"], user, password or "")
        if url is None:
            raise invalid(
                "`url` has a user too; give it once",
                code="conflicting_fields",
                field="key",
                final=True,
            )
        return {**data, "url": url, "key": None, "secret": None}

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
    ToldBy(kind_of_place),
    UrlOr(),
]
