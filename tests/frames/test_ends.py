"""Damaged and truncated sources, Ctrl-C, and many threads at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.frames.material import digest, ffmpeg, picture, reference
from tests.processes import HANG_S

import videngine
from videngine.errors import DamagedSource


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 frames with a key frame every 12, the index in front."""
    path = tmp_path_factory.mktemp("ends") / "whole.mp4"
    ffmpeg(
        *picture(),
        *("-c:v", "libx264", "-x264-params", "bframes=2:keyint=12:scenecut=0"),
        *("-movflags", "+faststart"),
        path,
    )
    return path


@pytest.fixture(scope="module")
def truncated(whole: Path) -> Path:
    """The first 60 % of its bytes; its header still speaks of 60 frames."""
    path = whole.with_name("truncated.mp4")
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    return path


@pytest.fixture(scope="module")
def spoiled(whole: Path) -> Path:
    """A frame in the middle of the third GOP is noise."""
    path = whole.with_name("spoiled.mp4")
    data = bytearray(whole.read_bytes())
    row = videngine.open(whole).index[30]
    start = int(row["pos"]) + 5
    data[start : start + 600] = bytes((7 * i + 3) % 256 for i in range(600))
    path.write_bytes(data)
    return path


def test_a_truncated_source_gives_what_is_there_and_then_says_so(
    whole: Path, truncated: Path
) -> None:
    good = [digest(f) for f in videngine.open(whole)]
    got: list[str] = []
    with pytest.raises(DamagedSource, match=r"truncated|damaged") as caught:
        got.extend(map(digest, videngine.open(truncated)))
    assert 20 < len(got) < 60
    assert got == good[: len(got)]
    assert caught.value.code == "source_corrupt"
    assert caught.value.time == pytest.approx(caught.value.pts / 12800, abs=0.01)
    src = videngine.open(truncated)
    assert len(got) <= len(src) < 60  # the real count
    with pytest.raises(IndexError, match=f"has {len(src)}"):
        src[59]
    assert digest(src[len(got) - 3]) == good[len(got) - 3]
    # Without an error, all that FFmpeg makes of it.
    assert [digest(f) for f in videngine.open(truncated, damaged="show")] == reference(truncated)
    skipped = [digest(f) for f in videngine.open(truncated, damaged="skip")]
    assert skipped == good[: len(skipped)]


def test_damage_in_the_middle(whole: Path, spoiled: Path) -> None:
    good = [digest(f) for f in videngine.open(whole)]
    got: list[str] = []
    with pytest.raises(DamagedSource, match="pts") as caught:
        got.extend(map(digest, videngine.open(spoiled, threads=1)))
    assert got == good[: len(got)]
    assert 20 <= len(got) <= 30
    assert 0.8 <= caught.value.time <= 1.3
    # The same where other groups are decoded already.
    beside: list[str] = []
    with pytest.raises(DamagedSource) as same:
        beside.extend(map(digest, videngine.open(spoiled, threads=4)))
    assert beside == got
    assert str(same.value) == str(caught.value)
    assert [digest(f) for f in videngine.open(spoiled, damaged="show")] == reference(spoiled)
    # By skipping: good frames only, before the damage and from the next key frame on.
    skipped = [digest(f) for f in videngine.open(spoiled, damaged="skip")]
    assert set(skipped) <= set(good)
    assert skipped[-24:] == good[36:]
    assert 24 + 20 <= len(skipped) < 60
    src = videngine.open(spoiled)
    with pytest.raises(DamagedSource):
        src[30]
    assert digest(src[10]) == good[10]
    assert digest(src[40]) == good[40]
    assert videngine.open(spoiled, damaged="show")[33].pts == src.index["pts"][33]


@pytest.mark.alone
def test_control_c_ends_decoding_within_a_group_of_pictures(tmp_path: Path) -> None:
    path = tmp_path / "one_gop.mp4"
    ffmpeg(
        *picture("1280x720", 600),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "9999", "-sc_threshold", "0"),
        path,
    )
    code = (
        "import signal, sys, videngine\n"
        # a shell starts what runs in its background deaf to it
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "src = videngine.open(sys.argv[1], threads=1)\n"
        "len(src)\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    while True: src[599]; src[0]\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n"
        "print(src[1].pts, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopped\n"
        assert time.monotonic() - began < 1
        assert process.stdout.readline() == "512\n"  # the reader is of use all the same
        assert process.wait(HANG_S) == 0


def test_many_threads_share_a_reader(whole: Path) -> None:
    good = [digest(f) for f in videngine.open(whole)]
    src = videngine.open(whole)
    failures: list[str] = []

    def use(seed: int) -> None:
        for i in range(12):
            number = (seed * 17 + i * 23) % 60
            if digest(src[number]) != good[number]:
                failures.append(f"frame {number}")
        if seed % 2 and [digest(f) for f in src] != good:
            failures.append("in turn")
        if [digest(f) for f in src.frames([seed, 59 - seed])] != [good[seed], good[59 - seed]]:
            failures.append("several")

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_iterator_that_is_left_ends_its_thread(whole: Path) -> None:
    before = threading.active_count()
    for _ in range(5):
        for frame in videngine.open(whole):
            assert frame.pts == 0
            break
        iterator = videngine.open(whole).batches(7)
        assert len(next(iterator)) == 7
        iterator.close()
    assert threading.active_count() == before
