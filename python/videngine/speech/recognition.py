"""Recognition beside the encode: started with it, waited for by the output that needs it.

Each recognition has a thread here and two child processes one after the other: the engine brings
the sound to the form that models take, which is over in moments because no picture is decoded, then
`speech/child.py` listens. (In the job's own decode the sound would be whole only when the last
picture is encoded, and nothing would run beside anything.)
"""

from __future__ import annotations

import importlib.util
import json
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from videngine import engine
from videngine.children import call_child
from videngine.outputs import RecognitionPlan
from videngine.planning import JobPlan
from videngine.run import Run
from videngine.settings import Settings
from videngine.speech import unavailable
from videngine.speech.transcript import Transcript

_BEAM_SIZES = {"speed": 1, "balanced": 5, "accuracy": 10}


def model_folder(settings: Settings, mode: str) -> Path:
    """Where the model of a mode lies.

    Raises:
        EncoderUnavailable: ``stt_unavailable``: it is not there, or faster-whisper is not.
    """
    if importlib.util.find_spec("faster_whisper") is None:
        raise unavailable(
            "faster-whisper is not installed; the operator can install videngine[speech]"
        )
    name = getattr(settings, f"speech_model_{mode}")
    for folder in (Path(name), settings.model_dir / name):
        if (folder / "model.bin").is_file():
            return folder.resolve()
    raise unavailable(
        f"there is no model for the mode {mode}; the operator can put one into the folder "
        f"{name!r} of speech_model_dir, or set speech_model_{mode}"
    )


class Recognitions:
    """All recognitions of one run. Used as a context: at its end nothing runs any more.

    What an earlier attempt at the job has recognised is not recognised again.
    """

    def __init__(self, plan: JobPlan, run: Run) -> None:
        plans = {output.speech.id: output.speech for output in plan.outputs if output.speech}
        self._engine = plan.engine
        self._run = run
        self._stopped = False
        self._failures: dict[str, Exception] = {}
        self._threads = {
            name: threading.Thread(target=self._keep_failure, args=(plan,), name=name)
            for name, plan in plans.items()
        }

    def __enter__(self) -> Self:
        """Start."""
        for thread in self._threads.values():
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what nobody waits for any more."""
        self._stopped = True
        for thread in self._threads.values():
            thread.join()

    def wait(self, plan: RecognitionPlan) -> Transcript:
        """What was said.

        Raises:
            VidengineError: what `_recognise` raised.
        """
        self._threads[plan.id].join()
        if failure := self._failures.get(plan.id):
            raise failure
        return Transcript.from_json(json.loads(Path(plan.path).read_text()))

    def _keep_failure(self, plan: RecognitionPlan) -> None:
        try:
            self._recognise(plan)
        except Exception as error:  # raised again in the flow's thread
            self._failures[plan.id] = error

    def _recognise(self, plan: RecognitionPlan) -> None:
        """Write the transcript.

        Raises:
            EncoderUnavailable: ``stt_unavailable``.
            InputError: ``no_speech``, and what is wrong with the source.
            WorkerLost: a child process died.
            ResourceError: ``timeout``, ``disk_full``.
            Cancelled: the run was stopped, or failed elsewhere.
        """
        target = Path(plan.path)
        if target.exists():
            return
        folder = model_folder(self._run.settings, plan.mode)
        sound = self._engine.with_only(audio=(plan.sound,))
        timeout_s = self._run.settings.job_timeout_s
        engine.transcode(sound, on_event=lambda _: None, stop=self._stop, timeout_s=timeout_s)
        request = {
            "operation": "recognise",
            "sound": plan.sound.path,
            "model": str(folder),
            "name": getattr(self._run.settings, f"speech_model_{plan.mode}").split("/")[-1],
            "beam_size": _BEAM_SIZES[plan.mode],
            "language": plan.language,
            "threads": self._run.settings.speech_cores,
        }
        transcript = call_child(
            "videngine.speech.child", request, stop=self._stop, timeout_s=timeout_s
        )
        Path(plan.sound.path).unlink()
        whole = target.with_suffix(".part")
        whole.write_text(json.dumps(transcript))
        whole.replace(target)

    def _stop(self) -> bool:
        return self._stopped or self._run.cancelled()
