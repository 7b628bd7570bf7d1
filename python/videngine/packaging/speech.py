"""Speech to text: the transcript as the files that were asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.renditions import Renditions
from videngine.speech.captions import cues, srt, vtt
from videngine.speech.transcript import Transcript


def package_speech(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Write the text files of an output whose sound has been recognised."""
    del stop  # a few kilobytes are written before anybody could ask
    output = renditions.output
    assert output.speech is not None, "planning plans the recognition of every such output"
    transcript = Transcript.from_json(json.loads(Path(output.speech.path).read_text()))
    write = {"transcript": _text, "json": _json, "srt": _srt, "vtt": _vtt}
    files = []
    for kind, name in output.text_files:
        path = folder / name
        path.write_text(write[kind](transcript), encoding="utf-8")
        files.append(packaged(output, folder, path))
    return files


def _text(transcript: Transcript) -> str:
    return "".join(f"{segment.text}\n" for segment in transcript.segments)


def _json(transcript: Transcript) -> str:
    text = " ".join(segment.text for segment in transcript.segments)
    return json.dumps({**transcript.to_json(), "text": text}, ensure_ascii=False, indent=1) + "\n"


def _srt(transcript: Transcript) -> str:
    return srt(cues(transcript.words))


def _vtt(transcript: Transcript) -> str:
    return vtt(cues(transcript.words))
