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


@pytest.mark.parametrize(
    ("text", "channels", "mix"),
    [
        ("stereo|c0=FL+0.5*FC|c1=FR-0.25*c2", 2, ((1, 0, 0.5), (0, 1, -0.25))),
        ("mono | FC < FL + FR", 1, ((0.5, 0.5, 0),)),
        ("2c|c1=c0", 2, ((0, 0, 0), (1, 0, 0))),
        ("mono|c0=LFE", 1, ((0, 0, 0),)),
    ],
)
def test_pan_mixes_what_it_names(text: str, channels: int, mix: Any) -> None:
    output, warnings = parse({"output": "mp4", "audio_pan": text})
    assert len(output.audio_pan.channels) == channels
    assert output.audio_pan.mix(("FL", "FR", "FC")) == mix
    assert warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "loud|c0=FL", "stereo|c7=FL", "stereo|c0=FL FC", "stereo|c0=99*FL", "stereo|c0=XY",
        "stereo|c0=", "stereo|c0=FL|c0=FR", "stereo|c0=FL;amovie=/etc/passwd", "9c|c0=c0", 5,
        "stereo|" + "c0=FL|" * 200,
    ],
)  # fmt: skip
def test_pans_that_cannot_be_read_are_refused(text: Any) -> None:
    assert refused({"output": "mp4", "audio_pan": text}) == [
        ("format[0].audio_pan", "invalid_field")
    ]


def test_a_pan_and_a_number_of_channels_must_agree() -> None:
    asked = {"output": "mp4", "audio_pan": "mono|c0=FL", "audio_channels_number": 2}
    assert refused(asked) == [("format[0].audio_pan", "conflicting_fields")]
    asked = {"output": "mp3", "audio_pan": "5.1|c0=FL"}
    assert refused(asked) == [("format[0].audio_pan", "conflicting_fields")]


@pytest.mark.parametrize(
    ("given", "level"),
    [
        (True, (-23, -1)),
        ("1", (-23, -1)),
        (-16, (-16, -1)),
        ("-14.5", (-14.5, -1)),
        ({"target_lufs": -18, "true_peak_db": -2}, (-18, -2)),
        ({"true_peak_db": -3}, (-23, -3)),
    ],
)
def test_loudness_is_a_number_an_object_or_a_flag(given: Any, level: Any) -> None:
    output, warnings = parse({"output": "mp4", "loudness": given})
    assert (output.loudness.lufs, output.loudness.dbtp) == level
    assert warnings == []


def test_loudness_may_be_off_and_is_held_to_its_limits() -> None:
    for nothing in (False, 0, "0", None, ""):
        assert parse({"output": "mp4", "loudness": nothing})[0].loudness is None
    output, warnings = parse({"output": "mp4", "loudness": -99})
    assert output.loudness.lufs == -70
    assert warnings == [("format[0].loudness", "invalid_field")]
    asked = {"output": "mp4", "loudness": {"true_peak_db": 3}}
    assert refused(asked, strict=True) == [("format[0].loudness.true_peak_db", "invalid_field")]
    assert refused({"output": "mp4", "loudness": "loud"}) == [
        ("format[0].loudness", "invalid_field")
    ]


def test_tracks_are_chosen_by_index_or_language() -> None:
    for wrong in ({}, {"label": "x"}, {"index": -1}, {"language": "no such"}, {"index": 1.5}):
        codes = refused({"output": "mp4", "audio_tracks": [wrong]}, strict=True)
        assert all(path.startswith("format[0].audio_tracks") for path, _ in codes)


def test_an_unknown_down_mix_becomes_the_usual_one() -> None:
    output, warnings = parse({"output": "mp4", "downmix_mode": "nightclub"})
    assert output.downmix_mode == "itu"
    assert warnings == [("format[0].downmix_mode", "invalid_field")]


def test_files_of_sound_have_one_codec() -> None:
    output, warnings = parse({"output": "mp3", "audio_codec": "aac"})
    assert output.audio_codec is None
    assert warnings == [("format[0].audio_codec", "invalid_field")]


def test_outputs_of_sound_alone_cannot_drop_it() -> None:
    assert refused({"output": "wav", "audio_mute": "drop"}) == [
        ("format[0].audio_mute", "conflicting_fields")
    ]
    asked = {"output": "hls_audio", "stream": [{}, {"audio_mute": "drop"}]}
    assert refused(asked) == [("format[0].stream[1].audio_mute", "conflicting_fields")]


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
