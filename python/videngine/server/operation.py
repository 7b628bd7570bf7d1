"""What a route says about itself: its query is checked by it, `openapi.json` made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from videngine.errors import Fault, SpecError
from videngine.server.models import NoQuery

View = TypeVar("View", bound=Callable[..., Any])
_DESCRIPTIONS: dict[Callable[..., Any], Operation] = {}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one route.

    ``result`` is the model of the envelope's ``result``; None where the answer is no envelope, and
    then ``content_type`` says what it is. ``body`` is a JSON Schema or a model, ``errors`` the
    codes it can answer with.
    """

    summary: str
    query: type[BaseModel] | None = NoQuery  # None: whatever caches and players add is let pass
    body: type[BaseModel] | dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    result: type[BaseModel] | dict[str, Any] | None = None
    content_type: str = "application/json"
    errors: tuple[str, ...] = ()
    public: bool = False


def operation(description: Operation) -> Callable[[View], View]:
    """Attach a description to a view."""

    def attach(view: View) -> View:
        _DESCRIPTIONS[view] = description
        return view

    return attach


def described(view: Callable[..., Any] | None) -> Operation | None:
    """What a view says about itself; None for those that are not ours."""
    return None if view is None else _DESCRIPTIONS.get(view)


Query = TypeVar("Query", bound=BaseModel)


def read_query(model: type[Query]) -> Query:
    """The query of the current request.

    Raises:
        SpecError: unknown parameters, parameters given twice, bad values: every fault at once.
    """
    faults = [
        Fault(path=name, code="conflicting_fields", message=f"`{name}` is given more than once.")
        for name, values in request.args.lists()
        if len(values) > 1
    ]
    if faults:
        raise SpecError(faults)
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise SpecError(
            [
                Fault(
                    path=".".join(str(part) for part in detail["loc"]),
                    code="missing_field" if detail["type"] == "missing" else "invalid_field",
                    message=_message(detail["type"], detail["loc"][0], detail["msg"]),
                )
                for detail in error.errors(include_url=False, include_input=False)
            ]
        ) from None


def _message(kind: str, name: object, message: str) -> str:
    if kind == "extra_forbidden":
        return f"`{name}` is not a parameter of this address."
    return f"`{name}`: {message[:1].lower()}{message[1:]}."
