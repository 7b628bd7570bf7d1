"""Frames of a job while it is encoded: `tap`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from videngine.child import event_json, native_session
from videngine.children import OnEvent, Stop
from videngine.errors import Cancelled, ResourceError
from videngine.frames.frame import Frame
from videngine.local import run_here
from videngine.plan import Plan, RenditionResult
from videngine.report import Progress, Report
from videngine.settings import Settings

if TYPE_CHECKING:
    from videngine import _engine

DECODED = "decoded"

_MICROSECOND = Fraction(1, 1_000_000)
_POLL_S = 0.1


class Tap:
    """Frames of a job that runs in the background; made by `tap`. For one thread, used once.

    A context manager, and an iterator while the pictures last. Leaving the block waits for the job
    and raises what it failed with; leaving it by an exception cancels the job.
    """

    def __init__(
        self,
        job: Mapping[str, Any] | str | bytes,
        *,
        every: int,
        at: str,
        queue: int,
        full: str,
        settings: Settings | None,
        on_progress: Callable[[Progress], None],
        strict: bool,
    ) -> None:
        self._every, self._at, self._queue, self._full = every, at, queue, full
        self._left = threading.Event()  # the job is to be cancelled
        self._ready = threading.Event()  # there is a native tap, or there will be none
        self._native: _engine.SessionTap | None = None
        self._report: Report | None = None
        self._failure: BaseException | None = None

        def run() -> None:
            try:
                self._report = run_here(
                    job,
                    settings=settings,
                    on_progress=on_progress,
                    cancelled=self._left.is_set,
                    strict=strict,
                    run_plan=self._run_plan,
                )
            except BaseException as error:
                self._failure = error
            finally:
                self._ready.set()

        self._thread = threading.Thread(target=run, name="videngine tap", daemon=True)

    @property
    def dropped(self) -> int:
        """How many frames found the queue full, with ``full="drop"``."""
        return 0 if self._native is None else self._native.dropped

    @property
    def report(self) -> Report:
        """What the job made; waits for its end.

        Raises:
            VidengineError: what it failed with.
        """
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        assert self._report
        return self._report

    def __iter__(self) -> Iterator[Frame]:
        """Frames as they pass; ends with the pictures, or when the job fails.

        Raises:
            ResourceError: ``too_many_frames`` are held: 1 GiB of them, at least 32.
        """
        self._ready.wait()
        if self._native is None:
            _ = self.report  # raises why
            return
        while (frame := self._native.take()) is not None:
            yield Frame(frame)

    def __enter__(self) -> Tap:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._left.set()
        try:
            self._ready.wait()
            if self._native is not None:
                self._native.close()
            self._thread.join()
        except BaseException:  # Ctrl-C
            self._left.set()
            raise
        if kind is None and self._failure is not None:
            raise self._failure

    # -- on the job's thread

    def _run_plan(
        self, plan: Plan, *, on_event: OnEvent, stop: Stop, timeout_s: float | None = None
    ) -> list[RenditionResult]:
        """As `engine.transcode`, but in this process: frames are of no use in another."""
        session = native_session(plan.to_json())
        picture, time_base, start_s = self._picture(plan)
        self._native = session.tap(
            picture=picture,
            every=self._every,
            capacity=self._queue,
            drop=self._full == "drop",
            time_base=time_base,
            start_s=start_s,
        )
        results: list[RenditionResult] = []
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            session.start()
            self._ready.set()
            while not session.ended:
                event = session.next_event(timeout_s=_POLL_S)
                if stop():
                    raise Cancelled
                if deadline is not None and time.monotonic() > deadline:
                    raise ResourceError("timeout", f"The work took more than {timeout_s:g} s.")
                if event is None:
                    continue
                told = event_json(event)
                if told["event"] == "rendition_finished":
                    facts = {name: value for name, value in told.items() if name != "event"}
                    results.append(RenditionResult.from_json(facts))
                on_event(told)
            session.join()
        except BaseException:
            session.cancel()
            self._native.close()  # nobody else ends it, if the session did not start
            raise
        return results

    def _picture(self, plan: Plan) -> tuple[str, Fraction, Fraction]:
        """The picture that is tapped ("": the source), and the clock of its frames."""
        if self._at == DECODED and plan.pictures:
            return "", _MICROSECOND, Fraction(0)
        pictures = {picture.id: picture for picture in plan.pictures}
        for video in plan.video:
            picture = pictures[video.picture]
            if self._at in (video.id, f"{picture.height_px}p"):
                return picture.id, 1 / picture.frame_rate, picture.start_s
        known = [DECODED, *(f"{pictures[v.picture].height_px}p" for v in plan.video)]
        raise ValueError(f"at is one of {', '.join(dict.fromkeys(known))}, not {self._at!r}")


def tap(
    job: Mapping[str, Any] | str | bytes,
    *,
    every: int = 1,
    at: str = DECODED,
    queue: int = 4,
    full: Literal["block", "drop"] = "block",
    settings: Settings | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    strict: bool = False,
) -> Tap:
    """Run a job as `transcode` does, and look at its frames on their way to the encoders.

    ::

        with videngine.tap(job, every=10) as frames:
            for frame in frames:
                ...
        print(frames.report.status)

    The source is decoded once, for the encoders and for you. The engine runs in this process
    instead of one of its own: what you get is the very memory that is encoded, read-only.

    Args:
        job: the request of ``POST /jobs``.
        every: 10: the first frame, the eleventh, and so on.
        at: ``decoded``: the source's frames, upright; `Frame.pts` in microseconds. Or a rendition
            by its height (``720p``) or its id: its pictures as they are encoded, `Frame.pts` counts
            them. `Frame.time` is the source's clock.
        queue: how many frames may wait for you, at least 1.
        full: what happens when so many do. ``block``: the encode waits, and no frame is missed.
            ``drop``: it does not, and `Tap.dropped` counts.
        settings: as of `transcode`.
        on_progress: as of `transcode`, but told on another thread.
        strict: as of `transcode`.

    Raises:
        ValueError: an argument is not what it should be. In the block, or at its end: what
            `transcode` raises.
    """
    if every < 1 or queue < 1:
        raise ValueError(f"every and queue are at least 1, not {every} and {queue}")
    if full not in ("block", "drop"):
        raise ValueError(f'full is "block" or "drop", not {full!r}')
    return Tap(
        job,
        every=every,
        at=at,
        queue=queue,
        full=full,
        settings=settings,
        on_progress=on_progress,
        strict=strict,
    )
