"""What all tests have at hand."""

from __future__ import annotations

import pytest

pytest_plugins = ["servers"]


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
