"""One way of reading frames, timed: ``python -m benchmarks.frame_readers SIDE TASK CLIP``.

A process of its own for each: every library brings its own FFmpeg. Prints JSON: ``frames``,
``seconds`` and ``cpu_s`` (with opening, without importing), and for ``random`` how many were
``right``: the frames that the same library gives at these places when it reads in turn. Reading
in turn ends with the clip, or after `PATIENCE_S`: some get hardly any frame past a busy thread.
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

RANDOM_FRAMES = 40
PATIENCE_S = 20


class Videngine:
    """This project."""

    def __init__(self, clip: str) -> None:
        from videngine import open as opened  # here, as it is what loads the engine

        self._open: Callable[[], Any] = lambda: opened(clip)

    def planes(self) -> Iterator[Any]:
        for frame in self._open():
            yield frame.planes

    def rgb(self) -> Iterator[Any]:
        out = None
        for frame in self._open():
            out = frame.to_rgb(out)
            yield out

    def busy(self) -> Iterator[Any]:
        for batch in self._open().batches(32):
            for frame in batch:
                yield frame.planes

    def at(self, numbers: list[int]) -> list[Any]:
        return [frame.planes[0] for frame in self._open().frames(numbers)]

    def luma(self) -> Iterator[Any]:
        return (planes[0] for planes in self.planes())


class PyAV:
    """PyAV as it comes."""

    frame_threads = False

    def __init__(self, clip: str) -> None:
        import av

        self._av, self._clip = av, clip

    def _container(self) -> Any:
        container = self._av.open(self._clip)
        if self.frame_threads:
            container.streams.video[0].thread_type = "AUTO"
        return container

    def planes(self) -> Iterator[Any]:
        with self._container() as container:
            for frame in container.decode(video=0):
                yield [np.frombuffer(plane, np.uint8) for plane in frame.planes]

    busy = planes

    def rgb(self) -> Iterator[Any]:
        with self._container() as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")

    @staticmethod
    def _luma(frame: Any) -> Any:
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        return rows[: frame.height, : frame.width]

    def luma(self) -> Iterator[Any]:
        with self._container() as container:
            for frame in container.decode(video=0):
                yield self._luma(frame)

    def at(self, numbers: list[int]) -> list[Any]:
        """The exact way: seek to the key frame before, decode up to the timestamp."""
        found = []
        with self._container() as container:
            stream = container.streams.video[0]
            step = int(1 / (stream.average_rate * stream.time_base))
            for number in numbers:
                container.seek(number * step, stream=stream)
                for frame in container.decode(stream):
                    if frame.pts >= number * step:
                        found.append(self._luma(frame))
                        break
        return found


class PyAVWithThreads(PyAV):
    """PyAV told to decode frames beside each other, as its documentation advises for speed."""

    frame_threads = True


class Decord:
    """decord on the CPU: RGB only."""

    def __init__(self, clip: str) -> None:
        import decord

        self._open: Callable[[], Any] = lambda: decord.VideoReader(clip)

    def rgb(self) -> Iterator[Any]:
        for frame in self._open():
            yield frame.asnumpy()

    busy = luma = rgb

    def at(self, numbers: list[int]) -> list[Any]:
        return list(self._open().get_batch(numbers).asnumpy())


class TorchCodec:
    """torchcodec on the CPU, with the threads of libavcodec: RGB only. Needs torch."""

    def __init__(self, clip: str) -> None:
        try:
            from torchcodec.decoders import VideoDecoder
        except RuntimeError as error:  # there, but not for this FFmpeg or this torch
            raise ImportError(str(error)) from error

        self._open: Callable[[], Any] = lambda: VideoDecoder(
            clip, dimension_order="NHWC", num_ffmpeg_threads=0
        )

    def rgb(self) -> Iterator[Any]:
        for frame in self._open():
            yield frame.numpy()

    busy = luma = rgb

    def at(self, numbers: list[int]) -> list[Any]:
        return list(self._open().get_frames_at(numbers).data.numpy())


class OpenCV:
    """OpenCV's VideoCapture: BGR only."""

    def __init__(self, clip: str) -> None:
        import cv2

        self._cv2, self._clip = cv2, clip

    def rgb(self) -> Iterator[Any]:
        capture = self._cv2.VideoCapture(self._clip)
        while True:
            good, frame = capture.read()
            if not good:
                return
            yield frame

    busy = luma = rgb

    def at(self, numbers: list[int]) -> list[Any]:
        capture = self._cv2.VideoCapture(self._clip)
        found = []
        for number in numbers:
            capture.set(self._cv2.CAP_PROP_POS_FRAMES, number)
            found.append(capture.read()[1])
        return found


class ImageioFfmpeg:
    """imageio-ffmpeg: RGB through a pipe of the FFmpeg command."""

    def __init__(self, clip: str) -> None:
        import imageio_ffmpeg

        self._read, self._clip = imageio_ffmpeg.read_frames, clip

    def rgb(self) -> Iterator[Any]:
        reader = self._read(self._clip)
        width, height = next(reader)["size"]
        for data in reader:
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)

    busy = rgb


SIDES: dict[str, Callable[[str], Any]] = {
    "videngine": Videngine,
    "PyAV": PyAV,
    "PyAV, AUTO threads": PyAVWithThreads,
    "torchcodec": TorchCodec,
    "decord": Decord,
    "OpenCV": OpenCV,
    "imageio-ffmpeg": ImageioFfmpeg,
}


def _cpu_s() -> float:
    """Of this process and the children it has waited for."""
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(r.ru_utime + r.ru_stime for r in taken)


def _digest(picture: Any) -> str:
    return hashlib.md5(np.ascontiguousarray(picture).tobytes()).hexdigest()


def _at_random(side: Any) -> dict[str, float]:
    in_turn = [_digest(picture) for picture in side.luma()]
    numbers = random.Random(7).sample(range(len(in_turn)), RANDOM_FRAMES)
    began, cpu = time.perf_counter(), _cpu_s()
    found = side.at(numbers)
    seconds, cpu = time.perf_counter() - began, _cpu_s() - cpu
    right = sum(
        _digest(picture) == in_turn[number]
        for number, picture in zip(numbers, found, strict=True)
        if picture is not None
    )
    return {"frames": RANDOM_FRAMES, "seconds": seconds, "cpu_s": cpu, "right": right}


def _spin(stop: threading.Event) -> None:
    count = 0
    while not stop.is_set():
        count += 1


def measure(name: str, task: str, clip: str) -> dict[str, float] | None:
    """One run; None if the library has no such way, or is not there."""
    try:
        side = SIDES[name](clip)
    except ImportError:
        return None
    if task == "random":
        return _at_random(side) if hasattr(side, "at") else None
    if not hasattr(side, task):
        return None
    stop = threading.Event()
    other = threading.Thread(target=_spin, args=(stop,), daemon=True)
    if task == "busy":
        other.start()
    began, cpu = time.perf_counter(), _cpu_s()
    frames = 0
    for _ in getattr(side, task)():
        frames += 1
        if time.perf_counter() - began > PATIENCE_S:
            break
    seconds, cpu = time.perf_counter() - began, _cpu_s() - cpu
    stop.set()
    return {"frames": frames, "seconds": seconds, "cpu_s": cpu}


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:4])))
