"""The last two stages of one output: finished renditions → packaged files → stored objects."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from videngine import engine
from videngine.errors import Cancelled, VidengineError
from videngine.outputs import OutputPlan, PackagedFile
from videngine.packaging import package
from videngine.packaging.beside import PackagingBeside
from videngine.plan import Plan, RenditionResult
from videngine.run import Run, output_folder
from videngine.spec import JobSpec
from videngine.spec.destination import Destination
from videngine.speech.recognition import Recognitions
from videngine.storage import Sink, StoredObject, open_sink
from videngine.tracker import Tracker
from videngine.upload import take_back, upload


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
        packaging: PackagingBeside,
    ) -> None:
        self._destinations: tuple[Destination | None, ...]
        self._destinations = spec.format[output.index].destinations or (None,)
        self._output = output
        self._plan = plan
        self._results = results
        self._run = run
        self._tracker = tracker
        self._anywhere = anywhere
        self._recognitions = recognitions
        self._packaging = packaging
        self._folder = output_folder(run, output.index)

    def package(self) -> dict[str, Any]:
        """The output's files, manifests last, and what is worth telling of them."""
        self._tracker.stage("packaging", 0.0)
        facts: dict[str, Any] = {}
        if speech := self._output.speech:
            transcript = self._recognitions.wait(speech)
            facts = {"detected_language": transcript.language, "duration": transcript.duration}
        files = self._packaging.wait(self._output)
        if files is None:
            files = package(
                self._output, self._plan, self._results, self._folder, stop=self._run.cancelled
            )
        if self._output.repack:  # no rendition tells how long it is
            copy = engine.probe(self._folder / self._output.name, stop=self._run.cancelled)
            facts = {"duration": round(float(copy.duration_s), 3)}
        files.sort(key=lambda file: file.manifest)
        return {"files": [vars(file) for file in files], "facts": facts}

    def measure(self) -> dict[str, Any]:
        """Score the output's renditions that are to be scored and have not been yet."""
        from videngine.quality.vmaf import ffmpeg_with_vmaf, score

        plans = [plan for plan in self._output.scores if not plan.reason]
        program = ffmpeg_with_vmaf(self._run.settings) if plans else ""
        scores = {}
        for plan in plans:
            kept = Path(plan.path)
            if not kept.exists():
                result = self._results[plan.video]
                found = score(
                    replace(plan, frames=result.frames),
                    source=Path(self._plan.source_path),
                    rendition=Path(result.path),
                    program=program,
                    threads=self._run.settings.usable_cores,
                    stop=self._run.cancelled,
                    timeout_s=self._run.settings.job_timeout_s,
                )
                whole = kept.with_suffix(".part")
                whole.write_text(json.dumps(found))
                whole.replace(kept)
            scores[plan.video] = json.loads(kept.read_text())
        return {"scores": scores}

    def upload(self, packaged: dict[str, Any]) -> dict[str, Any]:
        """Store the files in order at every destination.

        What was stored is taken back where that fails; everywhere, if the output fails with it. An
        output that may fail softly fails only when all of its destinations do.

        Returns:
            ``files`` of the first destination that has them, ``destinations`` with the fate of
            each, and ``warnings``.
        """
        files = [PackagedFile(**file) for file in packaged["files"]]
        sinks: list[Sink] = []
        fates: list[dict[str, Any]] = []
        warnings: list[dict[str, str]] = []
        failures: list[VidengineError] = []
        try:
            for index, place in enumerate(self._destinations):
                try:
                    sink = open_sink(
                        place,
                        job_id=self._run.job_id,
                        settings=self._run.settings,
                        anywhere=self._anywhere,
                    )
                    stored = self._store(files, sink, index)
                except Cancelled:
                    raise
                except VidengineError as error:
                    if not self._output.allow_soft_fail or len(self._destinations) == 1:
                        raise
                    failures.append(error)
                    fates.append(_failed(error))
                    warnings.append(self._warning(index, error))
                else:
                    sinks.append(sink)
                    files_there = [o.to_json() for o in stored]
                    fates.append({"status": "completed", "error": None, "files": files_there})
                    warnings += sink.warnings
            if not sinks:
                raise failures[0]
        except BaseException:
            for sink in sinks:
                take_back(sink, [file.key for file in files])
            raise
        if not failures:  # else a retry needs the files again
            shutil.rmtree(self._folder, ignore_errors=True)
        first = next(fate["files"] for fate in fates if fate["status"] == "completed")
        return {"files": first, "destinations": fates, "warnings": warnings}

    def _store(self, files: list[PackagedFile], sink: Sink, index: int) -> list[StoredObject]:
        def on_share(share: float) -> None:
            self._tracker.upload(self._output.index, (index + share) / len(self._destinations))

        return upload(files, sink, on_share=on_share, stop=self._run.cancelled)

    def _warning(self, index: int, error: VidengineError) -> dict[str, str]:
        path = f"format[{self._output.index}].destination[{index}]"
        message = f"This destination has nothing of the output: {error.message}"
        return {"path": path, "code": "destination_failed", "message": message}


def _failed(error: VidengineError) -> dict[str, Any]:
    told = {"code": error.code, "message": error.message}
    return {"status": "failed", "error": told, "files": []}
