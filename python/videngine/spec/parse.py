"""`parse_job`: the request as it came in → a `JobSpec` and warnings, or every fault at once.

The models judge one value at a time; here their errors become faults with the paths that users
wrote. A fault whose remedy is known (see `faults.py`) is put right in the request and becomes a
warning, unless the request is to be read strictly. Then the models read again, until nothing new is
found: so checks that need a whole object run even when one of its fields was wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from videngine.errors import Fault, SpecError
from videngine.spec import jsonc, paths
from videngine.spec.faults import DROP
from videngine.spec.job import JobSpec
from videngine.spec.keys import place_outputs
from videngine.spec.paths import Path
from videngine.spec.problems import NO_REMEDY, problem

MAX_REPORTED = 100
MAX_PASSES = 40
MAX_HINTS = 20  # finding a similar name takes milliseconds, and bodies may hold 100 000 fields


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
    data = _copy(body) if isinstance(body, dict) else jsonc.loads(body)
    if not isinstance(data, dict):
        fault = Fault(path="body", code="invalid_json", message="The body must be a JSON object.")
        raise SpecError([fault])
    return _Reader(data, strict=strict).read()


def _copy(value: Any) -> Any:
    """A copy that can be changed, made of JSON's own containers."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list | tuple) else value


class _Reader:
    """One reading of one request. Not reusable."""

    def __init__(self, data: dict[str, Any], *, strict: bool) -> None:
        self._data = data
        self._asked = _copy(data)
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
                if self._faults:
                    break
                _, collisions = place_outputs(spec)
                return ParsedJob(spec, (*self._in_order(self._warnings), *collisions))
        raise SpecError(list(self._in_order(self._faults.items())))

    def _take(self, error: ValidationError) -> bool:
        """Note the errors of one pass and put right what they blame; False if none was new."""
        news = False
        for detail in error.errors(include_url=False, include_input=False):
            path = detail["loc"]
            few = len(self._faults) + len(self._warnings) < MAX_HINTS
            found = problem(detail, path, self._data, hint=few)
            if found is None:
                continue
            path += found.below
            if path in self._faults:
                continue
            news = True
            if not found.silent:
                where = paths.as_text(path, self._asked)
                fault = Fault(path=where, code=found.code, message=found.message)
                if found.remedy is NO_REMEDY or self._strict:
                    self._faults[path] = fault
                else:
                    self._warnings.append((path, fault))
            if not found.final:
                remedy = DROP if found.remedy is NO_REMEDY else found.remedy
                paths.put(self._data, found.remedy_at or path, remedy)
        return news

    def _in_order(self, found: Iterable[tuple[Path, Fault]]) -> tuple[Fault, ...]:
        """Sorted as the request is written; the first `MAX_REPORTED` and a count of the others."""
        order = paths.Order(self._asked)
        placed = sorted(found, key=lambda item: order.of(item[0]))
        faults = tuple(fault for _, fault in placed)
        if len(faults) <= MAX_REPORTED:
            return faults
        note = f"{len(faults) - MAX_REPORTED} more like these are not listed."
        return *faults[:MAX_REPORTED], Fault(path="body", code="invalid_field", message=note)
