"""Every frame is the one that FFmpeg decodes, in turn and by number, whatever the source is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.frames.material import MATERIAL, MEDIA, Material, digest, reference

import videngine

Make = Callable[[Material], tuple[Path, list[str]]]


@pytest.mark.parametrize("material", MATERIAL, ids=lambda m: m.name)
def test_frames_in_turn_are_ffmpegs(material: Material, made: Make) -> None:
    path, expected = made(material)
    assert len(expected) > 10
    for threads in (1, 4):  # by one decoder, and by several where its groups allow it
        assert [digest(f) for f in videngine.open(path, threads=threads)] == expected


@pytest.mark.parametrize("material", MATERIAL, ids=lambda m: m.name)
def test_frames_by_number_are_those_in_turn(material: Material, made: Make) -> None:
    path, expected = made(material)
    chosen = random.Random(material.name)
    src = videngine.open(path)
    assert len(src) == len(expected)
    for number in chosen.sample(range(len(expected)), 12):
        assert digest(src[number]) == expected[number], number
    numbers = [chosen.randrange(len(expected)) for _ in range(20)]
    assert [digest(f) for f in src.frames(numbers)] == [expected[n] for n in numbers]
    assert [digest(f) for f in src[3:11]] == expected[3:11]
    assert digest(src[-1]) == expected[-1]


@pytest.mark.parametrize("material", MATERIAL, ids=lambda m: m.name)
def test_times_are_those_of_the_index(material: Material, made: Make) -> None:
    path, _ = made(material)
    src = videngine.open(path)
    pts = [f.pts for f in src]
    assert pts == src.index["pts"].tolist()
    assert pts == sorted(set(pts))
    number = len(pts) // 2
    frame = src[number]
    assert frame.pts == pts[number]
    assert digest(src.at_pts(frame.pts)) == digest(frame)
    assert src.at(frame.time).pts == frame.pts


# All shipped clips with pictures, but for the longer cut of a film that is there twice.
CLIPS = sorted(
    path.name
    for path in MEDIA.iterdir()
    if path.suffix in (".mp4", ".mov", ".mkv", ".ts", ".mpg", ".mpeg")
    and path.name != "bbb_720p24_60s.mp4"
)


@pytest.mark.parametrize("name", CLIPS)
def test_shipped_clips(name: str) -> None:
    path = MEDIA / name
    expected = reference(path)
    src = videngine.open(path)
    assert [digest(f) for f in src] == expected
    numbers = random.Random(name).sample(range(len(expected)), 5)
    assert [digest(f) for f in src.frames(numbers)] == [expected[n] for n in numbers]
