"""How a validator says what is wrong, and what may be taken instead.

A validator that raises `invalid(..., instead=value)` offers a remedy: `parse_job` replaces the
value and turns the fault into a warning, unless it is strict. Without a remedy the request is
refused.
"""

from __future__ import annotations

import json
from typing import Any, Final, LiteralString

from pydantic_core import PydanticCustomError


class _Drop:
    """The remedy that takes the field out of the request."""

    def __repr__(self) -> str:
        return "DROP"


DROP: Final = _Drop()


def invalid(
    message: str, *, code: LiteralString = "invalid_field", field: str = "", **remedy: Any
) -> PydanticCustomError:
    """A fault of the value under validation, or of its ``field`` when a whole object is checked.

    Args:
        message: what is wrong and what to do, continuing a sentence that begins with the path.
        code: one of the request codes of ``docs/errors.md``.
        field: the field to blame, for checks of a whole object: ``path``, ``destination.path``.
        **remedy: ``instead=value`` or ``instead=DROP``; ``final=True`` where nothing else can be
            judged before this is put right.
    """
    context = {"message": message, "field": field, **remedy}
    return PydanticCustomError(code, "{message}", context)


def show(value: object) -> str:
    """A user's value as it may stand in a message: as JSON, cut at 40 characters."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 40 else text[:37] + "..."
