"""`parse_job`: the request as it came in → a `JobSpec` and warnings, or every fault at once.

The models judge one value at a time; here their errors become faults with the paths that users wrote. A fault whose remedy is
known (see `faults.py`) is put right in the request and becomes a warning, unless the request is to be read strictly. Then the models
read again, until nothing new is found: so checks that need a whole object run even when one of its fields was wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from videngine.errors import Fault, SpecError
from videngine.spec import jsonc
from videngine.spec.faults import DROP, show
from videngine.spec.job import JobSpec
from videngine.spec.model import Model
from videngine.spec.outputs import KINDS, LATER_KINDS
from videngine.spec.place import LATER_TYPES, S3_TYPES
from videngine.spec.values import does_nothing, is_unset

MAX_REPORTED = 100
MAX_PASSES = 40

Key = str | int
Path = tuple[Key, ...]
PLACE_TYPES = (*S3_TYPES, "http", "https", "file")

_NONE = object()


@dataclass(frozen=True)
class ParsedJob:
    """A request that can be served, and what was not taken as it was written."""

    spec: JobSpec
    warnings: tuple[Fault, ...]


def parse_job(body: bytes | str | dict[str, Any], *, strict: bool = False) -> ParsedJob:
    """Read a request.

    Args:
        body: JSON text, with comments and trailing commas if need be, or the object itself.
        strict: refuse what would only be warned of.

    Raises:
        SpecError: ``invalid_json``; or every fault of the request, in its order.
    """
    data = copy.deepcopy(body) if isinstance(body, dict) else jsonc.loads(body)
    if not isinstance(data, dict):
        fault = Fault(path="body", code="invalid_json", message="The body must be a JSON object.")
        raise SpecError([fault])
    return _Reader(data, strict=strict).read()


class _Reader:
    """One reading of one request. Not reusable."""

    def __init__(self, data: dict[str, Any], *, strict: bool) -> None:
        self._data = data
        self._asked = copy.deepcopy(data)
        self._strict = strict
        self._faults: dict[Path, Fault] = {}
        self._warnings: list[tuple[Path, Fault]] = []

    def read(self) -> ParsedJob:
        """Read until nothing new is found.

        Raises:
            SpecError: with all faults, in the order of the request.
        """
        for _ in range(MAX_PASSES):
            try:
                spec = JobSpec.model_validate(self._data)
            except ValidationError as error:
                if not self._take(error):
                    break
            else:
                if not self._faults:
                    return ParsedJob(spec, self._in_order(self._warnings))
                break
        raise SpecError(list(self._in_order(self._faults.items())))

    def _take(self, error: ValidationError) -> bool:
        """Note the errors of one pass and put right or take out what they blame; False when there was nothing new."""
        news = False
        for detail in error.errors(include_url=False, include_input=False):
            path = _without_tags(detail["loc"])
            if detail["type"] == "too_short" and _value(self._data, path):
                continue  # pydantic counts valid entries only; the invalid ones have errors of their own
            problem = _problem(detail, path, self._data)
            path += problem.below
            if path in self._faults:
                continue
            news = True
            if not problem.silent:
                fault = Fault(
                    path=_text(path, self._asked), code=problem.code, message=problem.message
                )
                if problem.remedy is _NONE or self._strict:
                    self._faults[path] = fault
                else:
                    self._warnings.append((path, fault))
            if not problem.final:
                _replace(self._data, path, DROP if problem.remedy is _NONE else problem.remedy)
        return news

    def _in_order(self, found: Iterable[tuple[Path, Fault]]) -> tuple[Fault, ...]:
        """Sorted as the request is written; the first `MAX_REPORTED` and a count of the others."""
        faults = [
            fault for _, fault in sorted(found, key=lambda item: _place(item[0], self._asked))
        ]
        if (more := len(faults) - MAX_REPORTED) > 0:
            note = f"{more} more like these are not listed."
            faults = [
                *faults[:MAX_REPORTED],
                Fault(path="body", code="invalid_field", message=note),
            ]
        return tuple(faults)


@dataclass(frozen=True)
class _Problem:
    """One error of a pass in our terms. ``below`` leads from where pydantic saw it to the field to blame."""

    code: str
    message: str
    below: Path = ()
    remedy: Any = _NONE
    final: bool = False  # what else is wrong there cannot be told before this is put right
    silent: bool = False


def _problem(detail: ErrorDetails, path: Path, data: dict[str, Any]) -> _Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind.startswith("union_tag"):
        return _unknown_kind(path, _value(data, path))
    if kind == "extra_forbidden":
        return _unknown_field(path, _value(data, path))
    if kind == "missing":
        return _Problem("missing_field", f"`{path[-1]}` is required.", final=True)
    if "message" in context:
        below = tuple(context["field"].split(".")) if context["field"] else ()
        return _Problem(
            kind,
            f"`{_leaf(path + below)}` {context['message']}.",
            below=below,
            remedy=context.get("instead", _NONE),
            final=context.get("final", False),
        )
    code, message = _NATIVE.get(kind, ("invalid_field", detail["msg"].lower()))
    return _Problem(code, f"`{_leaf(path)}` {message.format_map(context)}.")


_NATIVE = {
    "tuple_type": ("invalid_field", "must be a list"),
    "dict_type": ("invalid_field", "must be an object"),
    "model_type": ("invalid_field", "must be an object"),
    "model_attributes_type": ("invalid_field", "must be an object"),
    "too_short": ("missing_field", "needs at least one entry"),
    "too_long": ("invalid_field", "has too many entries; at most {max_length} are taken"),
}


def _unknown_kind(path: Path, value: Any) -> _Problem:
    """An entry of ``format``, a source or a destination of which no model can be told."""
    leaf = _leaf(path)
    if isinstance(value, list) and leaf == "destination":
        message = "`destination` must be one object; several are not supported yet."
        return _Problem("not_yet_supported", message, final=True)
    if isinstance(value, str) and "://" in value:
        value = {"type": value.split("://")[0].lower()}
    if not isinstance(value, dict):
        return _Problem("invalid_field", f"`{leaf}` must be an object.", final=True)
    name = "output" if path[0] == "format" and len(path) == 2 else "type"
    given = value.get(name)
    known = KINDS if name == "output" else PLACE_TYPES
    later = LATER_KINDS if name == "output" else LATER_TYPES
    options = ", ".join(known)
    if is_unset(given):
        message = f"`{name}` is required: one of {options}."
        return _Problem("missing_field", message, below=(name,), final=True)
    if given in later:
        message = f"This version does not make {given} yet; use one of {options}."
        return _Problem("not_yet_supported", message, below=(name,), final=True)
    code = "unknown_output" if name == "output" else "invalid_field"
    message = f"`{name}` must be one of {options}, not {show(given)}."
    return _Problem(code, message, below=(name,), final=True)


def _unknown_field(path: Path, value: Any) -> _Problem:
    """A key that no field of its object has: left out, silently if it asks for nothing that we know."""
    name = show(path[-1])[1:-1]
    known = known_fields()
    if path[-1] in known:
        message = f"`{name}` is not a field of this object and is ignored."
        return _Problem("unknown_field", message, remedy=DROP, silent=does_nothing(value))
    near = get_close_matches(str(path[-1])[:64], known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else "."
    return _Problem(
        "unknown_field", f"`{name}` is not a known field and is ignored{hint}", remedy=DROP
    )


@cache
def known_fields() -> frozenset[str]:
    """The names of all fields of all objects of a request."""
    names = set[str]()
    for model in _subclasses(Model):
        names |= model.model_fields.keys()
    return frozenset(names) | {"transcript", "json", "srt", "vtt", "mode"}


def _subclasses(model: type[Model]) -> list[type[Model]]:
    return [m for child in model.__subclasses__() for m in (child, *_subclasses(child))]


_UNIONS = {("source",), ("format", 0), ("format", 0, "destination")}


def _without_tags(loc: Path) -> Path:
    """The path in the request: pydantic's without the names of union members."""
    path: Path = ()
    tag_follows = False
    for key in loc:
        if not tag_follows:
            path += (key,)
        tag_follows = (
            not tag_follows and tuple(0 if isinstance(k, int) else k for k in path) in _UNIONS
        )
    return path


def _leaf(path: Path) -> str:
    """What to call a value in a message: its key, with its index in a list."""
    return f"{path[-2]}[{path[-1]}]" if isinstance(path[-1], int) else path[-1]


def _value(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key] if _holds(data, key) else None
    return data


def _holds(node: Any, key: Key) -> bool:
    if isinstance(node, dict):
        return key in node
    return isinstance(node, list) and isinstance(key, int) and key < len(node)


def _replace(data: Any, path: Path, value: Any) -> None:
    """Put ``value`` in the place of a field. Entries of lists stay: the places of the others are in use."""
    node = _value(data, path[:-1])
    if isinstance(node, dict):
        if value is DROP:
            node.pop(path[-1], None)
        else:
            node[path[-1]] = value
    elif isinstance(node, list) and value is not DROP and _holds(node, path[-1]):
        node[int(path[-1])] = value


def _text(path: Path, data: Any) -> str:
    """``format[1].stream[0].height``; ends at text that was given for an object (a source's URL)."""
    out = ""
    for key in path:
        if isinstance(data, str):
            break
        out += f"[{key}]" if isinstance(key, int) else f"{out and '.'}{show(key)[1:-1]}"
        data = data[key] if _holds(data, key) else None
    return out


def _place(path: Path, data: Any) -> tuple[int, ...]:
    """Where a path stands in the request, for sorting; fields that are missing come after those that are there."""
    place = []
    for key in path:
        if isinstance(key, int):
            place.append(key)
        else:
            keys = list(data) if isinstance(data, dict) else []
            place.append(keys.index(key) if key in keys else len(keys))
        data = data[key] if _holds(data, key) else None
    return tuple(place)
