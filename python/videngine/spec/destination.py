"""``destination``: where the objects of one output go."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator

from videngine.spec.faults import invalid
from videngine.spec.model import Model, NotYet
from videngine.spec.place import FilePlace, UrlOr, kind_of_place
from videngine.spec.s3 import S3Place
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


class DestinationExtras(Model):
    """What destinations have beyond sources."""

    storage_class: NotYet = Field(None, description="S3 storage class. Default: the bucket's.")
    cache_control: NotYet = Field(None, description="`Cache-Control` of the objects. No default.")

    @field_validator("path", check_fields=False)
    @classmethod
    def _stay_below(cls, path: str | None) -> str | None:
        if path and ".." in path.replace("\\", "/").split("/"):
            raise invalid("must not hold `..`")
        return path


class S3Destination(S3Place, DestinationExtras):
    """A place in a bucket; ``path`` is a folder, or a file's name where the output is one file."""

    permissions: Permissions | None = Field(
        None,
        description="true: objects are public (`public-read`); false: no ACL is sent; or the name "
        "of a canned ACL. "
        "Default: false.",
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
        return {**super().echo(), "permissions": self.permissions or False}


class FileDestination(FilePlace, DestinationExtras):
    """A folder or file on the machine of the service."""

    @property
    def clean_path(self) -> str:
        """``path`` without empty parts."""
        return posixpath.normpath(self.path)


Destination = Annotated[
    Annotated[S3Destination, Tag("s3")] | Annotated[FileDestination, Tag("file")],
    Discriminator(kind_of_place),
    UrlOr(),
]
