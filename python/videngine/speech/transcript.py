"""What was said, and when: what recognition yields and text files are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word as it is written, with its punctuation; seconds from the start of the clip."""

    start: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A run of words that were recognised together, about a sentence."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """All that was said in one sound.

    ``language`` is ISO 639-1, as heard or as told; ``model`` the name of the model's folder.
    """

    language: str
    model: str
    beam_size: int
    duration: float
    segments: tuple[Segment, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    def to_json(self) -> dict[str, Any]:
        """The transcript as JSON; `from_json` is the way back."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Transcript:
        """Read what `to_json` wrote."""
        segments = tuple(
            Segment(**{**segment, "words": tuple(Word(**word) for word in segment["words"])})
            for segment in data["segments"]
        )
        return Transcript(**{**data, "segments": segments})
