"""What all tests have at hand."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["servers"]

SOURCES = Path(__file__).resolve().parent.parent / "src"
SHARING_FOLDERS = ("tests/browser", "tests/packaging")  # films are made once for all their files
SHARING_NOTHING = "tests/fields/test_table.py"  # takes longer than all other files


def pytest_report_header() -> str:
    """Which engine is tested, and whether it may be an old one."""
    found = importlib.util.find_spec("videngine._engine")
    if found is None or found.origin is None:
        return "engine: not built, run script/setup --dev"
    binary = Path(found.origin)
    build_id = hashlib.sha256(binary.read_bytes()).hexdigest()[:12]
    changed = max(path.stat().st_mtime for path in SOURCES.rglob("*") if path.is_file())
    stale = changed > binary.stat().st_mtime
    return f"engine: {build_id}{', OLDER THAN src/: run script/setup --dev' if stale else ''}"


def pytest_configure(config: pytest.Config) -> None:
    """Leave the programs that tests start out of what is measured: they would start at half speed.

    What runs there only is 1 % of the package. Processes of pytest-xdist are measured.
    """
    if not getattr(config.option, "numprocesses", None):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--long``: the counts that take minutes."""
    parser.addoption("--long", action="store_true", help="run the tests that take minutes too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless they were asked for."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """With ``-n``: what shares fixtures runs in one process, the rest wherever there is time."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFixtures(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::", maxsplit=1)[0]
            folder = path.rpartition("/")[0]
            if path == SHARING_NOTHING:
                return nodeid
            return folder if folder in SHARING_FOLDERS else path

    return ByFixtures(config, log)
