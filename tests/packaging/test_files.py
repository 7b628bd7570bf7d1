"""Outputs that are one file: MP4 and thumbnails; and what holds for every output."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import psutil
import pytest
from tests.packaging.inspect_boxes import boxes
from tests.packaging.ladders import Ladder

from videngine.errors import Cancelled, ResourceError, VidengineError
from videngine.outputs import OutputPlan
from videngine.packaging import package
from videngine.plan import RenditionResult


def never() -> bool:
    return False


def test_mp4_has_every_track_and_its_moov_first(ladder: Ladder, tmp_path: Path) -> None:
    output = ladder.output("mp4", "video_180p.mp4", rungs=ladder.rungs[:1], root="mp4")
    (file,) = package(output, ladder.plan, ladder.results, tmp_path / "out", stop=never)
    assert (file.key, file.content_type, file.manifest) == (
        "mp4/video_180p.mp4",
        "video/mp4",
        False,
    )
    kinds = [box.path for box in boxes(Path(file.path).read_bytes()) if "/" not in box.path]
    assert kinds.index("moov") < kinds.index("mdat")
    assert "moof" not in kinds
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", file.path],
        check=True,
        capture_output=True,
    )
    streams = json.loads(done.stdout)["streams"]
    assert [s["codec_name"] for s in streams] == ["h264", "aac", "aac"]
    assert (streams[0]["width"], streams[0]["height"]) == (320, 180)
    assert [s["tags"]["language"] for s in streams] == ["und", "eng", "fra"]
    ends = [float(s["start_time"]) + float(s["duration"]) for s in streams]
    assert max(ends) - min(ends) < 0.05
    assert [float(s["start_time"]) for s in streams] == [0, 0, 0]


def still(path: Path) -> tuple[OutputPlan, dict[str, RenditionResult]]:
    path.write_bytes(b"\x89PNG picture")
    result = RenditionResult(
        id="still_0",
        kind="still",
        path=str(path),
        size_bytes=path.stat().st_size,
        frames=1,
        duration_s=Fraction(0),
        codec_string="",
    )
    output = OutputPlan(
        index=0,
        output="thumbnail",
        root="",
        name="thumbnail.png",
        entries=("thumbnail.png",),
        images=("still_0",),
    )
    return output, {"still_0": result}


def test_a_thumbnail_is_the_still_under_its_own_name(ladder: Ladder, tmp_path: Path) -> None:
    output, results = still(tmp_path / "still_0.png")
    (file,) = package(output, ladder.plan, results, tmp_path / "out", stop=never)
    assert (file.key, file.content_type) == ("thumbnail.png", "image/png")
    assert Path(file.path).read_bytes() == b"\x89PNG picture"


def test_a_thumbnail_is_copied_where_links_are_refused(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    output, results = still(tmp_path / "still_0.png")
    (file,) = package(output, ladder.plan, results, tmp_path / "out", stop=never)
    assert Path(file.path).read_bytes() == b"\x89PNG picture"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("advanced_hls", "a.m3u8"), ("advanced_dash", "a.mpd"), ("mp4", "a.mp4")],
)
def test_a_rendition_that_was_not_made_is_named(
    ladder: Ladder, tmp_path: Path, kind: str, name: str
) -> None:
    results = {id: r for id, r in ladder.results.items() if id != "video_0"}
    output = ladder.output(kind, name)
    with pytest.raises(VidengineError, match="the encode did not make") as caught:
        package(output, ladder.plan, results, tmp_path / "out", stop=never)
    assert (caught.value.code, caught.value.subject) == ("packaging_failed", "video_0")


def test_an_output_kind_that_nobody_knows_is_refused(ladder: Ladder, tmp_path: Path) -> None:
    output = replace(ladder.output("mp4", "a.mp4"), output="betamax")
    with pytest.raises(VidengineError, match="'betamax'"):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=never)


@pytest.mark.parametrize(
    ("kind", "name", "separate_audio"),
    [("advanced_hls", "a.m3u8", False), ("mp4", "a.mp4", True)],
)
def test_remuxing_stops_when_asked(
    ladder: Ladder, tmp_path: Path, kind: str, name: str, separate_audio: bool
) -> None:
    output = ladder.output(kind, name, separate_audio=separate_audio)
    before = psutil.Process().children()
    with pytest.raises(Cancelled):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: True)
    assert psutil.Process().children() == before


def test_a_rendition_whose_file_has_gone_is_named(ladder: Ladder, tmp_path: Path) -> None:
    gone = replace(ladder.results["video_1"], path=str(tmp_path / "gone.mp4"))
    with pytest.raises(VidengineError, match="whose file has gone") as caught:
        package(
            ladder.output("advanced_hls", "a.m3u8"),
            ladder.plan,
            {**ladder.results, "video_1": gone},
            tmp_path / "out",
            stop=never,
        )
    assert (caught.value.code, caught.value.subject) == ("packaging_failed", "video_1")


def test_a_disk_that_fills_up_under_a_copy_is_named(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*names: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    output, results = still(tmp_path / "still_0.png")
    with pytest.raises(ResourceError) as caught:
        package(output, ladder.plan, results, tmp_path / "out", stop=never)
    assert caught.value.code == "disk_full"
