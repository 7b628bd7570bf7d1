"""What an output becomes on its way to a plan: `drafts` fills it, `job` gives its parts ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from videngine.outputs import Chosen, SkippedRung
from videngine.plan import RepackPlan
from videngine.planning.images import Image
from videngine.planning.sounds import Track
from videngine.planning.speech import Speech
from videngine.planning.texts import Text
from videngine.planning.trials import Trial
from videngine.planning.video import VideoWish
from videngine.spec.outputs import AdaptiveOutput, FileOutput, HlsAudioOutput, Output, Rung

Entry = FileOutput | Rung


@dataclass(frozen=True, kw_only=True)
class DraftRung:
    """A rung that will be made; ``path`` is its place in the request."""

    path: str
    entry: Entry
    wish: VideoWish
    sounds: int | None = None  # the group of its tracks
    chosen: Chosen | None = None  # what the title's analysis expects of its CRF

    @property
    def is_tonemapped(self) -> bool:
        """Whether it is SDR, whatever the source is."""
        return self.wish.picture.look.tonemap is not None


@dataclass(kw_only=True)
class Draft:
    """One output before its renditions have ids. With an ``error`` it is not made."""

    index: int
    output: Output
    rungs: list[DraftRung] = field(default_factory=list)
    texts: tuple[Text, ...] = ()
    images: list[Image] = field(default_factory=list)
    tracks: tuple[Track, ...] = ()
    segment_s: Fraction | None = None  # of outputs in segments
    speech: Speech | None = None
    document: dict[str, Any] | None = None
    repack: RepackPlan | None = None
    skipped: list[SkippedRung] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)  # what would tell how to encode its rungs
    error: dict[str, str] | None = None

    @property
    def path(self) -> str:
        """Its place in the request."""
        return f"format[{self.index}]"

    @property
    def separate_audio(self) -> bool:
        """Whether sounds are renditions of their own."""
        output = self.output
        if isinstance(output, HlsAudioOutput):
            return True
        if isinstance(output, AdaptiveOutput):
            return output.makes_separate_audio
        return False
