"""The documentation's own request and response, and the examples of our documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import JobSpec, json_schema, parse_job
from videngine.spec.document import MODELS, renewed
from videngine.spec.jsonc import loads
from videngine.spec.model import Model
from videngine.spec.problems import known_fields

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/api"
REQUEST = (DATA / "create-job-request.jsonc").read_bytes()
RESPONSE = json.loads((DATA / "create-job-response.json").read_text())
PAGE = ROOT / "docs/job-spec.md"

NOT_YET: list[str] = []
# Values of the example that no encoder takes.
MENDED = [
    *(
        f"format[0].video_codec_parameters.{name}"
        for name in (
            "vprofile", "subq", "trellis", "cmp", "me_range", "qcomp", "sws_flags",
            "preset", "flags", "rc_lookahead",
        )
    ),
    "format[0].rotate",  # 10 degrees
]  # fmt: skip
# The example's keys are words: their outputs fail, and a strict reader refuses them.
BAD_DRM = {
    "key": "invalid_drm_key",
    "key_id": "invalid_drm_key",
    "pssh": "invalid_drm_key",
    "la_url": "invalid_field",
}
UNUSABLE = {
    "format[1].encryption": {"key": "invalid_drm_key", "iv": "invalid_drm_key"},
    "format[2].cenc_drm": BAD_DRM,
    "format[7].cenc_drm": BAD_DRM,
}


def made_by_now() -> Any:
    """The request without what this version does not make; an output that it lacks has no name."""
    data = loads(REQUEST)
    for path in reversed(NOT_YET):
        remove(data, path)
    return data


def test_the_documented_request_is_made_whole() -> None:
    parse_job(REQUEST)  # nothing of it is left for a later version


def test_a_strict_reading_names_every_value_of_the_request_that_nobody_can_take() -> None:
    with pytest.raises(SpecError) as caught:
        parse_job(REQUEST, strict=True)
    expected = dict.fromkeys(MENDED, "invalid_field")
    for protection, fields in UNUSABLE.items():
        expected |= {f"{protection}.{field}": code for field, code in fields.items()}
    assert {fault.path: fault.code for fault in caught.value.faults} == expected


def test_the_documented_request_without_those_is_accepted_as_it_is() -> None:
    data = made_by_now()
    for path in UNUSABLE:
        remove(data, path)
    data["format"] = [output for output in data["format"] if "output" in output]
    parsed = parse_job(data)
    assert sorted((w.path, w.code) for w in parsed.warnings) == sorted(
        [
            *((path, "invalid_field") for path in MENDED),
            # All outputs have one path.
            *((f"format[{n}].destination.path", "path_collision") for n in (2, 7)),
        ]
    )
    kinds = [output.kind for output in parsed.spec.format]
    assert kinds == [
        *("mp4", "advanced_hls", "advanced_mp4", "thumbnail", "gif"),
        *("mp4", "speech_to_text", "advanced_dash"),
    ]


def remove(data: Any, path: str) -> None:
    """Take a field out, given as faults name it."""
    *parents, last = re.findall(r"\w+", path)
    for key in parents:
        data = data[int(key) if key.isdigit() else key]
    del data[last]


def test_the_documented_response_is_what_we_answer_to_its_request() -> None:
    expected = json.loads(json.dumps(RESPONSE["result"]))
    for place in (expected["source"], *(output["destination"] for output in expected["format"])):
        place["key"] = place["secret"] = "********"
    expected["webhook_config"]["headers"]["authorization"] = "********"
    parsed = parse_job(RESPONSE["result"])
    assert parsed.warnings == ()
    assert parsed.spec.echo() == expected


def test_every_output_is_echoed_with_the_documented_keys() -> None:
    documented = set(RESPONSE["result"]["format"][0])
    outputs: list[dict[str, Any]] = [
        {"output": "mp4"},
        {"output": "hls", "stream": [{}]},
        {"output": "dash", "stream": [{}]},
        {"output": "thumbnail"},
    ]
    spec = parse_job({"video_id": "v", "source": "https://h/a", "format": outputs}).spec
    for output in spec.echo()["format"]:
        assert set(output) == documented
        unset = {k: v for k, v in output.items() if k not in ("output", "stream")}
        assert not any(unset.values())
    assert set(spec.echo()["format"][1]["stream"][0]) == {
        "video_codec", "height", "bitrate", "framerate", "keyframe",
    }  # fmt: skip


def test_fields_beyond_the_documented_ones_are_echoed_where_they_were_given() -> None:
    output = {
        "output": "mp4",
        "bitrate": "900",
        "framerate": "29.97",
        "start_time": "0:10",
        "keyframe": "2s",
        "audio_mute": "drop",
        "allow_soft_fail": True,
    }
    spec = parse_job(
        {"video_id": "v", "upscale": 1, "source": "file:///a.mp4", "format": [output]}
    ).spec
    echo = spec.echo()
    assert echo["upscale"] is True
    assert echo["source"] == {"type": "file", "path": "/a.mp4"}
    assert echo["webhook_config"] is None
    found = {name: echo["format"][0][name] for name in output}
    assert found == {
        "output": "mp4",
        "bitrate": 900,
        "framerate": 29.97,
        "start_time": "10",
        "keyframe": "2s",
        "audio_mute": "drop",
        "allow_soft_fail": 1,
    }
    json.dumps(echo)


def test_the_examples_of_our_page_are_accepted_without_a_warning() -> None:
    examples = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert examples
    for example in examples:
        assert parse_job(example, strict=True).warnings == ()


def test_the_tables_of_our_page_are_those_of_the_models() -> None:
    page = PAGE.read_text()
    assert renewed(page) == page, "run: python -m videngine.spec.document docs/job-spec.md"


def test_every_field_of_the_models_is_on_our_page() -> None:
    page = PAGE.read_text()
    assert set(re.findall(r"<!-- fields: (\w+) -->", page)) == set(MODELS)
    tables = "".join(re.findall(r"<!-- fields: .*?<!-- end -->", page, re.DOTALL))
    rows = set(re.findall(r"^\| `(\w+)` \|", tables, re.MULTILINE))
    assert rows == known_fields()


def test_every_code_that_planning_and_parsing_warn_of_is_on_our_page() -> None:
    page = PAGE.read_text()
    folders = (ROOT / "python/videngine" / name for name in ("spec", "planning"))
    source = "\n".join(path.read_text() for folder in folders for path in folder.glob("*.py"))
    codes = set(re.findall(r'code="(\w+)"', source))
    codes |= set(
        re.findall(r'(?:warn|Problem)\(\s*(?:[^"()]*,\s*)?(?:f?"[^"]*",\s*)?"(\w+_\w+)"', source)
    )
    assert {"invalid_field", "no_audio", "size_clamped", "uneven_gop"} <= codes
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_every_field_of_the_schema_is_described() -> None:
    schema = json_schema()
    models = {"JobSpec": schema, **schema["$defs"]}
    for name, model in models.items():
        for field, definition in model["properties"].items():
            description = definition.get("description", "")
            ends = ("Required.", "No default.")
            assert "Default: " in description or description.endswith(ends), f"{name}.{field}"


def test_the_schema_can_keep_its_definitions_anywhere() -> None:
    text = json.dumps(json_schema(ref_template="#/components/schemas/{model}"))
    assert "#/components/schemas/Mp4Output" in text
    assert "#/$defs/" not in text


def test_models_are_frozen() -> None:
    spec = parse_job({"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4"}]}).spec
    with pytest.raises(ValueError, match="frozen"):
        spec.video_id = "w"
    assert issubclass(JobSpec, Model)


def test_a_logo_is_echoed_as_json_without_what_its_url_hides() -> None:
    logo = {"source": "https://h/l.png?sig=hunter2", "x": 1, "opacity": "0.5", "start_time": "1.5"}
    outputs = [
        {"output": "mp4", "logo": logo},
        {"output": "hls", "logo": [logo], "stream": [{"logo": logo}]},
    ]
    spec = parse_job({"video_id": "v", "source": "https://h/a", "format": outputs}).spec
    shown = json.dumps(spec.echo())
    assert shown.count("https://h/l.png?sig=********") == 3
    assert "hunter2" not in shown
