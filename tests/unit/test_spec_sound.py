"""What the request may ask of sound, and what is refused or put right at once."""

from __future__ import annotations

from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job
from videngine.spec.outputs import AdaptiveOutput, Mp4Output


def parse(output: dict[str, Any], *, strict: bool = False) -> tuple[Any, list[tuple[str, str]]]:
    parsed = parse_job(
        {"video_id": "v", "source": "https://h/a", "format": [output]}, strict=strict
    )
    return parsed.spec.format[0], [(w.path, w.code) for w in parsed.warnings]


def refused(output: dict[str, Any], *, strict: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse(output, strict=strict)
    return [(fault.path, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("given", "name"),
    [("AAC", "aac"), ("libopus", "opus"), ("libmp3lame", "mp3"), (" flac ", "flac")],
)
def test_codecs_have_several_names(given: str, name: str) -> None:
    output, warnings = parse({"output": "mp4", "audio_codec": given})
    assert isinstance(output, Mp4Output)
    assert output.audio_codec == name
    assert warnings == []


def test_the_unfree_encoder_gives_way_with_a_warning() -> None:
    asked = {"output": "mp4", "audio_codec": "libfdk_aac"}
    output, warnings = parse(asked)
    assert output.audio_codec == "aac"
    assert warnings == [("format[0].audio_codec", "invalid_field")]
    assert refused(asked, strict=True) == warnings


def test_unknown_codecs_are_refused() -> None:
    for codec in ("speex", "pcm", 7, True):
        asked = {"output": "mp4", "audio_codec": codec}
        assert refused(asked) == [("format[0].audio_codec", "invalid_field")]


HLS: dict[str, Any] = {"output": "hls", "stream": [{}, {}]}


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ({"output": "mp4", "audio_codec": "vorbis"}, "audio_codec"),
        ({**HLS, "audio_codec": "mp3"}, "audio_codec"),
        ({**HLS, "stream": [{}, {"audio_codec": "vorbis"}]}, "stream[1].audio_codec"),
        ({**HLS, "separate_audio": 0, "audio_codec": "opus"}, "audio_codec"),
        ({**HLS, "output": "dash", "separate_audio": 0, "audio_codec": "mp3"}, "audio_codec"),
    ],
)
def test_a_codec_that_its_container_cannot_carry_is_refused_at_once(
    output: dict[str, Any], path: str
) -> None:
    assert refused(output) == [(f"format[0].{path}", "conflicting_fields")]


def test_what_a_codec_has_not_becomes_what_it_has() -> None:
    output, warnings = parse({"output": "mp4", "audio_codec": "opus", "audio_sample_rate": 44100})
    assert output.audio_sample_rate == 48_000
    assert warnings == [("format[0].audio_sample_rate", "invalid_field")]
    output, warnings = parse({"output": "mp4", "audio_codec": "mp3", "audio_channels_number": 6})
    assert output.audio_channels_number == 2
    assert warnings == [("format[0].audio_channels_number", "invalid_field")]


def test_a_rung_is_put_right_where_it_was_written() -> None:
    stream = [{"audio_sample_rate": 32000}, {}]
    output, warnings = parse({**HLS, "audio_codec": "opus", "stream": stream})
    assert isinstance(output, AdaptiveOutput)
    assert [rung.audio_sample_rate for rung in output.rungs] == [48_000, None]
    assert warnings == [("format[0].stream[0].audio_sample_rate", "invalid_field")]
