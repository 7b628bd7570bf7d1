"""The last two stages of one output: finished renditions → packaged files → stored objects."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from videngine import packaging
from videngine.errors import Cancelled, VidengineError
from videngine.outputs import OutputPlan, PackagedFile
from videngine.plan import Plan, RenditionResult
from videngine.run import Run
from videngine.spec import JobSpec
from videngine.speech.recognition import Recognitions
from videngine.storage import StoredObject, open_sink
from videngine.tracker import Tracker


class Delivery:
    """Packages one output and brings it to its destination.

    Files are named from the job's scratch folder.
    """

    def __init__(
        self,
        spec: JobSpec,
        output: OutputPlan,
        plan: Plan,
        results: dict[str, RenditionResult],
        *,
        run: Run,
        tracker: Tracker,
        anywhere: bool,
        recognitions: Recognitions,
    ) -> None:
        self._destination = spec.format[output.index].destination
        self._output = output
        self._plan = plan
        self._results = results
        self._run = run
        self._tracker = tracker
        self._anywhere = anywhere
        self._recognitions = recognitions
        self._folder = run.scratch / f"output_{output.index}"

    def package(self) -> dict[str, Any]:
        """The output's files, manifests last, and what is worth telling of them."""
        self._tracker.stage("packaging", 0.0)
        facts: dict[str, Any] = {}
        if speech := self._output.speech:
            transcript = self._recognitions.wait(speech)
            facts = {"detected_language": transcript.language, "duration": transcript.duration}
        files = packaging.package(
            self._output, self._plan, self._results, self._folder, stop=self._run.cancelled
        )
        files.sort(key=lambda file: file.manifest)
        return {"files": [vars(file) for file in files], "facts": facts}

    def upload(self, packaged: dict[str, Any]) -> dict[str, Any]:
        """Store the files in order; what was stored is taken back on failure."""
        sink = open_sink(
            self._destination,
            job_id=self._run.job_id,
            settings=self._run.settings,
            anywhere=self._anywhere,
        )
        files = [PackagedFile(**file) for file in packaged["files"]]
        total = sum(Path(f.path).stat().st_size for f in files) or 1
        stored: list[StoredObject] = []
        before = 0

        def moved(done: int, _: int | None) -> None:
            self._stop_if_cancelled()
            self._tracker.upload(self._output.index, (before + done) / total)

        try:
            for file in files:
                stored.append(
                    sink.put(Path(file.path), file.key, content_type=file.content_type, moved=moved)
                )
                before += stored[-1].size_bytes
            self._stop_if_cancelled()
        except BaseException:
            for done in stored:
                with suppress(VidengineError):  # the first failure is the one to tell of
                    sink.delete(done.key)
            raise
        shutil.rmtree(self._folder, ignore_errors=True)
        return {"files": [o.to_json() for o in stored], "warnings": sink.warnings}

    def _stop_if_cancelled(self) -> None:
        if self._run.cancelled():
            raise Cancelled
