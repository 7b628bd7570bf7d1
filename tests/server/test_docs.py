"""The documents say what the code does: every endpoint, setting and error code is in them."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path, PurePath

import sqlalchemy as sa
from pydantic_core import PydanticUndefined

from service import Api, job
from videngine.errors import ERROR_CLASSES
from videngine.jobs import views
from videngine.jobs.tables import jobs
from videngine.server.answers import CODE_BY_STATUS, STATUS
from videngine.server.models import JobDetail, OutputInfo
from videngine.server.openapi import operations
from videngine.settings import Settings

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs/api.md").read_text()
ERRORS = (ROOT / "docs/errors.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()


class TestApi:
    def test_every_endpoint_has_its_section_and_none_is_made_up(self, api: Api) -> None:
        described = set(re.findall(r"^### `([A-Z]+ /\S*)`$", API, re.MULTILINE))
        assert described == {f"{method} {path}" for method, path, _ in operations(api.app)}

    def test_the_examples_are_what_the_service_says(self, api: Api) -> None:
        accepted, refused, event = map(json.loads, re.findall(r"```json\n(.*?)```", API, re.DOTALL))
        answer = api.call("POST", "/jobs", json=job()).json
        assert {**answer, "result": {"id": "…"}} == accepted
        wrong = job(format=[{"output": "mp4", "start_time": -1}])
        assert api.call("POST", "/jobs", json=wrong).json == refused
        with api.service.database.read() as connection:
            row = connection.execute(sa.select(jobs)).mappings().one()
            told = views.event(
                connection, row, event="job.completed", event_id="evt_…", time_s=time.time()
            )
        assert list(told) == list(event)

    def test_every_parameter_of_a_query_is_named(self, api: Api) -> None:
        for _, path, description in operations(api.app):
            for name in description.query.model_fields if description.query else ():
                assert re.search(rf"[`?]{name}\b", API), (path, name)

    def test_every_field_of_a_job_is_named(self) -> None:

        for name in (*JobDetail.model_fields, *OutputInfo.model_fields):
            assert f"`{name}`" in API, name

    def test_every_status_has_its_line(self) -> None:
        described = set(re.findall(r"^\| (\d+) \|", API, re.MULTILINE))
        assert described == {str(status) for status in {200, 422, *STATUS.values()}}

    def test_links_lead_somewhere(self) -> None:
        for page in (API, ERRORS, SETTINGS):
            for target in re.findall(r"\]\(([a-z-]+\.md)", page):
                assert (ROOT / "docs" / target).is_file()


class TestErrors:
    def documented(self) -> set[str]:
        return set(re.findall(r"^\| `(\w+)`", ERRORS, re.MULTILINE))

    def test_every_code_that_the_code_can_say_is_explained(self) -> None:
        said = {code: path for path in sources("*.py") for code in codes_of(path)}
        missing = {code: path.name for code, path in said.items() if code not in self.documented()}
        assert missing == {}

    def test_every_code_that_the_api_answers_with_has_its_status(self) -> None:
        for code, status in STATUS.items():
            assert f"`{code}` ({status})" in ERRORS
        assert set(CODE_BY_STATUS.values()) <= STATUS.keys()

    def test_no_code_is_made_up(self) -> None:
        everything = "\n".join(
            path.read_text() for pattern in ("*.py", "*.cpp", "*.h") for path in sources(pattern)
        )
        for code in self.documented():
            assert f'"{code}"' in everything, code


class TestSettings:
    def test_every_setting_has_its_row_with_its_default(self) -> None:
        rows = [line for line in SETTINGS.splitlines() if line.startswith("| `")]
        expected = list(setting_rows())
        assert rows == expected, "\n".join(expected)


def sources(pattern: str) -> list[Path]:
    return [*(ROOT / "python/videngine").rglob(pattern), *(ROOT / "src").rglob(pattern)]


def codes_of(path: Path) -> Iterator[str]:
    """Codes in faults, errors and dictionaries of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ERROR_CLASSES and node.args:
                yield from constants(node.args[0])
            for keyword in node.keywords:
                if keyword.arg == "code":
                    yield from constants(keyword.value)
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code":
                    yield from constants(value)


def constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def setting_rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        assert field.default is not PydanticUndefined
        yield (
            f"| `{name}` | `VIDENGINE_{name.upper()}` | {as_text(field.default)} "
            f"| {field.description} |"
        )


def as_text(value: object) -> str:
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, PurePath):
        return f"`{value}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
