"""The scalar types: every spelling that is taken, every value that is not."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job

F = Fraction


def request(field: str, value: Any) -> dict[str, Any]:
    """A request with one field set, where that field lives."""
    output: dict[str, Any] = {"output": "mp4"}
    if field in ("time", "image_format"):
        output = {"output": "thumbnail"}
    elif field in ("segment_duration", "playlist_name", "separate_audio"):
        output = {"output": "hls", "stream": [{}]}
    top = {"video_id": "v", "source": "https://example.com/a.mp4", "format": [output]}
    (top if field in ("upscale", "video_id") else output)[field] = value
    return top


def taken(field: str, value: Any, *, strict: bool = True) -> Any:
    spec = parse_job(request(field, value), strict=strict).spec
    return getattr(spec if field in ("upscale", "video_id") else spec.format[0], field)


NUMBERS = [
    ("height", 720, 720),
    ("height", "720", 720),
    ("height", " 720 ", 720),
    ("height", 720.0, 720),
    ("height", "720.0", 720),
    ("height", "16", 16),
    ("width", 8192, 8192),
    ("quality", 0, 0),
    ("quality", "51", 51),
    ("bitrate", "1000", 1000),
    ("bitrate", 200_000, 200_000),
    ("audio_bitrate", "64", 64),
    ("audio_sample_rate", "44100", 44100),
    ("audio_channels_number", "2", 2),
]
RATES = [
    ("framerate", 30, F(30)),
    ("framerate", "30", F(30)),
    ("framerate", "12.5", F(25, 2)),
    ("framerate", "30000/1001", F(30000, 1001)),
    ("framerate", 29.97, F(30000, 1001)),
    ("framerate", "29.97", F(30000, 1001)),
    ("framerate", "23.976", F(24000, 1001)),
    ("framerate", 23.98, F(24000, 1001)),
    ("framerate", "47.952", F(48000, 1001)),
    ("framerate", "59.94", F(60000, 1001)),
    ("framerate", "119.88", F(120000, 1001)),
    ("framerate", 24, F(24)),
    ("framerate", 1, F(1)),
    ("framerate", "240", F(240)),
    ("framerate", F(30000, 1001), F(30000, 1001)),
]
TIMES = [
    ("start_time", "12", F(12)),
    ("start_time", 0, F(0)),
    ("start_time", 0.1, F(1, 10)),
    ("start_time", "12.5s", F(25, 2)),
    ("start_time", "00:01:30.5", F(181, 2)),
    ("start_time", "1:02", F(62)),
    ("start_time", "100:00:00", F(360_000)),
    ("start_time", ".5", F(1, 2)),
    ("start_time", "+1.", F(1)),
    ("duration", "10", F(10)),
    ("segment_duration", "6", F(6)),
    ("segment_duration", 2.002, F(1001, 500)),
    ("segment_duration", 60, F(60)),
]


@pytest.mark.parametrize(("field", "value", "expected"), NUMBERS + RATES + TIMES)
def test_numbers_rates_and_times_are_taken_in_all_their_forms(
    field: str, value: Any, expected: Any
) -> None:
    assert taken(field, value) == expected


@pytest.mark.parametrize("flag", ["upscale", "separate_audio", "allow_soft_fail", "audio_mute"])
def test_flags_are_taken_in_all_their_spellings(flag: str) -> None:
    for value in (True, 1, "1", "true", "True", " TRUE "):
        assert taken(flag, value) is True
    for value in (False, 0, "0", "false", "False"):
        assert taken(flag, value) is False


@pytest.mark.parametrize("field", ["height", "framerate", "keyframe", "start_time", "upscale"])
@pytest.mark.parametrize("value", [None, "", "   ", "\t"])
def test_null_and_blank_text_leave_a_field_out(field: str, value: Any) -> None:
    assert taken(field, value) is None


@pytest.mark.parametrize(
    "field",
    ["height", "width", "bitrate", "framerate", "keyframe", "audio_bitrate", "audio_sample_rate"],
)
@pytest.mark.parametrize("value", [0, "0"])
def test_a_zero_as_responses_print_it_leaves_a_field_out(field: str, value: Any) -> None:
    assert taken(field, value) is None


@pytest.mark.parametrize(
    ("value", "frames", "seconds"),
    [(90, 90, None), ("90", 90, None), ("3s", None, F(3)), ("0.5s", None, F(1, 2)), (1, 1, None)],
)
def test_keyframes_count_frames_or_seconds(
    value: Any, frames: int | None, seconds: Fraction | None
) -> None:
    keyframe = taken("keyframe", value)
    assert (keyframe.frames, keyframe.seconds) == (frames, seconds)


@pytest.mark.parametrize(
    ("value", "fraction", "seconds"),
    [
        ("0.1", F(1, 10), None),
        (0, F(0), None),
        (1, F(1), None),
        ("50%", F(1, 2), None),
        ("100%", F(1), None),
        ("12.5s", None, F(25, 2)),
        ("00:00:05", None, F(5)),
        ("1:30", None, F(90)),
    ],
)
def test_time_is_a_fraction_a_percentage_seconds_or_a_timecode(
    value: Any, fraction: Fraction | None, seconds: Fraction | None
) -> None:
    (time,) = taken("time", value)
    assert (time.fraction, time.seconds) == (fraction, seconds)


CLAMPED = [
    ("height", 721, 720),
    ("height", 8, 16),
    ("height", 100_000, 8192),
    ("width", "853", 852),
    ("width", 640.4, 640),
    ("width", 640.6, 640),  # 641 first, then even
    ("bitrate", 10, 50),
    ("bitrate", 10**9, 200_000),
    ("framerate", 0.5, F(1)),
    ("framerate", 1000, F(240)),
    ("segment_duration", 0.5, F(1)),
    ("segment_duration", "90", F(60)),
    ("audio_bitrate", 2000, 512),
    ("audio_sample_rate", 44000, 44100),
    ("audio_sample_rate", 192_000, 96_000),
    ("audio_channels_number", 9, 8),
    ("playlist_name", "master", "master.m3u8"),
    ("playlist_name", "MASTER.M3U8", "MASTER.m3u8"),
    ("video_id", 123, "123"),
]


@pytest.mark.parametrize(("field", "value", "expected"), CLAMPED)
def test_values_somewhat_out_of_range_are_clamped_with_a_warning(
    field: str, value: Any, expected: Any
) -> None:
    parsed = parse_job(request(field, value))
    assert parsed.warnings
    path = field if field == "video_id" else f"format[0].{field}"
    assert {w.path for w in parsed.warnings} == {path}
    assert taken(field, value, strict=False) == expected


@pytest.mark.parametrize(("field", "value", "_expected"), CLAMPED)
def test_strict_refuses_what_would_be_clamped(field: str, value: Any, _expected: Any) -> None:
    with pytest.raises(SpecError) as caught:
        parse_job(request(field, value), strict=True)
    assert {fault.code for fault in caught.value.faults} == {"invalid_field"}


def test_a_bare_time_above_one_is_seconds_with_a_warning() -> None:
    parsed = parse_job(request("time", 5))
    (warning,) = parsed.warnings
    assert warning.path == "format[0].time"
    assert "percent or seconds" in warning.message
    assert [t.seconds for t in taken("time", 5, strict=False)] == [5]


REFUSED = [
    ("height", -1),
    ("height", "-720"),
    ("height", "abc"),
    ("height", True),
    ("height", [720]),
    ("height", {"px": 720}),
    ("height", "1e3"),
    ("height", "720/0"),
    ("width", float("inf")),
    ("width", float("nan")),
    ("quality", 99),
    ("quality", "52"),
    ("quality", -1),
    ("bitrate", -100),
    ("bitrate", "fast"),
    ("framerate", -30),
    ("framerate", "30fps"),
    ("framerate", "1/0"),
    ("framerate", True),
    ("keyframe", -1),
    ("keyframe", "s"),
    ("keyframe", "0s"),
    ("keyframe", "90s"),
    ("keyframe", "3 seconds"),
    ("start_time", -1),
    ("start_time", "1:75"),
    ("start_time", "soon"),
    ("start_time", "-0.25"),
    ("start_time", 10**40),
    ("start_time", object()),
    ("duration", 0),
    ("duration", -5),
    ("segment_duration", -6),
    ("segment_duration", "x"),
    ("audio_bitrate", -1),
    ("audio_channels_number", "stereo"),
    ("audio_mute", "maybe"),
    ("upscale", 2),
    ("upscale", "yes"),
    ("allow_soft_fail", [1]),
    ("time", -0.1),
    ("time", "150%"),
    ("time", "-5s"),
    ("time", "noon"),
    ("image_format", "bmp"),
    ("playlist_name", "a/b.m3u8"),
    ("playlist_name", "..\\b.m3u8"),
    ("playlist_name", ".m3u8"),
    ("playlist_name", 'x\n"y.m3u8'),
    ("video_id", "x" * 256),
    ("video_id", "a\x00b"),
    ("video_id", ["v"]),
    ("video_id", True),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_values_that_mean_nothing_are_refused_by_path(field: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        parse_job(request(field, value))
    (fault,) = caught.value.faults
    assert fault.path == (field if field in ("upscale", "video_id") else f"format[0].{field}")
    assert fault.code == "invalid_field"
    assert fault.message.startswith(f"`{field}` ")
    assert len(fault.message) < 250


@pytest.mark.parametrize("field", ["image_format"])
def test_spellings_of_later_versions_are_told_apart_from_nonsense(field: str) -> None:
    value = {"image_format": "avif"}[field]
    with pytest.raises(SpecError) as caught:
        parse_job(request(field, value))
    assert [fault.code for fault in caught.value.faults] == ["not_yet_supported"]


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, value, _ in NUMBERS + RATES + TIMES]
    + [("keyframe", v) for v in (90, "3s", "0.5s")]
    + [("time", v) for v in ("0.1", "50%", "12.5s", "00:00:05")]
    + [("audio_mute", v) for v in ("drop", True, 0)],
)
def test_what_a_value_is_stored_as_reads_as_the_same_value(field: str, value: Any) -> None:
    spec = parse_job(request(field, value)).spec
    stored = spec.format[0].model_dump(exclude_none=True)[field] if field != "upscale" else value
    again = json.loads(json.dumps(stored))
    assert taken(field, again) == taken(field, value)
