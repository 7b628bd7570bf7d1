"""What pydantic says of a request, in our terms: code, message, what to take instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from pydantic_core import ErrorDetails

from videngine.spec import paths
from videngine.spec.faults import DROP, show
from videngine.spec.model import Model
from videngine.spec.outputs import KINDS, LATER_KINDS
from videngine.spec.paths import Path
from videngine.spec.place import LATER_TYPES, S3_TYPES
from videngine.spec.protection import PROTECTION_FIELDS, Unusable
from videngine.spec.values import does_nothing, is_unset

NO_REMEDY: Final = object()

_PLACE_TYPES = (*S3_TYPES, "http", "https", "ftp", "ftps", "sftp", "file")
_NATIVE = {
    "tuple_type": ("invalid_field", "must be a list"),
    "dict_type": ("invalid_field", "must be an object"),
    "model_type": ("invalid_field", "must be an object"),
    "model_attributes_type": ("invalid_field", "must be an object"),
    "too_short": ("missing_field", "needs at least one entry"),
    "too_long": ("invalid_field", "has too many entries"),
}


@dataclass(frozen=True)
class Problem:
    """One error of the models. ``below`` leads from where they saw it to the field to blame.

    ``final``: what else is wrong there cannot be told before this is put right. ``silent``: nothing
    is lost by the remedy, so nobody needs to hear of it.
    """

    code: str
    message: str
    below: Path = ()
    remedy: Any = NO_REMEDY
    remedy_at: Path | None = None  # where the remedy goes, if not to the field to blame
    final: bool = False
    silent: bool = False


def problem(detail: ErrorDetails, path: Path, data: Any, *, hint: bool) -> Problem | None:
    """Judge one error at ``path`` of the request ``data``; None if others say the same.

    ``hint``: whether a similar name is looked for where a field is unknown.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    value = paths.value_at(data, path)
    if kind.startswith("union_tag"):
        return _unknown_kind(path, value)
    if kind == "extra_forbidden":
        return _unknown_field(path, value, hint=hint)
    if kind == "missing":
        message = f"`{paths.leaf(path)}` is required."
        return Problem("missing_field", message, final=True)
    if kind == "too_short" and value:
        return None  # pydantic counts valid entries only; the others have errors of their own
    if "message" in context:
        below = paths.from_dotted(context["field"])
        found = Problem(
            kind,
            f"`{paths.leaf(path + below)}` {context['message']}.",
            below=below,
            remedy=context.get("instead", NO_REMEDY),
            final=context.get("final", False),
        )
        return _spoiling(found, path + below, data)
    code, message = _NATIVE.get(kind, ("invalid_field", f"is not valid: {detail['msg']}"))
    if "max_length" in context:
        message += f"; at most {context['max_length']} are taken"
    # Without its clips a job would seem to lack a source as well.
    return Problem(code, f"`{paths.leaf(path)}` {message}.", final=path == ("stitch",))


def _spoiling(found: Problem, path: Path, data: Any) -> Problem:
    """A value of a protection that cannot be used leaves the whole protection `Unusable`."""
    if found.remedy is not NO_REMEDY or found.code not in ("invalid_drm_key", "invalid_field"):
        return found
    owner = next((path[:i] for i in range(1, len(path)) if path[i - 1] in PROTECTION_FIELDS), None)
    if owner is None:
        return found
    given = paths.value_at(data, owner)  # as it came in, or `Unusable` by another value of it
    return replace(
        found,
        message=f"{found.message} This output fails: it is never written unprotected instead.",
        remedy=Unusable(tuple(given)) if isinstance(given, dict) else given,
        remedy_at=owner,
    )


def _unknown_kind(path: Path, value: Any) -> Problem:
    """An entry of ``format``, a source or a destination that no model reads."""
    leaf = paths.leaf(path)
    if isinstance(value, str) and "://" in value:
        value = {"url": value}
    if not isinstance(value, dict):
        return Problem("invalid_field", f"`{leaf}` must be an object.", final=True)
    if path[0] == "format" and len(path) == 2:
        return _unknown_name("output", value.get("output"), KINDS, LATER_KINDS)
    name, url = value.get("type"), value.get("url")
    if is_unset(name) and isinstance(url, str) and "://" in url:
        name = url.split("://")[0]
    return _unknown_name("type", name, _PLACE_TYPES, LATER_TYPES)


def _unknown_name(field: str, given: Any, known: Any, later: Any) -> Problem:
    options = ", ".join(known)
    if is_unset(given):
        message = f"`{field}` is required: one of {options}."
        return Problem("missing_field", message, below=(field,), final=True)
    if isinstance(given, str) and given.strip().lower() in later:
        message = f"`{field}` {show(given)} is not supported by this version yet; use {options}."
        return Problem("not_yet_supported", message, below=(field,), final=True)
    code = "unknown_output" if field == "output" else "invalid_field"
    message = f"`{field}` must be one of {options}, not {show(given)}."
    return Problem(code, message, below=(field,), final=True)


def _unknown_field(path: Path, value: Any, *, hint: bool) -> Problem:
    """A key that its object does not have: left out, silently if it asks for nothing.

    What was meant to protect is never left out: the media would be there for everybody.
    """
    name, known = paths.leaf(path), known_fields()
    if set(path[:-1]) & set(PROTECTION_FIELDS):
        return Problem("unknown_field", f"`{name}` is not a field of this protection.")
    meant = _protection_meant(str(path[-1])[:64])
    if meant and not does_nothing(value):
        message = f"`{name}` is not a field of this object, and nothing is left unprotected"
        end = "." if meant[0] == path[-1] else f"; did you mean `{meant[0]}`?"
        return Problem("unknown_field", message + end)
    if path[-1] in known:
        message = f"`{name}` is not a field of this object and is ignored."
        return Problem("unknown_field", message, remedy=DROP, silent=does_nothing(value))
    near = get_close_matches(str(path[-1])[:64], known, n=1) if hint else []
    end = f"; did you mean `{near[0]}`?" if near else "."
    message = f"`{name}` is not a known field and is ignored{end}"
    return Problem("unknown_field", message, remedy=DROP)


def _protection_meant(name: str) -> list[str]:
    """The protection that a name is a slip of, if any.

    Unlike hints this is asked of every unknown field, so `get_close_matches` sees only names that
    hold enough of a protection's letters to come to its 0.6.
    """
    near = [
        field
        for field in PROTECTION_FIELDS
        if 2 * sum(letter in name for letter in field) >= 0.6 * (len(name) + len(field))
    ]
    return get_close_matches(name, near, n=1) if near else []


@cache
def known_fields() -> frozenset[str]:
    """The names of all fields of all objects of a request."""
    names: set[str] = set()
    for model in _below(Model):
        names |= model.model_fields.keys()
    return frozenset(names)


def _below(model: type[Model]) -> list[type[Model]]:
    return [m for child in model.__subclasses__() for m in (child, *_below(child))]
