"""Films that many tests read, made once a session."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.engine.films import Film, every_second, make_film


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Six seconds at 24 frames a second, a click in the middle of each."""
    return make_film(
        tmp_path_factory.mktemp("film") / "film.mp4",
        frames=144,
        rate=Fraction(24),
        clicks=every_second(6),
    )
