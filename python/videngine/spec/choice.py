"""Unions whose members something in the request tells apart: only the member at hand is built.

pydantic builds the validators of all members of a union before it reads the first value, and those
of 18 kinds of output take longer than the rest of the start of a command.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, get_args

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    TypeAdapter,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

_building = threading.RLock()  # two threads that build one model take parts of it from each other


class ToldBy:
    """Annotates a union of members with a `Tag` each; ``kind`` gives the tag of a value, or None.

    A member is built when it is first read; any thread may do so. The paths of errors are the
    request's: unlike in those of pydantic's own unions no tags stand in them.
    """

    def __init__(self, kind: Callable[[Any], str | None]) -> None:
        self._kind = kind
        self._members: dict[str | None, Any] = {}
        self._built: dict[str | None, TypeAdapter[Any]] = {}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with the member's own validator."""
        self._members = {_tag(member): member for member in get_args(source)}
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One of all members."""
        choices = {str(tag): self._member(tag).core_schema for tag in self._members}
        return handler(core_schema.tagged_union_schema(choices, discriminator=self._kind))

    def _read(self, value: Any) -> Any:
        tag = self._kind(value)
        if tag not in self._members:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": "kind"})
        return self._member(tag).validate_python(value)

    def _member(self, tag: str | None) -> TypeAdapter[Any]:
        with _building:
            if tag not in self._built:
                member = self._members[tag]
                model = get_args(member)[0]
                if isinstance(model, type) and issubclass(model, BaseModel):
                    model.model_rebuild()  # its own, too: what it reads must be written by it
                    member = model
                adapter = TypeAdapter(member)
                adapter.rebuild()
                self._built[tag] = adapter
            return self._built[tag]


def _tag(member: Any) -> str:
    return next(mark.tag for mark in member.__metadata__ if isinstance(mark, Tag))
