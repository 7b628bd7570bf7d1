"""The table of fields: what a row is, what a check is given, and the tables that there are.

Every field of the request's models has at least one row: a fragment of a request, and what is
measured on what it made. A new part adds a module `table_<part>.py` with `ROWS`, and a field whose
proof needs more than one job (a second worker, a server that fails) an `Elsewhere`.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.speech.material import models

from videngine import Report, Settings, transcode

HERE = Path(__file__).parent
MEDIA = HERE.parent / "data" / "media"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a job made: its report, and its outputs as files below ``folder``."""

    report: Report
    folder: Path

    def path(self, index: int = 0, name: str = "") -> Path:
        """A file of output ``index``: the shortest key that ends in ``name``."""
        keys = [file["key"] for file in self.report.outputs[index].files]
        key = min((key for key in keys if key.endswith(name)), key=len, default=None)
        assert key is not None, f"output {index} has no file {name!r}, only {keys}"
        return self.folder / str(index) / key


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line: the fields that it proves, a job, and what must hold of the result.

    ``fields`` name the model that declares each: ``VideoFields.rotate``. ``job`` is a request whose
    ``source`` is the name of a file in ``tests/data/media``, or a function that makes the request
    in a folder of its own; destinations are added.
    """

    fields: tuple[str, ...]
    name: str
    job: Mapping[str, Any] | Callable[[Path], Mapping[str, Any]]
    check: Callable[[Made], None]

    def run(self, folder: Path) -> Made:
        """Make the job's outputs in ``folder``."""
        job = self.job if isinstance(self.job, Mapping) else self.job(folder)
        source = job["source"]
        if isinstance(source, str):
            source = {"type": "file", "path": str(MEDIA / source)}
        outputs = [
            {"destination": {"type": "file", "path": f"{folder / str(index)}/"}, **output}
            for index, output in enumerate(job["format"])
        ]
        settings = Settings(state_dir=folder / "state", default_preset="ultrafast", **models())
        request = {"video_id": "row", **job, "source": source, "format": outputs}
        report = transcode(request, settings=settings)
        shutil.rmtree(folder / "state")
        return Made(report=report, folder=folder)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Fields that a test of another suite proves; ``test`` is ``tests/.../test_x.py::test_y``."""

    fields: tuple[str, ...]
    test: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """What one module of the table holds."""

    rows: list[Row] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)


def tables() -> Table:
    """All lines of all `table_*.py`."""
    whole = Table()
    for path in sorted(HERE.glob("table_*.py")):
        module = importlib.import_module(f"tests.fields.{path.stem}")
        whole.rows.extend(getattr(module, "ROWS", ()))
        whole.elsewhere.extend(getattr(module, "ELSEWHERE", ()))
    return whole
