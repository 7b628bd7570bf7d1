"""Captions within the picture: carried whole and in time where asked for, removed elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.engine.captions import Caption, read_captions, write_source

from videngine.local import transcode
from videngine.report import Report
from videngine.settings import Settings

CAPTIONS = [Caption("HELLO WORLD", 1.5, 2.5), Caption("SECOND TEXT, ODD", 3.5, 4.5)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("captions") / "film.mp4"
    write_source(path, CAPTIONS)
    return path


def make(film: Path, folder: Path, **fields: Any) -> tuple[Path, Report]:
    """An MP4 of the film."""
    output = {"output": "mp4", "height": 90, "destination": {"type": "file", "path": f"{folder}/"}}
    request = {"video_id": "v", "source": film.as_uri(), "format": [output | fields]}
    settings = Settings(state_dir=folder / "state", default_preset="ultrafast")
    report = transcode(request, settings=settings)
    return folder / "video_90p.mp4", report


def test_the_source_of_these_tests_has_captions(film: Path, tmp_path: Path) -> None:
    found = read_captions(film, tmp_path)
    assert [cue.text for cue in found] == [caption.text for caption in CAPTIONS]


@pytest.mark.parametrize("rate", [30, 60, 24, 15, 10])
def test_text_arrives_once_and_in_time_whatever_the_rate(
    film: Path, tmp_path: Path, rate: int
) -> None:
    path, report = make(film, tmp_path, subtitles={"copy": 1}, framerate=rate)
    assert report.outputs[0].warnings == []
    found = read_captions(path, tmp_path)
    assert [cue.text for cue in found] == [caption.text for caption in CAPTIONS]
    for cue, caption in zip(found, CAPTIONS, strict=True):
        assert cue.start_ms == pytest.approx(1000 * caption.start_s, abs=120)
        assert cue.end_ms == pytest.approx(1000 * caption.end_s, abs=120)


def test_captions_count_from_the_start_of_the_clip(film: Path, tmp_path: Path) -> None:
    path, _ = make(film, tmp_path, subtitles={"copy": 1}, start_time=2.8, duration=3)
    (cue,) = read_captions(path, tmp_path)
    assert cue.text == CAPTIONS[1].text
    assert cue.start_ms == pytest.approx(700, abs=120)


@pytest.mark.parametrize("subtitles", [None, {"copy": 0}])
def test_captions_that_nobody_asked_for_are_removed(
    film: Path, tmp_path: Path, subtitles: Any
) -> None:
    assert b"GA94" in film.read_bytes()
    path, _ = make(film, tmp_path, subtitles=subtitles)
    assert b"GA94" not in path.read_bytes()


def test_a_source_without_captions_is_told_of(tmp_path: Path) -> None:
    film = tmp_path / "plain.mp4"
    write_source(film, [])
    path, report = make(film, tmp_path, subtitles={"copy": 1})
    assert [w["code"] for w in report.outputs[0].warnings] == ["no_captions"]
    assert read_captions(path, tmp_path) == []


def test_one_picture_is_encoded_with_captions_and_without(film: Path, tmp_path: Path) -> None:
    outputs = [
        {"output": "mp4", "height": 90, "destination": {"type": "file", "path": f"{tmp_path}/{n}/"}}
        | ({"subtitles": {"copy": 1}} if n else {})
        for n in range(3)
    ]
    request = {"video_id": "v", "source": film.as_uri(), "format": outputs}
    settings = Settings(state_dir=tmp_path / "state", default_preset="ultrafast")
    report = transcode(request, settings=settings)
    assert (report.stats["decodes"], report.stats["encodes"]) == (1, 2)
    carried = [b"GA94" in (tmp_path / f"{n}/video_90p.mp4").read_bytes() for n in range(3)]
    assert carried == [False, True, True]
