"""Packaging beside the encode: ladders are cut while their renditions still grow."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Self

from videngine.errors import Cancelled, VidengineError
from videngine.outputs import OutputPlan, PackagedFile
from videngine.packaging import package
from videngine.packaging.renditions import Growing
from videngine.plan import RenditionResult
from videngine.planning import JobPlan

log = logging.getLogger("videngine.packaging")

_MOST = 4  # at once: each is a process beside the encoders


class PackagingBeside:
    """The outputs of one run that are packaged while the encode is at work.

    Used as a context: at its end nothing runs any more. An output that could not be packaged this
    way is packaged afterwards, from its whole renditions, by whoever finds it missing here.

    Args:
        job: the outputs, and what the engine is told.
        folder_of: where the files of an output go.
        cancelled: whether to stop.
    """

    def __init__(
        self,
        job: JobPlan,
        *,
        folder_of: Callable[[OutputPlan], Path],
        cancelled: Callable[[], bool],
    ) -> None:
        self._job = job
        self._folder_of = folder_of
        self._cancelled = cancelled
        self._growing = Growing()
        self._given_up = False
        self._files: dict[int, list[PackagedFile]] = {}
        self._threads: dict[int, threading.Thread] = {}

    def __enter__(self) -> Self:
        """Nothing runs yet: an encode of an earlier attempt may be done already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what nobody waits for any more."""
        self._given_up = True
        self._growing.give_up()
        for thread in self._threads.values():
            thread.join()

    def begin(self) -> None:
        """The encode begins."""
        for output in [output for output in self._job.outputs if _is_cut(output)][:_MOST]:
            name = f"package {output.index}"
            self._threads[output.index] = threading.Thread(
                target=self._package, args=(output,), name=name
            )
            self._threads[output.index].start()

    def finish(self, results: Mapping[str, RenditionResult]) -> None:
        """The encode is done; it has made these."""
        if self._threads:
            self._growing.finish(results)

    def wait(self, output: OutputPlan) -> list[PackagedFile] | None:
        """The files of an output, None if it has to be packaged now."""
        if output.index not in self._threads:
            return None
        self._threads[output.index].join()
        return self._files.get(output.index)

    def _package(self, output: OutputPlan) -> None:
        try:
            self._files[output.index] = package(
                output,
                self._job.engine,
                self._growing,
                self._folder_of(output),
                stop=lambda: self._given_up or self._cancelled(),
            )
        except (Cancelled, CancelledError):
            pass
        except (VidengineError, OSError) as error:
            log.warning("output %d is packaged after the encode: %s", output.index, error)


def _is_cut(output: OutputPlan) -> bool:
    """Whether the packager makes an output of track files as they are."""
    if output.error:
        return False
    match output.output:
        case "advanced_hls":
            return output.separate_audio
        case "advanced_dash" | "hls_audio":
            return True
        case "advanced_mp4":
            return bool(output.name)
    return False
