"""Views share the decoder's memory, keep it alive, and let go of it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from tests.frames.material import digest, ffmpeg, picture

import videngine
from videngine.errors import ResourceError


@pytest.mark.parametrize("threads", [1, 4])
def test_views_lie_in_the_decoders_memory(clip: Path, threads: int) -> None:
    seen: Counter[int] = Counter()
    for frame in videngine.open(clip, threads=threads):
        for plane, (start, size) in zip(frame.planes, frame._native.memory, strict=True):
            low, high = np.lib.array_utils.byte_bounds(plane)
            assert start <= low < high <= start + size
        # Looking twice is looking at the same samples.
        assert np.shares_memory(frame.planes[0], frame.planes[0])
        seen[frame.planes[0].__array_interface__["data"][0]] += 1
    if threads == 1:  # the decoder takes its buffers again: many pictures lay at one address
        assert max(seen.values()) > 2


def test_views_are_read_only_and_writable_copies_are_not(clip: Path) -> None:
    src = videngine.open(clip)
    frame = src[20]
    before = digest(frame)
    with pytest.raises(ValueError, match="read-only"):
        frame.planes[0][0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        frame.planes[0].flags.writeable = True
    own = frame.writable()
    own.planes[0][:] = 0
    assert own.is_writable
    assert not frame.is_writable
    assert digest(frame) == before
    assert digest(src[20]) == before
    assert own.planes[0].max() == 0


def test_views_outlive_frame_reader_and_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    ffmpeg(*picture(frames=20), "-c:v", "libx264", path)
    with videngine.open(path) as src:
        frame = src[10]
        expected = digest(frame)
        luma = frame.planes[0]
        kept = luma.copy()
        chroma = frame.planes[1]
    path.unlink()
    assert digest(frame) == expected
    del frame, src
    gc.collect()
    # Other decoders come and go meanwhile.
    ffmpeg(*picture(frames=20), "-c:v", "libx264", path)
    for _ in range(3):
        for other in videngine.open(path):
            assert other.width == 160
    assert (luma == kept).all()
    assert chroma.shape == (45, 80)


def test_too_many_frames_are_an_error_that_says_so(clip: Path) -> None:
    src = videngine.open(clip, max_live_frames=10)
    held = []
    with pytest.raises(ResourceError, match=r"10 frames .* max_live_frames=10") as caught:
        held.extend(src)
    assert caught.value.code == "too_many_frames"
    assert src.live_frames <= 10
    caught = None  # it holds the frames of this function
    held.clear()
    gc.collect()
    assert src.live_frames == 0
    # A view counts as its frame does.
    view = src[3].planes[2]
    assert src.live_frames == 1
    with pytest.raises(ResourceError):
        src[:10]
    del view
    assert len(src[:10]) == 10
    with pytest.raises(ResourceError):
        next(src.batches(11))


def in_its_own_process(check: Callable[[Path], None], path: Path) -> None:
    """What other tests have left behind is not counted there."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(check, path).result()


def test_opening_and_closing_leaves_nothing(clip: Path) -> None:
    in_its_own_process(open_and_close, clip)


def open_and_close(clip: Path) -> None:
    def use(close: bool) -> None:
        src = videngine.open(clip)
        for number, frame in enumerate(src):
            assert frame.planes[0].any()
            if number == 7:
                break  # in the middle of decoding ahead
        assert src[30].pts > 0
        assert len(next(src.batches(5))) == 5
        if close:
            src.close()

    process = psutil.Process()
    use(True)
    for _ in range(20):  # until every thread's part of the heap has the size that it keeps
        use(False)
    gc.collect()
    before = process.num_fds(), threading.active_count(), process.num_threads()
    memory = process.memory_info().rss
    for _ in range(50):
        use(False)
    gc.collect()
    assert (process.num_fds(), threading.active_count(), process.num_threads()) == before
    assert process.memory_info().rss - memory < 8 << 20


def test_ten_thousand_frames_leave_memory_flat(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    ffmpeg(
        *picture("96x64", 10_000, "50"),
        *("-c:v", "mpeg4", "-q:v", "8", "-g", "250", "-threads", str(os.cpu_count())),
        path,
    )
    in_its_own_process(read_ten_thousand, path)


def read_ten_thousand(path: Path) -> None:
    process = psutil.Process()
    count = total = 0
    early = 0
    for frame in videngine.open(path):
        total += int(frame.planes[0][0, 0])
        count += 1
        if count == 1000:
            early = process.memory_info().rss
    assert count == 10_000
    assert total > 0
    assert process.memory_info().rss - early < 8 << 20
