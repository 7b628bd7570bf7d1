"""What is listened to for `speech_to_text`: which sound, which part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from videngine.languages import iso_639_2
from videngine.media import Stream
from videngine.outputs import RecognitionPlan
from videngine.plan import AudioRenditionPlan
from videngine.planning.pictures import Clip
from videngine.spec.speech import Mode, SpeechToTextOutput

RATE_HZ = 16_000  # what Whisper models are trained on


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A distinct recognition: this is its identity."""

    stream: int
    clip: Clip
    mode: Mode
    language: str


def spoken(output: SpeechToTextOutput, streams: Sequence[Stream]) -> Stream | None:
    """The sound that an output listens to: the first in its language, else the source's first."""
    wanted = iso_639_2(output.language or "")
    same = [s for s in streams if wanted and iso_639_2(s.language) == wanted]
    return next(iter([*same, *streams]), None)


def speech(output: SpeechToTextOutput, stream: Stream, clip: Clip) -> Speech:
    """What an output wants to know of a sound."""
    return Speech(
        stream=stream.index,
        clip=clip,
        mode=output.mode or "balanced",
        language=output.language or "",
    )


def recognitions(wanted: Iterable[Speech], work_dir: str) -> dict[Speech, RecognitionPlan]:
    """Each distinct recognition once, with a rendition of its sound that models understand."""
    return {
        one: RecognitionPlan(
            id=f"speech{number}",
            sound=AudioRenditionPlan(
                id=f"speech{number}",
                stream=one.stream,
                codec="pcm_s16le",
                container="wav",
                bitrate_bps=0,
                sample_rate_hz=RATE_HZ,
                layout="mono",
                segment_s=Fraction(1),
                language="",
                path=f"{work_dir}/speech{number}.wav",
                start_s=one.clip.start_s,
                duration_s=one.clip.duration_s,
            ),
            mode=one.mode,
            language=one.language,
            path=f"{work_dir}/speech{number}.json",
        )
        for number, one in enumerate(dict.fromkeys(wanted))
    }
