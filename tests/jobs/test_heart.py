"""A worker may judge others only while its own heartbeats come through."""

from __future__ import annotations

from typing import Any

import pytest

from videngine.jobs import heart
from videngine.jobs.database import DatabaseGone
from videngine.jobs.heart import Heart
from videngine.settings import Settings


class _Clock:
    def __init__(self) -> None:
        self.time_s = 1000.0

    def monotonic(self) -> float:
        return self.time_s


class _Attempts:
    gone = False

    def beat(self, worker: str, beats: Any) -> dict[int, bool]:
        if self.gone:
            raise DatabaseGone
        return {}


class _Runner:
    def active(self) -> list[Any]:
        return []


class _Once:
    """Lets a thread's loop go round once."""

    def __init__(self) -> None:
        self._rounds = 0

    def wait(self, _: float) -> bool:
        self._rounds += 1
        return self._rounds > 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    found = _Clock()
    monkeypatch.setattr(heart, "time", found)
    return found


def heart_of(settings: Settings, attempts: _Attempts) -> Heart:
    lease = settings.model_copy(update={"lease_s": 15.0})
    return Heart(lease, attempts, _Runner(), "w")


def test_it_is_steady_for_as_long_as_it_beats(settings: Settings, clock: _Clock) -> None:
    found = heart_of(settings, _Attempts())
    assert found.steady_s() == 0
    for _ in range(20):
        found.beat()
        clock.time_s += 1
    assert found.steady_s() == 20


def test_a_beat_that_hangs_is_not_steady_and_starts_anew(settings: Settings, clock: _Clock) -> None:
    found = heart_of(settings, _Attempts())
    found.beat()
    clock.time_s += 5.5  # a third of the lease and more
    assert found.steady_s() == 0
    found.beat()
    clock.time_s += 1
    assert found.steady_s() == 1


def test_a_beat_that_fails_starts_anew(settings: Settings, clock: _Clock) -> None:
    attempts = _Attempts()
    found = heart_of(settings, attempts)
    found.beat()
    clock.time_s += 1
    attempts.gone = True
    found.run(_Once())
    assert found.steady_s() == 0
    attempts.gone = False
    found.run(_Once())
    clock.time_s += 2
    assert found.steady_s() == 2
