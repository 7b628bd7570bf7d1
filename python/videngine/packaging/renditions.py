"""What every output kind needs to know about the renditions that it is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from videngine.errors import VidengineError
from videngine.outputs import OutputPlan
from videngine.packaging import cenc
from videngine.packaging.layout import Layout
from videngine.plan import Plan, RenditionResult, VideoRenditionPlan
from videngine.protection import CommonEncryption


class Growing(Mapping[str, RenditionResult]):
    """The renditions of an encode that is at work: who asks for one waits for the encode's end.

    Any thread. Asking raises `concurrent.futures.CancelledError` once the encode is given up.
    """

    def __init__(self) -> None:
        self._results: Future[Mapping[str, RenditionResult]] = Future()

    @property
    def complete(self) -> bool:
        """Whether track files grow no more."""
        return self._results.done()

    def finish(self, results: Mapping[str, RenditionResult]) -> None:
        """The encode is done and has made these."""
        self._results.set_result(results)

    def give_up(self) -> None:
        """There will be no results, unless there are already."""
        self._results.cancel()

    def __getitem__(self, rendition: str) -> RenditionResult:
        return self._results.result()[rendition]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results.result())

    def __len__(self) -> int:
        return len(self._results.result())


@dataclass(frozen=True)
class Renditions:
    """One output beside the plan and the results that its ids point into."""

    output: OutputPlan
    plan: Plan
    results: Mapping[str, RenditionResult]

    @property
    def video(self) -> list[RenditionResult]:
        """The pictures, one a rung, in the order of the request."""
        return [self.result(rung.video) for rung in self.output.rungs]

    @property
    def audio(self) -> list[RenditionResult]:
        """The sounds, one a track, in the order of the request."""
        return [self.result(track.audio) for track in self.output.tracks]

    @property
    def growing(self) -> Growing | None:
        """The encode that is still at work on them, if one is."""
        results = self.results
        return results if isinstance(results, Growing) and not results.complete else None

    @property
    def segment_s(self) -> Fraction:
        """The segment duration that was asked for, in seconds."""
        assert self.output.segment_s is not None, "planning gives every segmented output a duration"
        return self.output.segment_s

    @property
    def layout(self) -> Layout:
        """Where the files of a ladder lie."""
        output = self.output
        return Layout(
            mpeg_ts=not output.fmp4,
            one_file=output.output in ("advanced_mp4", "mp4"),
            one_folder=output.one_folder,
        )

    @cached_property
    def common_encryption(self) -> CommonEncryption | None:
        """How samples are encrypted, if they are; the same at every asking."""
        protection = self.output.protection
        return cenc.settled(protection) if isinstance(protection, CommonEncryption) else None

    def result(self, rendition: str) -> RenditionResult:
        """A finished rendition by its id.

        Raises:
            VidengineError: ``packaging_failed``: it was not made, or its file has gone.
        """
        result = self.results.get(rendition)
        if result is None or not Path(result.path).exists():
            what = "that the encode did not make" if result is None else "whose file has gone"
            raise VidengineError(
                "packaging_failed", f"The output needs a rendition {what}.", subject=rendition
            )
        return result

    def track(self, rendition: str) -> Path:
        """Where a rendition's track file is, or is being written."""
        if self.growing is None:
            return Path(self.result(rendition).path)
        planned = {plan.id: plan.path for plan in self.plan.video}
        planned |= {plan.id: plan.path for plan in self.plan.audio}
        return Path(planned[rendition])

    def video_plan(self, rendition: str) -> VideoRenditionPlan:
        """What the engine was told to encode for a rendition of this output."""
        return next(video for video in self.plan.video if video.id == rendition)
