"""Rows of what is said in a source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.fields.rows import Made, Row
from tests.speech.material import (
    READ,
    parsed_by_ffmpeg,
    plain_words,
    said,
    spoken_film,
    under_a_picture,
    write_sound,
)

# The last sentence is said from 23.7 to 26.8 s.
LAST = ["he", "might", "even", "have", "been", "made", "amiable", "himself"]


def speech(
    *outputs: dict[str, Any], source: Callable[[Path], Path] = spoken_film
) -> Callable[[Path], dict[str, Any]]:
    """A job that listens to a few seconds of the recording under a picture."""
    usual = {"output": "speech_to_text", "start_time": 23.3}

    def job(folder: Path) -> dict[str, Any]:
        film = source(folder / "source.mp4")
        return {"source": str(film), "format": [{**usual, **output} for output in outputs]}

    return job


def two_languages(path: Path) -> Path:
    """Noise in French, the recording in English."""
    noise = np.random.default_rng(1).normal(0, 2000, len(said())).astype(np.int16)
    other = write_sound(path.with_suffix(".wav"), noise)
    return under_a_picture(path, other, READ, languages=("fra", "eng"))


def all_files_hold_the_sentence(made: Made) -> None:
    assert made.report.outputs[0].detected_language == "en"
    assert len(made.report.outputs[0].urls) == 4
    assert plain_words(made.path(0, "transcript.txt").read_text()) == LAST
    data = json.loads(made.path(0, "timestamps.json").read_text())
    assert data["language"] == "en"
    words = [word for segment in data["segments"] for word in segment["words"]]
    assert plain_words("".join(word["word"] for word in words)) == LAST
    assert abs(words[-1]["end"] - 3.5) < 0.3  # the clip begins at 23.3 s
    for name in ("subtitles.srt", "subtitles.vtt"):
        cues = parsed_by_ffmpeg(made.path(0, name))
        assert plain_words(" ".join(text for _, _, text in cues)) == LAST
        assert abs(cues[-1][1] - 3.5) < 0.3


def files_are_named(made: Made) -> None:
    names = {file["key"] for file in made.report.outputs[0].files}
    assert names == {"said.txt", "words.json", "a.srt", "b.vtt"}


def one_file_each(made: Made) -> None:
    names = [[file["key"] for file in output.files] for output in made.report.outputs]
    wanted = ["transcript.txt", "timestamps.json", "subtitles.srt", "subtitles.vtt"]
    assert names == [[name] for name in wanted]


def modes_think_longer(made: Made) -> None:
    beams = [json.loads(made.path(i, ".json").read_text())["beam_size"] for i in range(3)]
    assert beams == [1, 5, 10]


def english_is_listened_to(made: Made) -> None:
    assert plain_words(made.path(0, "transcript.txt").read_text()) == LAST
    assert made.report.outputs[1].error is not None
    assert made.report.outputs[1].error["code"] == "no_speech"  # the first sound is noise


def only(kind: str) -> dict[str, Any]:
    """An output of one of the four files."""
    return {name: int(name == kind) for name in ("transcript", "json", "srt", "vtt")}


KIND = "SpeechToTextOutput."
ROWS = [
    Row(fields=(KIND + "output",), name="speech_to_text", job=speech({}),
        check=all_files_hold_the_sentence),
    Row(fields=tuple(f"{KIND}{kind}_name" for kind in ("transcript", "json", "srt", "vtt")),
        name="names of text files",
        job=speech({"transcript_name": "said.txt", "json_name": "words.json",
                    "srt_name": "a.srt", "vtt_name": "b.vtt"}),
        check=files_are_named),
    Row(fields=tuple(KIND + kind for kind in ("transcript", "json", "srt", "vtt")),
        name="kinds of text files",
        job=speech(*(only(kind) for kind in ("transcript", "json", "srt", "vtt"))),
        check=one_file_each),
    Row(fields=(KIND + "mode",), name="mode of recognition",
        job=speech(*({"mode": mode} for mode in ("speed", "balanced", "accuracy"))),
        check=modes_think_longer),
    Row(fields=(KIND + "language",), name="language that is spoken",
        job=speech({"language": "en"}, {"allow_soft_fail": 1}, source=two_languages),
        check=english_is_listened_to),
]  # fmt: skip
