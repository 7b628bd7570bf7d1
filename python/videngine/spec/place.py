"""What sources and destinations share: how kinds of storage are told apart; local files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from videngine.spec.faults import invalid
from videngine.spec.model import Model
from videngine.spec.values import is_unset, text

S3_TYPES = ("s3", "gcs", "r2", "minio")
_KINDS = {
    **dict.fromkeys(S3_TYPES, "s3"),
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("ftp", "ftps"), "ftp"),
    "sftp": "sftp",
    "file": "file",
}
LATER_TYPES = ("azblob", "b2", "tus")

FilePath = Annotated[str, text(4096, "the path of a file")]
Url = Annotated[str, text(4096, "a URL")]


def kind_of_place(data: Any) -> str | None:
    """The kind of a source or destination (``s3``, ``http``, ``file``), or None."""
    if isinstance(data, Model):
        return str(getattr(data, "kind", ""))
    if not isinstance(data, dict):
        return None
    name = data.get("type")
    if is_unset(name):
        name = _infer_type(data)
    name = name.strip().lower() if isinstance(name, str) else None
    return _KINDS.get(name or "")


def _infer_type(data: dict[str, Any]) -> str | None:
    url = data.get("url")
    if isinstance(url, str) and "://" in url:
        return url.strip().split("://")[0].lower()
    return "s3" if data.get("bucket") else None


class UrlOr:
    """Annotates a union of places that may also be given as a URL alone."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """A URL is short for an object with nothing but ``url``."""
        return core_schema.no_info_before_validator_function(_from_url, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """An object or a URL."""
        return {"anyOf": [handler(schema), {"type": "string", "format": "uri"}]}


def _from_url(data: Any) -> Any:
    return {"url": data} if isinstance(data, str) else data


def refuse_beside_url(data: dict[str, Any], *parts: str) -> None:
    """A place is given by its URL or in parts, not both.

    Raises:
        PydanticCustomError: ``conflicting_fields``.
    """
    for part in parts:
        if not is_unset(data.get(part)):
            raise invalid(
                f"`url` and `{part}` both say where it is; give `url` or the parts, not both",
                code="conflicting_fields",
                field="url",
                final=True,
            )


def needs_one_of(*groups: tuple[str, ...]) -> Callable[[dict[str, Any]], None]:
    """For a JSON schema: one of these groups of fields is required, and no other field is."""

    def change(schema: dict[str, Any]) -> None:
        schema.pop("required", None)
        schema["anyOf"] = [{"required": list(group)} for group in groups]

    return change


class Place(Model):
    """A place of any kind."""

    def echo(self) -> dict[str, Any]:
        """The place as responses print it: no secrets."""
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _name_type(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        name = data.get("type")
        return {**data, "type": _infer_type(data) if is_unset(name) else str(name).strip().lower()}


class FilePlace(Place):
    """A file or folder on the machine of the service."""

    model_config = ConfigDict(json_schema_extra=needs_one_of(("path",), ("url",)))

    type: Literal["file"] = Field("file", description="Kind of storage. Default: told from `url`.")
    path: FilePath = Field(
        description="Path, below one of the server's `file_roots`; anywhere on the command line. "
        "Required."
    )
    url: Url | None = Field(
        None, description="Instead of `path`: `file:///folder/name`. No default."
    )

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "file"

    @model_validator(mode="before")
    @classmethod
    def _split_url(cls, data: Any) -> Any:
        if not isinstance(data, dict) or is_unset(data.get("url")):
            return data
        refuse_beside_url(data, "path")
        found = re.fullmatch(r"file://(?:localhost)?(/.*)", str(data["url"]).strip(), re.DOTALL)
        if not found:
            raise invalid("must look like file:///folder/name", field="url", final=True)
        return {k: v for k, v in data.items() if k != "url"} | {"path": unquote(found[1])}

    def echo(self) -> dict[str, Any]:
        """The place as responses print it."""
        return {"type": self.type, "path": self.path}
