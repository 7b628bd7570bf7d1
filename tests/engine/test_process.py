"""The engine's process: crashes, cancels and time limits leave nothing behind."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.engine.films import Film
from tests.engine.plans import MEDIA, audio, picture, plan_of, run, video

import videngine
from videngine import engine
from videngine.errors import (
    Cancelled,
    EncoderUnavailable,
    ResourceError,
    VidengineError,
    WorkerLost,
)
from videngine.plan import Plan

CLIP = MEDIA / "bbb_720p24_60s.mp4"


def slow_plan(folder: Path) -> Plan:
    """Work for minutes."""
    of = picture(1280, 720)
    wanted = video(folder, of=of, preset="veryslow", threads=2)
    return plan_of(CLIP, pictures=(of,), video=(wanted,), audio=(audio(folder),))


def engine_processes() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "videngine.child" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            pass
    return found


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Any:
    yield
    assert engine_processes() == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGILL"])
def test_a_crash_is_a_lost_worker_that_names_the_signal(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("VIDENGINE_TEST_CRASH", name)
    of = picture()
    plan = plan_of(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    with pytest.raises(WorkerLost) as caught:
        engine.transcode(plan, on_event=lambda _: None, stop=lambda: False)
    assert caught.value.code == "worker_lost"
    assert name in caught.value.message
    assert caught.value.retryable
    with pytest.raises(WorkerLost):
        engine.probe(film.path)


def test_a_process_that_is_killed_in_its_work_is_a_lost_worker(tmp_path: Path) -> None:
    def kill_at_first_progress(event: dict[str, Any]) -> None:
        if event["event"] == "progress" and event["frames"] > 0:
            for process in engine_processes():
                process.send_signal(signal.SIGSEGV)

    with pytest.raises(WorkerLost) as caught:
        engine.transcode(
            slow_plan(tmp_path), on_event=kill_at_first_progress, stop=lambda: False, timeout_s=60
        )
    assert "SIGSEGV" in caught.value.message


@pytest.mark.alone
@pytest.mark.parametrize("after_frames", [0, 1])
def test_a_stop_ends_all_work_within_two_seconds(tmp_path: Path, after_frames: int) -> None:
    asked: list[float] = []
    working = threading.Event()

    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "progress" and event["frames"] >= after_frames:
            working.set()

    def stop() -> bool:
        if after_frames and not working.is_set():
            return False
        asked.append(time.monotonic())
        return True

    with pytest.raises(Cancelled):
        engine.transcode(slow_plan(tmp_path), on_event=on_event, stop=stop, timeout_s=60)
    assert time.monotonic() - asked[0] <= 2
    assert engine_processes() == []


def test_a_cancelled_job_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    phases: list[str] = []
    job = {
        "video_id": "test",
        "source": {"type": "file", "path": str(CLIP)},
        "format": [
            {"output": "mp4", "destination": {"type": "file", "path": str(tmp_path / "out")}}
        ],
    }
    settings = videngine.Settings(state_dir=tmp_path / "state", default_preset="veryslow")

    def encoding() -> bool:
        return "encoding" in phases

    with pytest.raises(Cancelled):
        videngine.transcode(
            job,
            settings=settings,
            on_progress=lambda p: phases.append(p.phase),
            cancelled=encoding,
        )
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("*"))
    assert not list((tmp_path / "state").rglob("*.mp4"))


@pytest.mark.alone
def test_a_time_limit_is_kept(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceError) as caught:
        engine.transcode(
            slow_plan(tmp_path), on_event=lambda _: None, stop=lambda: False, timeout_s=1.5
        )
    assert caught.value.code == "timeout"
    assert time.monotonic() - began <= 5


def test_progress_grows_and_ends_before_the_last_event(film: Film, tmp_path: Path) -> None:
    of = picture(640, 640)
    wanted = video(tmp_path, of=of, preset="slow")
    events: list[dict[str, Any]] = []
    engine.transcode(
        plan_of(film.path, pictures=(of,), video=(wanted,)),
        on_event=events.append,
        stop=lambda: False,
    )
    times = [e["time_s"] for e in events if e["event"] == "progress"]
    assert len(times) >= 2
    assert times == sorted(times)
    assert 0 < times[-1] <= 6.1
    # A machine that is busy elsewhere may tell of progress while the rendition's file is closed.
    assert [e["event"] for e in events if e["event"] != "progress"] == [
        "rendition_finished",
        "finished",
    ]
    assert events[-1] == {"event": "finished", "frames": 144, "decodes": 1, "encodes": 1}


def test_an_unknown_preset_is_the_encoders_refusal(film: Film, tmp_path: Path) -> None:
    of = picture()
    with pytest.raises(EncoderUnavailable) as caught:
        run(film.path, pictures=(of,), video=(video(tmp_path, of=of, preset="warp"),))
    assert caught.value.code == "encoder_init_failed"
    assert caught.value.subject == "v0"
    assert caught.value.log


def test_a_full_disk_is_named(film: Film, tmp_path: Path) -> None:
    target = Path("/dev/full")
    of = picture()
    wanted = video(tmp_path, of=of)
    full = type(wanted)(**{**vars(wanted), "path": str(target)})
    with pytest.raises(ResourceError) as caught:
        engine.transcode(
            plan_of(film.path, pictures=(of,), video=(full,)),
            on_event=lambda _: None,
            stop=lambda: False,
            timeout_s=30,
        )
    assert caught.value.code == "disk_full"


def test_many_runs_leave_neither_threads_nor_files_open(film: Film) -> None:
    me = psutil.Process()
    engine.probe(film.path)
    before = (me.num_fds(), threading.active_count())
    for _ in range(10):
        engine.probe(film.path)
    assert (me.num_fds(), threading.active_count()) == before


def test_a_plan_that_cannot_be_is_refused_by_name(film: Film, tmp_path: Path) -> None:
    of = picture(63, 64)
    plan = plan_of(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    with pytest.raises(VidengineError, match="p0: sizes must be even") as caught:
        engine.transcode(plan, on_event=lambda _: None, stop=lambda: False)
    assert (caught.value.code, caught.value.retryable) == ("internal_error", False)
