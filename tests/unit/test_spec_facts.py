"""Requests for text, facts, copies and scores: what is taken, mended and refused."""

from __future__ import annotations

from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job

MP4 = {"output": "mp4"}
SPEECH = "speech_to_text"


def job(*outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"video_id": "v", "source": "https://h/a.mp4", "format": list(outputs), **more}


def faults(request: dict[str, Any], *, strict: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_job(request, strict=strict)
    return [(fault.path, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"transcript": 0, "json": 0, "srt": 0, "vtt": 0}, "transcript", "conflicting_fields"),
        ({"srt_name": "a.txt", "vtt_name": "a.txt"}, "srt_name", "conflicting_fields"),
        ({"json_name": "transcript.txt"}, "transcript_name", "conflicting_fields"),
        ({"srt_name": "../a.srt"}, "srt_name", "invalid_field"),
        ({"vtt_name": ".hidden"}, "vtt_name", "invalid_field"),
        ({"language": "klingon"}, "language", "invalid_field"),
        ({"language": "eng"}, "language", "invalid_field"),
        ({"translate_languages": ["cs"]}, "translate_languages", "not_yet_supported"),
        ({"start_time": -1}, "start_time", "invalid_field"),
        (
            {"destination": {"type": "file", "path": "/a/b.srt"}},
            "destination.path",
            "invalid_field",
        ),
    ],
)
def test_speech_that_cannot_be_is_refused(fields: dict[str, Any], path: str, code: str) -> None:
    assert faults(job({"output": SPEECH, **fields})) == [(f"format[0].{path}", code)]


@pytest.mark.parametrize(
    ("output", "field"),
    [
        ({"output": SPEECH, "mode": "best"}, "mode"),
        ({"output": "metadata", "metadata_version": "4.3.1"}, "metadata_version"),
        ({"output": "vmaf", "vmaf_model": "v1"}, "vmaf_model"),
        ({"output": "vmaf", "n_subsample": 5000}, "n_subsample"),
    ],
)
def test_values_with_a_near_one_are_mended(output: dict[str, Any], field: str) -> None:
    request = job(output, MP4)
    (warning,) = parse_job(request).warnings
    assert (warning.path, warning.code) == (f"format[0].{field}", "invalid_field")
    assert faults(request, strict=True) == [(f"format[0].{field}", "invalid_field")]


def test_a_repack_of_nothing_is_refused() -> None:
    output = {"output": "repack", "video_copy": 0, "audio_copy": 0, "subtitles_copy": 0}
    assert faults(job(output)) == [("format[0].video_copy", "conflicting_fields")]


def test_a_repack_into_what_is_no_container_is_refused() -> None:
    output = {"output": "repack", "destination": {"type": "file", "path": "/a/b.mp3"}}
    assert faults(job(output)) == [("format[0].destination.path", "invalid_field")]


@pytest.mark.parametrize("distorted", [5, [0, 9], [1], "https://h/b.mp4", -1, "all"])
def test_only_encoded_pictures_of_this_job_are_scored(distorted: Any) -> None:
    ((path, _),) = faults(job(MP4, {"output": "vmaf", "distorted": distorted}))
    assert path == "format[1].distorted"


def test_a_score_of_nothing_is_refused() -> None:
    request = job({"output": "vmaf"}, {"output": "metadata"})
    assert faults(request) == [("format[0].distorted", "conflicting_fields")]


@pytest.mark.parametrize("kind", ["metadata", "repack", "vmaf"])
def test_what_is_about_one_source_does_not_go_with_several(kind: str) -> None:
    request = job(MP4, {"output": kind})
    del request["source"]
    request["stitch"] = ["https://h/a.mp4", "https://h/b.mp4"]
    assert faults(request) == [("format[1].output", "conflicting_fields")]


def test_texts_of_two_outputs_do_not_overwrite_each_other() -> None:
    place = {"type": "file", "path": "/a/"}
    outputs = [{"output": SPEECH, "destination": place} for _ in range(2)]
    (warning,) = parse_job(job(*outputs)).warnings
    assert (warning.path, warning.code) == ("format[1].destination.path", "path_collision")
    outputs[1] |= {f"{kind}_name": f"other.{kind}" for kind in ("transcript", "json", "srt", "vtt")}
    assert parse_job(job(*outputs)).warnings == ()
