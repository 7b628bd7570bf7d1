"""Memory that does not grow with duration: a title of 30 minutes against one of a minute."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from benchmarks import ladders
from benchmarks.ladders import Ladder, Rung, our_ladder, our_playlists
from benchmarks.measure import Side, alternate
from benchmarks.quality import frames
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, looped, source

SMALL = Ladder(codec="libx264", preset="ultrafast", rungs=(Rung(256, 144, 150), Rung(128, 72, 60)))


def measure(title: Source, times: int, folder: Path, *, runs: int = 1) -> Result:
    """``values["rss"]`` is the peak of the long title over that of the short one."""
    long = looped(title, times)
    sides = [
        Side("long", partial(our_ladder, long, SMALL)),
        Side("short", partial(our_ladder, title, SMALL)),
    ]
    rounds = alternate(sides, folder, runs=runs)
    made = [frames(our_playlists(folder / name)[0]) for name in ("long", "short")]
    assert abs(made[0] - times * made[1]) <= times, made
    case = f"{times} min to 1 min"
    result = compared("memory", case, title, rounds, ours="long", peers=["short"])
    shutil.rmtree(folder)
    return keep(result, title)


def test_a_title_three_times_as_long_is_made_whole(tmp_path: Path) -> None:
    title = source("tiny")
    tiny = Ladder(codec="libx264", preset="ultrafast", rungs=ladders.TINY)
    side = Side("long", partial(our_ladder, looped(title, 3), tiny))
    rounds = alternate([side], tmp_path, runs=1)
    assert (
        abs(frames(our_playlists(tmp_path / "long")[0]) - 75) <= 3
    )  # sound is longer than pictures
    assert rounds.costs["long"][0].peak_rss_bytes > 10e6
