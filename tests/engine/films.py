"""Films whose frames carry their number and whose sound clicks at known instants.

A frame is 64x64: sixteen squares, white or black, are the bits of its number. So a test can say
which frame of the source it sees in an output, after any codec.
"""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIDE_PX = 64
_BITS = 16
_BLOCK_PX = 16
_DARK, _LIGHT = 40, 210
CLICK_S = 0.03

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-g", "48")
AAC = ("-c:a", "aac", "-b:a", "96k")


@dataclass(frozen=True, kw_only=True)
class Film:
    """A generated source. Frame n belongs to ``time_of(n)``; clicks begin at ``clicks``."""

    path: Path
    frames: int
    time_of: Callable[[int], Fraction]
    clicks: tuple[Fraction, ...]

    @property
    def length_s(self) -> Fraction:
        return self.time_of(self.frames)


def number_to_picture(number: int) -> npt.NDArray[np.uint8]:
    """The luma of a frame."""
    bits = (number >> np.arange(_BITS)) & 1
    squares = np.where(bits.reshape(4, 4), _LIGHT, _DARK).astype(np.uint8)
    return squares.repeat(_BLOCK_PX, axis=0).repeat(_BLOCK_PX, axis=1)


def picture_to_number(luma: npt.NDArray[np.uint8]) -> int:
    """The number of a 64x64 frame."""
    centres = luma.reshape(4, _BLOCK_PX, 4, _BLOCK_PX)[:, 4:12, :, 4:12].mean(axis=(1, 3))
    bits = centres.reshape(-1) > (_DARK + _LIGHT) / 2
    return int((bits << np.arange(_BITS)).sum())


def click(rate_hz: int) -> npt.NDArray[np.float64]:
    """A short rising tone: its correlation with itself has one sharp peak."""
    t = np.arange(int(CLICK_S * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * (500 * t + (2500 / (2 * CLICK_S)) * t * t))
    return tone * np.hanning(len(t))


def make_film(
    path: Path,
    *,
    frames: int,
    rate: Fraction,
    time_of: Callable[[int], Fraction] | None = None,
    setpts: str = "",
    clicks: Sequence[Fraction] = (),
    sound_s: Fraction | None = None,
    sound_hz: int = 48_000,
    video: Sequence[str] = X264,
    audio: Sequence[str] = AAC,
    more: Sequence[str] = (),
) -> Film:
    """Write a film.

    Args:
        path: the target; its suffix chooses the container.
        frames: how many.
        rate: of the frames; with ``setpts`` only a time base for the filter.
        time_of: where frame n belongs, if not at n / rate.
        setpts: the same in milliseconds, as an expression of FFmpeg's filter.
        clicks: instants in the sound; without any the film has no sound.
        sound_s: the length of the sound, by default the picture's.
        sound_hz: its sample rate.
        video, audio: how FFmpeg encodes.
        more: further options before the target.
    """
    times = time_of or (lambda n: n / rate)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "gray"]
    command += ["-s", f"{SIDE_PX}x{SIDE_PX}", "-r", str(rate), "-i", "pipe:0"]
    if clicks:
        sound = path.with_suffix(".wav")
        length_s = times(frames) if sound_s is None else sound_s
        write_clicks(sound, clicks=clicks, length_s=length_s, rate_hz=sound_hz)
        command += ["-i", str(sound), *audio]
    graph = f"settb=1/1000,setpts={setpts}," if setpts else ""
    command += ["-vf", f"{graph}format=yuv420p", "-vsync", "passthrough" if setpts else "cfr"]
    command += [*video, *more, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        for n in range(frames):
            ffmpeg.stdin.write(number_to_picture(n).tobytes())
        ffmpeg.stdin.close()
        assert ffmpeg.wait() == 0
    return Film(path=path, frames=frames, time_of=times, clicks=tuple(clicks))


def write_clicks(
    path: Path, *, clicks: Sequence[Fraction], length_s: Fraction, rate_hz: int
) -> None:
    """Mono sound, silent but for the clicks."""
    samples = np.zeros(int(length_s * rate_hz), dtype=np.int16)
    tone = (click(rate_hz) * 20_000).astype(np.int16)
    for at in clicks:
        first = round(at * rate_hz)
        part = samples[first : first + len(tone)]
        part[:] = tone[: len(part)]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.tobytes())


def every_second(length_s: int, *, first_s: Fraction = Fraction(1, 2)) -> tuple[Fraction, ...]:
    """Instants a second apart."""
    return tuple(first_s + n for n in range(length_s))


def ffmpeg(*arguments: str | Path) -> None:
    """Run Debian's FFmpeg."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True, timeout=120
    )
