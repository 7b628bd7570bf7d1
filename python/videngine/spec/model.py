"""What all parts of the request have in common, and the mark of fields that are not made yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from videngine.spec.faults import invalid
from videngine.spec.values import does_nothing, is_unset


class Model(BaseModel):
    """A part of the request. Frozen; null and empty text are the same as leaving a field out.

    A model is built with the one that holds it, or by `choice.ToldBy`. One that is read by itself
    has to say ``defer_build=False``: pydantic builds late models without regard to threads.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,
        validate_default=False,
    )

    empty_means_something: ClassVar[frozenset[str]] = frozenset()  # fields where "" is a value

    def __repr_args__(self) -> Any:
        """Only what is set: most fields of a request are not."""
        return [(name, value) for name, value in super().__repr_args__() if value is not None]

    @model_validator(mode="before")
    @classmethod
    def _drop_unset(cls, data: Any) -> Any:
        if isinstance(data, dict):
            kept = {key for key in cls.empty_means_something if data.get(key) is not None}
            return {key: v for key, v in data.items() if key in kept or not is_unset(v)}
        return data


@dataclass(frozen=True)
class Later:
    """Marks a documented field that this version does not make yet.

    Only values that ask for nothing are taken; ``harmless`` lists further values that ask for what
    happens anyway.
    """

    harmless: tuple[Any, ...] = ()

    def check(self, value: Any) -> None:
        """Take a value that asks for nothing.

        Raises:
            PydanticCustomError: ``not_yet_supported`` for every other value.
        """
        if not does_nothing(value) and value not in self.harmless:
            raise invalid(
                "is not supported by this version yet; leave it out",
                code="not_yet_supported",
            )

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read with `check` alone."""
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The values that are taken, and a mark for readers of the document."""
        return {"enum": [None, False, 0, "", *self.harmless], "x-not-yet-supported": True}


NotYet = Annotated[None, Later()]
