"""Every fault of a request at once, by path, code and order; warnings where a remedy is known."""

from __future__ import annotations

import copy
import random
import time
from pathlib import Path
from typing import Any

import pytest

from videngine.errors import Fault, SpecError
from videngine.spec import JobSpec, parse_job
from videngine.spec.jsonc import loads

SOURCE = "https://example.com/a.mp4"


def job(*outputs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"video_id": "v", "source": SOURCE, "format": list(outputs), **fields}


def faults(body: Any, *, strict: bool = False) -> list[Fault]:
    with pytest.raises(SpecError) as caught:
        parse_job(body, strict=strict)
    return caught.value.faults


def codes(body: Any, *, strict: bool = False) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in faults(body, strict=strict)]


def warned(body: Any) -> list[tuple[str, str]]:
    return [(warning.path, warning.code) for warning in parse_job(body).warnings]


def test_the_faults_of_the_issues_table_come_all_at_once() -> None:
    body = {
        "source": {"type": "s3", "path": "a.mp4"},
        "format": [
            {"output": "mp4", "height": -720, "quality": 99},
            {"output": "betamax"},
            {"output": "hls", "stream": [{"width": -1}, {"height": "tall"}]},
        ],
    }
    assert codes(body) == [
        ("source.bucket", "missing_field"),
        ("format[0].height", "invalid_field"),
        ("format[0].quality", "invalid_field"),
        ("format[1].output", "unknown_output"),
        ("format[2].stream[0].width", "invalid_field"),
        ("format[2].stream[1].height", "invalid_field"),
        ("video_id", "missing_field"),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {},
            [
                ("video_id", "missing_field"),
                ("source", "missing_field"),
                ("format", "missing_field"),
            ],
        ),
        (job(), [("format", "missing_field")]),
        (job(video_id=""), [("video_id", "missing_field"), ("format", "missing_field")]),
        ({**job(), "format": None}, [("format", "missing_field")]),
        ({**job(), "format": {"output": "mp4"}}, [("format", "invalid_field")]),
        (job("mp4"), [("format[0]", "invalid_field")]),
        (job({"output": "mp4"}, source=5), [("source", "invalid_field")]),
        (job({"output": "mp4"}, source=[]), [("source", "invalid_field")]),
        (job({"output": "mp4"}, source=None), [("source", "missing_field")]),
        (job({"output": "mp4"}, source=" "), [("source", "missing_field")]),
        (job({}), [("format[0].output", "missing_field")]),
        (job({"output": ""}), [("format[0].output", "missing_field")]),
        (job({"output": 7}), [("format[0].output", "unknown_output")]),
        (job({"output": ["mp4"]}), [("format[0].output", "unknown_output")]),
        (job({"output": "hls", "stream": []}), [("format[0].stream", "missing_field")]),
        (job({"output": "hls", "stream": {}}), [("format[0].stream", "invalid_field")]),
        (job({"output": "hls", "stream": [3]}), [("format[0].stream[0]", "invalid_field")]),
        (job({"output": "dash", "stream": [{}] * 21}), [("format[0].stream", "invalid_field")]),
        (job(*[{"output": "mp4"}] * 51), [("format", "invalid_field")]),
        (job({"output": "mp4"}, webhook_config="https://h"), [("webhook_config", "invalid_field")]),
        (job({"output": "mp4"}, webhook_config={}), [("webhook_config.url", "missing_field")]),
    ],
)
def test_what_is_missing_or_of_the_wrong_shape_is_named(
    body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert codes(body) == expected


def test_a_message_says_how_many_entries_are_taken() -> None:
    (fault,) = faults(job(*[{"output": "mp4"}] * 51))
    assert fault.message == "`format` has too many entries; at most 50 are taken."
    (fault,) = faults(job({"output": "betamax"}))
    assert "mp4, advanced_hls, hls, advanced_dash, dash, advanced_mp4, thumbnail" in fault.message


@pytest.mark.parametrize("body", ["[]", "3", '"text"', "null", b"[1]"])
def test_a_body_that_is_no_object_is_refused(body: str | bytes) -> None:
    assert codes(body) == [("body", "invalid_json")]


def test_parts_of_a_job_may_be_models_already() -> None:
    spec = parse_job(job({"output": "mp4"}, {"output": "hls", "stream": [{}]})).spec
    again = JobSpec(video_id="v", source=spec.source, format=spec.format)
    assert again == spec


def test_text_and_objects_are_read_alike() -> None:
    text = '{"video_id": "v", /* c */ "source": "https://e.com/a", "format": [{"output": "mp4",}]}'
    from_text = parse_job(text)
    assert from_text == parse_job(text.encode())
    assert from_text == parse_job(
        {"video_id": "v", "source": "https://e.com/a", "format": ({"output": "mp4"},)}
    )


def test_the_request_itself_is_left_as_it_was() -> None:
    body = job({"output": "mp4", "height": 721, "colour": "red"})
    before = repr(body)
    assert len(parse_job(body).warnings) == 2
    assert repr(body) == before


def test_faults_come_in_the_order_of_the_request() -> None:
    body = {
        "format": [{"quality": 99, "output": "mp4", "height": -1}],
        "upscale": "x",
        "source": {"bucket": "/", "type": "s3", "path": "a"},
        "video_id": [],
    }
    assert [path for path, _ in codes(body)] == [
        "format[0].quality",
        "format[0].height",
        "upscale",
        "source.bucket",
        "video_id",
    ]


def test_checks_of_whole_objects_run_beside_faults_of_their_fields() -> None:
    body = job(
        {
            "output": "hls",
            "stream": [{"height": "x"}],
            "segment_duration": "x",
            "playlist_name": "a.m3u8",
            "destination": {"type": "s3", "bucket": "b", "path": "x/b.m3u8"},
        }
    )
    assert codes(body) == [
        ("format[0].stream[0].height", "invalid_field"),
        ("format[0].segment_duration", "invalid_field"),
        ("format[0].playlist_name", "conflicting_fields"),
    ]


def test_an_unknown_field_is_a_warning_that_names_a_similar_one() -> None:
    body = job({"output": "mp4", "hieght": 720, "zzzzzz": 1}, colour={"deep": [1]})
    parsed = parse_job(body)
    assert [(w.path, w.code) for w in parsed.warnings] == [
        ("format[0].hieght", "unknown_field"),
        ("format[0].zzzzzz", "unknown_field"),
        ("colour", "unknown_field"),
    ]
    assert "did you mean `height`?" in parsed.warnings[0].message
    assert "did you mean" not in parsed.warnings[1].message
    assert codes(body, strict=True) == warned(body)


def test_a_field_of_another_output_is_a_warning_unless_it_asks_for_nothing() -> None:
    zeros = {"transcript": 0, "json": 0, "mode": "", "image_format": "", "deinterlace": False}
    assert warned(job({"output": "hls", "stream": [{}], **zeros})) == []
    assert warned(job({"output": "hls", "stream": [{}], "image_format": "jpg"})) == [
        ("format[0].image_format", "unknown_field")
    ]
    assert warned(job({"output": "thumbnail", "framerate": 0, "stream": None})) == []
    assert warned(job({"output": "thumbnail", "framerate": 12})) == [
        ("format[0].framerate", "unknown_field")
    ]


def test_a_hostile_name_of_a_field_is_printed_short_and_escaped() -> None:
    (warning,) = parse_job(job({"output": "mp4"}, **{"\x1b[31m\n" + "x" * 500: 1})).warnings
    assert warning.path.isprintable()
    assert len(warning.path) <= 40
    assert warning.message.isprintable()


def test_documented_outputs_of_later_versions_are_not_yet_supported() -> None:
    assert codes(job({"output": "webm_dash", "anything": [1]})) == [
        ("format[0].output", "not_yet_supported")
    ]


LATER = [("refresh_playlist", 1)]
LADDER: dict[str, Any] = {"output": "hls", "stream": [{}]}


@pytest.mark.parametrize(("field", "value"), LATER)
def test_documented_fields_of_later_versions_are_not_yet_supported(field: str, value: Any) -> None:
    assert codes(job({**LADDER, field: value})) == [(f"format[0].{field}", "not_yet_supported")]


@pytest.mark.parametrize(("field", "_value"), LATER)
@pytest.mark.parametrize(
    "nothing", [None, "", 0, "0", False, "false", {}, [], {"copy": 0, "s": []}]
)
def test_values_that_ask_for_nothing_are_accepted(field: str, _value: Any, nothing: Any) -> None:
    body = job({**LADDER, field: nothing})
    assert parse_job(body, strict=True).warnings == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_crf", "51"),
        ("audio_codec", "aac"),
        ("pix_format", "yuv420p"),
    ],
)
def test_values_that_ask_for_what_happens_anyway_are_accepted(field: str, value: Any) -> None:
    assert parse_job(job({"output": "mp4", field: value}), strict=True).warnings == ()


@pytest.mark.parametrize("field", ["retry_on_error"])
def test_later_fields_of_the_job_are_named(field: str) -> None:
    assert codes(job({"output": "mp4"}, **{field: ["x"]})) == [(field, "not_yet_supported")]


def test_quality_of_a_png_is_left_out_with_a_warning() -> None:
    body = job({"output": "thumbnail", "quality": 80})
    assert warned(body) == [("format[0].quality", "conflicting_fields")]
    assert parse_job(body).spec.format[0].model_dump(exclude_none=True) == {"output": "thumbnail"}
    assert warned(job({"output": "thumbnail", "quality": 80, "image_format": "jpg"})) == []


def test_long_lists_of_faults_are_cut_with_a_count() -> None:
    found = faults(
        job({"output": "hls", "stream": [{}], **{f"x{i}": 1 for i in range(500)}}), strict=True
    )
    assert len(found) == 101
    assert found[-1].message == "400 more like these are not listed."


def test_a_hundred_thousand_unknown_fields_are_read_in_seconds() -> None:
    body = job({"output": "mp4"}, **{f"f{i}": 1 for i in range(100_000)})
    started = time.process_time()  # its own: other work of the machine does not count
    assert len(parse_job(body).warnings) == 101
    assert time.process_time() - started < 20


def test_no_fault_repeats_more_than_a_little_of_a_value() -> None:
    for value in ("x" * 10_000, ["y" * 10_000], {"z": "z" * 10_000}):
        for fault in faults(job({"output": "mp4", "height": value, "framerate": value})):
            assert len(fault.message) < 250


JUNK: list[Any] = [
    *(None, True, 0, -1, 1e308, float("nan"), 10**400, "", "x", "\x00", "é" * 300, "1/0", "NaN"),
    *([], [[]], {}, {"": {}}, [None, {"output": "hls"}], {"$secret": "source.secret"}),
]


def test_junk_anywhere_is_a_fault_or_a_warning_and_never_a_crash() -> None:
    chance = random.Random(7)
    text = (Path(__file__).parents[1] / "data/api/create-job-request.jsonc").read_text()
    refused = 0
    for _ in range(400):
        data = loads(text)
        for _ in range(chance.randint(1, 4)):
            _spoil(data, chance)
        try:
            parse_job(data, strict=chance.random() < 0.5)
        except SpecError as error:
            refused += 1
            for fault in error.faults:
                assert fault.code in CODES
                assert fault.path
                assert "None" not in fault.message
    assert 300 < refused < 400  # some junk is only warned of, or lands where nothing is read


CODES = {
    "invalid_json",
    "invalid_drm_key",
    "invalid_field",
    "missing_field",
    "conflicting_fields",
    "unknown_output",
    "unknown_field",
    "not_yet_supported",
}


def _spoil(node: Any, chance: random.Random) -> None:
    """Put junk in the place of one value, or below a new key, anywhere in a request."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(node[key], dict | list) and chance.random() < 0.7:
            node = node[key]
            continue
        if isinstance(node, dict) and chance.random() < 0.2:
            key = chance.choice(["url", "stream", "key", "\x1b", "x" * 99])
        node[key] = copy.deepcopy(chance.choice(JUNK))
        return


def test_text_of_the_caller_is_bounded() -> None:
    bodies = [
        ({"payload": "x" * 1001}, "payload"),
        ({"payload": {"a": 1}}, "payload"),
        ({"payload": "a\0"}, "payload"),
        ({"priority": "high"}, "priority"),
    ]
    for fields, path in bodies:
        assert codes(job({"output": "mp4"}, **fields)) == [(path, "invalid_field")]
    assert codes(job({"output": "mp4", "tag": "x" * 256})) == [("format[0].tag", "invalid_field")]


def test_a_priority_out_of_range_is_clamped_with_a_warning() -> None:
    parsed = parse_job(job({"output": "mp4"}, priority=99))
    assert parsed.spec.priority == 50
    assert [w.path for w in parsed.warnings] == ["priority"]


def test_a_webhook_holds_no_password() -> None:
    body = job({"output": "mp4"}, webhook_config={"url": "https://u:hunter2@h/hook"})
    assert codes(body) == [("webhook_config.url", "invalid_field")]
