"""The process in which speech is recognised: ``python -m videngine.speech.child``.

It alone loads faster-whisper. Models are read from their folder; nothing is fetched.
"""

from __future__ import annotations

import os
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from videngine.child_protocol import answer_parent, send
from videngine.speech import no_speech, unavailable
from videngine.speech.transcript import Segment, Transcript, Word

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment as Heard

RATE_HZ = 16_000
_PROGRESS_EVERY_S = 10.0
# What the voice detector let through though it was none: Whisper's own two doubts together, with
# the thresholds of its authors, or hardly a word that is more likely right than wrong.
_SILENCE = 0.6
_DOUBT = -1.0


def _recognise(request: dict[str, Any]) -> dict[str, Any]:
    """Recognise the words of a mono WAV file at 16 kHz; the answer is a `Transcript`."""
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise unavailable(f"faster-whisper cannot be loaded ({error})") from None
    sound = _samples(Path(request["sound"]))
    if not sound.any():
        raise no_speech()
    folder = Path(request["model"])
    try:
        model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=request["threads"],
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise unavailable(f"the model in {folder} cannot be loaded ({error})") from None
    language = request["language"] or None
    if language not in (None, "en") and not model.model.is_multilingual:
        raise unavailable(f"the model in {folder} knows English only, not {language!r}")
    heard, facts = model.transcribe(
        sound,
        language=language,
        beam_size=request["beam_size"],
        vad_filter=True,
        vad_parameters={"min_silence_duration_ms": 500},
        word_timestamps=True,
        condition_on_previous_text=False,  # else an error is repeated for minutes
        hallucination_silence_threshold=2.0,
    )
    segments = []
    told_s = 0.0
    for segment in heard:
        if segment.end - told_s >= _PROGRESS_EVERY_S:
            told_s = segment.end
            send({"event": "progress", "time_s": told_s})
        if not _is_noise(segment):
            segments.append(_segment(segment))
    if not segments:
        raise no_speech()
    return Transcript(
        language=facts.language,
        model=request["name"],
        beam_size=request["beam_size"],
        duration=round(facts.duration, 3),
        segments=tuple(segments),
    ).to_json()


def _samples(path: Path) -> npt.NDArray[np.float32]:
    with wave.open(str(path), "rb") as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE_HZ, 1, 2):
            raise ValueError("the sound must be mono at 16 kHz with 16 bits")
        data = sound.readframes(sound.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def _is_noise(segment: Heard) -> bool:
    likely_silent = segment.no_speech_prob > _SILENCE and segment.avg_logprob < _DOUBT
    return likely_silent or not segment.words or not segment.text.strip()


def _segment(heard: Heard) -> Segment:
    words = tuple(
        Word(
            start=round(float(word.start), 3),
            end=round(float(word.end), 3),
            word=word.word,
            probability=round(float(word.probability), 3),
        )
        for word in heard.words or ()
    )
    return Segment(start=words[0].start, end=words[-1].end, text=heard.text.strip(), words=words)


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"  # whatever a library thinks of: nothing is fetched
    sys.exit(answer_parent({"recognise": _recognise}))
