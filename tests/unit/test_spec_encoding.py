"""Codecs, qualities and parameters: what is taken, mended, and refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.planning.encoder_options import preset, translate
from videngine.planning.levels import legal_level
from videngine.spec import parse_job
from videngine.spec.codec_parameters import CodecParameters
from videngine.spec.codecs import CODECS
from videngine.spec.encoding import EncodingFields


def request(output: dict[str, Any]) -> dict[str, Any]:
    return {"video_id": "v", "source": "https://h/a.mp4", "format": [{"output": "mp4", **output}]}


def rung(**fields: Any) -> dict[str, Any]:
    return {"output": "hls", "stream": [{"height": 720}, {"height": 360, **fields}]}


@pytest.mark.parametrize(
    ("output", "path", "code"),
    [
        ({"video_codec": "libx999"}, "video_codec", "invalid_field"),
        ({"video_codec": "lcevc_h264"}, "video_codec", "codec_unavailable"),
        ({"video_codec": "vp8"}, "video_codec", "conflicting_fields"),
        ({"output": "webm", "video_codec": "h264"}, "video_codec", "conflicting_fields"),
        (rung(video_codec="vp8"), "stream[1].video_codec", "conflicting_fields"),
        (
            {**rung(video_codec="av1"), "separate_audio": False},
            "stream[1].video_codec",
            "conflicting_fields",
        ),
        ({"quality": 52}, "quality", "invalid_field"),
        ({"quality": -1, "video_codec": "av1"}, "quality", "invalid_field"),
        ({"quality": 64, "video_codec": "av1"}, "quality", "invalid_field"),
        (rung(quality=60), "stream[1].quality", "invalid_field"),
        ({"min_crf": 30, "max_crf": 20}, "min_crf", "conflicting_fields"),
        ({"tag_video": "mp4v"}, "tag_video", "invalid_field"),
        ({"two_pass": "twice"}, "two_pass", "invalid_field"),
        ({"video_codec_parameters": [1]}, "video_codec_parameters", "invalid_field"),
    ],
)
def test_what_cannot_be_encoded_is_refused_by_its_path(
    output: dict[str, Any], path: str, code: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse_job(request(output))
    assert [(f.path, f.code) for f in caught.value.faults] == [(f"format[0].{path}", code)]


BAD_PARAMETERS = [
    ("vprofile", "mediam", None),
    ("level", "99", None),
    ("coder", "2", 1),
    ("directpred", 9, 3),
    ("me_method", "star-like", None),
    ("subq", "2`2`", None),
    ("trellis", "11313", 2),
    ("refs", 17, 16),
    ("cmp", "1", None),
    ("me_range", 1, 4),
    ("sc_threshhold", 500, 100),
    ("l_qfactor", "0", Fraction(1, 10)),
    ("qcomp", "11", Fraction(1)),
    ("qmin", 99, 69),
    ("sws_flags", "11", None),
    ("preset", "media", None),
    ("preset", "14", None),
    ("flags", "101031", None),
    ("rc_lookahead", 1100, 250),
    ("max_rate", "fast", None),
]


@pytest.mark.parametrize(("name", "value", "instead"), BAD_PARAMETERS)
def test_bad_parameters_are_mended_with_a_warning_and_refused_when_strict(
    name: str, value: Any, instead: Any
) -> None:
    body = request({"video_codec_parameters": {name: value, "bf": 2}})
    parsed = parse_job(body)
    (output,) = parsed.spec.format
    assert isinstance(output, EncodingFields)
    assert output.video_codec_parameters is not None
    assert getattr(output.video_codec_parameters, name) == instead
    assert output.video_codec_parameters.bf == 2
    path = f"format[0].video_codec_parameters.{name}"
    assert [(w.path, w.code) for w in parsed.warnings] == [(path, "invalid_field")]
    with pytest.raises(SpecError) as caught:
        parse_job(body, strict=True)
    assert [f.path for f in caught.value.faults] == [path]


@pytest.mark.parametrize(
    ("fields", "left_out"),
    [
        ({"min_rate": 900, "max_rate": 300}, "min_rate"),
        ({"qmin": 40, "qmax": 20}, "qmin"),
        ({"vprofile": "baseline", "coder": 1}, "coder"),
    ],
)
def test_parameters_that_contradict_each_other_are_left_out(
    fields: dict[str, Any], left_out: str
) -> None:
    parsed = parse_job(request({"video_codec_parameters": fields}))
    assert [w.path for w in parsed.warnings] == [f"format[0].video_codec_parameters.{left_out}"]


def test_flags_of_the_engine_and_of_old_versions_are_left_out() -> None:
    parsed = parse_job(request({"video_codec_parameters": {"flags": "+pass1+ildct|emu_edge"}}))
    (output,) = parsed.spec.format
    assert isinstance(output, EncodingFields)
    assert output.video_codec_parameters is not None
    assert output.video_codec_parameters.flags == "+ildct"
    assert "pass1, emu_edge belong to the engine or are gone" in parsed.warnings[0].message


@pytest.mark.parametrize(
    ("codec", "asked", "said"),
    [
        ("h264", {"coder": 0, "me_method": "epzs"}, {"coder": "cavlc", "motion-est": "dia"}),
        ("hevc", {"me_method": "full", "refs": 3}, {"x265-params": "me=full:ref=3"}),
        ("hevc", {"l_qfactor": "0.5"}, {"x265-params": "ipratio=2"}),
        ("av1", {"qmin": 10, "rc_lookahead": 250}, {"svtav1-params": "min-qp=10:lookahead=120"}),
        ("vp9", {"min_rate": 300, "speed": 4}, {"minrate": "300000", "cpu-used": "4"}),
        ("h264_nvenc", {"coder": 0, "vprofile": "high444"}, {"coder": "cavlc",
                                                            "profile": "high444p"}),
        ("hevc_nvenc", {"b_strategy": 2, "rc_lookahead": 99}, {"b_adapt": "1",
                                                              "rc-lookahead": "32"}),
        ("h264_nvenc", {"sc_threshold": 40}, {"no-scenecut": "0"}),
    ],
)  # fmt: skip
def test_parameters_are_said_in_each_encoders_words(
    codec: str, asked: dict[str, Any], said: dict[str, str]
) -> None:
    translation = translate(CodecParameters.model_validate(asked).settled, CODECS[codec])
    assert translation.options == said
    assert translation.unknown == []


@pytest.mark.parametrize(
    ("codec", "asked"),
    [
        ("h264", {"min_rate": 5}),
        ("hevc", {"coder": 1}),
        ("av1", {"trellis": 1}),
        ("vp9", {"bf": 2}),
        ("hevc_nvenc", {"vprofile": "baseline"}),
        ("h264", {"vprofile": "main10"}),
    ],
)
def test_parameters_that_an_encoder_does_not_have_are_named(
    codec: str, asked: dict[str, Any]
) -> None:
    assert translate(CodecParameters.model_validate(asked), CODECS[codec]).unknown == list(asked)


def test_presets_are_translated() -> None:
    assert preset("veryfast", CODECS["h264_nvenc"]) == ("p2", {})
    assert preset("medium", CODECS["av1"]) == ("6", {})
    assert preset("7", CODECS["av1"]) == ("7", {})
    assert preset("slow", CODECS["vp9"]) == ("", {"deadline": "good", "cpu-used": "1"})
    assert preset("best", CODECS["vp8"]) == ("", {"deadline": "best"})
    assert preset("7", CODECS["h264"]) is None
    assert preset("good", CODECS["av1"]) is None


@pytest.mark.parametrize(
    ("asked", "standard", "size", "rate", "level"),
    [
        ("3.1", "h264", (1280, 720), 30, "3.1"),
        ("3.1", "h264", (2560, 1440), 30, "5.0"),
        ("4.2", "h264", (1280, 720), 30, "4.2"),
        ("3.0", "hevc", (1920, 1080), 60, "4.1"),
        ("6.2", "h264", (8192, 8192), 240, None),
        ("3.1", "av1", (1280, 720), 30, None),
    ],
)
def test_levels_are_raised_to_the_lowest_that_takes_the_picture(
    asked: str, standard: Any, size: tuple[int, int], rate: int, level: str | None
) -> None:
    found = legal_level(
        asked, standard, width_px=size[0], height_px=size[1], frame_rate=Fraction(rate)
    )
    assert found == level
