"""``destination``: where the objects of one output go."""

from __future__ import annotations

import posixpath
import re
from typing import Annotated, Any

from pydantic import Field, Tag, field_validator

from videngine.spec.choice import ToldBy
from videngine.spec.faults import invalid
from videngine.spec.ftp import FtpPlace
from videngine.spec.model import Model
from videngine.spec.place import FilePlace, UrlOr, kind_of_place
from videngine.spec.s3 import S3Place
from videngine.spec.sftp import SftpPlace
from videngine.spec.values import Scalar, flag

CANNED_ACLS = (
    "private",
    "public-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)


def _permissions(value: object) -> bool | str:
    if isinstance(value, str) and value.strip().lower() in CANNED_ACLS:
        return value.strip().lower()
    try:
        return flag(value)
    except ValueError:
        raise invalid(f"must be true, false or one of {', '.join(CANNED_ACLS)}") from None


Permissions = Annotated[
    bool | str, Scalar(_permissions, {"anyOf": [{"type": "boolean"}, {"enum": list(CANNED_ACLS)}]})
]


_CLASS = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
MAX_DESTINATIONS = 10


def _storage_class(value: object) -> str:
    name = value.strip().upper() if isinstance(value, str) else ""
    if not _CLASS.fullmatch(name):
        raise invalid("must be the name of a storage class such as STANDARD_IA")
    return name


def _cache_control(value: object) -> str:
    found = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(found) <= 256 or not found.isascii() or not found.isprintable():
        raise invalid("must be a header's value of 1 to 256 printable ASCII characters")
    return found


StorageClass = Annotated[str, Scalar(_storage_class, {"type": "string", "maxLength": 64})]
CacheControl = Annotated[str, Scalar(_cache_control, {"type": "string", "maxLength": 256})]


class BelowItself(Model):
    """Mixed into destinations: a path must not lead out of what it names."""

    @field_validator("path", check_fields=False)
    @classmethod
    def _stay_below(cls, path: str | None) -> str | None:
        if path and ".." in path.replace("\\", "/").split("/"):
            raise invalid("must not hold `..`")
        return path


class S3Destination(S3Place, BelowItself):
    """A place in a bucket; ``path`` is a folder, or a file's name where the output is one file."""

    permissions: Permissions | None = Field(
        None,
        description="true: objects are public (`public-read`); false: no ACL is sent; or the name "
        "of a canned ACL. "
        "Default: false.",
    )
    storage_class: StorageClass | None = Field(
        None,
        description="Storage class of the objects, as the store names it. Default: the bucket's.",
    )
    cache_control: CacheControl | None = Field(
        None,
        description="`Cache-Control` of all objects. Default: manifests 10 s, segments a year.",
    )

    @property
    def clean_path(self) -> str:
        """``path`` below the bucket, without empty parts; "" for the bucket itself."""
        return "/".join(part for part in self.object_key.split("/") if part not in ("", "."))

    @property
    def acl(self) -> str | None:
        """The canned ACL to send, or None to send none."""
        return "public-read" if self.permissions is True else (self.permissions or None)

    def echo(self) -> dict[str, Any]:
        """The destination as responses print it."""
        out = {**super().echo(), "permissions": self.permissions or False}
        given = {"storage_class": self.storage_class, "cache_control": self.cache_control}
        return out | {name: value for name, value in given.items() if value is not None}


class FtpDestination(FtpPlace, BelowItself):
    """A folder or file on an FTP server."""


class SftpDestination(SftpPlace, BelowItself):
    """A folder or file on an SSH server."""


class FileDestination(FilePlace, BelowItself):
    """A folder or file on the machine of the service."""

    @property
    def clean_path(self) -> str:
        """``path`` without empty parts."""
        return posixpath.normpath(self.path)


def _kind(data: Any) -> str | None:
    return "several" if isinstance(data, list | tuple) else kind_of_place(data)


Destination = Annotated[
    Annotated[S3Destination, Tag("s3")]
    | Annotated[FtpDestination, Tag("ftp")]
    | Annotated[SftpDestination, Tag("sftp")]
    | Annotated[FileDestination, Tag("file")],
    ToldBy(kind_of_place),
    UrlOr(),
]
Destinations = Annotated[
    Annotated[S3Destination, Tag("s3")]
    | Annotated[FtpDestination, Tag("ftp")]
    | Annotated[SftpDestination, Tag("sftp")]
    | Annotated[FileDestination, Tag("file")]
    | Annotated[
        tuple[Destination, ...], Field(min_length=1, max_length=MAX_DESTINATIONS), Tag("several")
    ],
    ToldBy(_kind),
    UrlOr(),
]
"""One destination, or several that all get every file."""
