"""Every field of the request changes the result as its row says, and every field has a row."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from tests.fields.rows import Elsewhere, Row, tables

from videngine.spec.document import MODELS
from videngine.spec.model import Later

TABLE = tables()
ROOT = Path(__file__).resolve().parents[2]


def fields_of_the_models() -> list[str]:
    """Every field that this version makes, by the model that declares it."""
    return [
        f"{name}.{field}"
        for name, model in MODELS.items()
        for field in inspect.get_annotations(model)
        if field in model.model_fields
        and not any(isinstance(mark, Later) for mark in model.model_fields[field].metadata)
    ]


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.name)
def test_a_field_does_what_its_row_says(row: Row, tmp_path: Path) -> None:
    row.check(row.run(tmp_path))


@pytest.mark.parametrize("field", fields_of_the_models())
def test_every_field_has_a_row(field: str) -> None:
    lines = [*TABLE.rows, *TABLE.elsewhere]
    assert any(field in line.fields for line in lines), f"no row of the table proves {field}"


@pytest.mark.parametrize("line", TABLE.elsewhere, ids=lambda line: line.test)
def test_every_test_that_the_table_names_is_there(line: Elsewhere) -> None:
    path, _, name = line.test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE), line


def test_rows_name_fields_that_are_there() -> None:
    known = {f"{name}.{field}" for name, model in MODELS.items() for field in model.model_fields}
    named = {field for line in (*TABLE.rows, *TABLE.elsewhere) for field in line.fields}
    assert not named - known
