"""Which sounds outputs have, and how they are encoded."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from videngine.media import MediaInfo, Stream
from videngine.planning import JobPlan, plan_job, with_gains
from videngine.spec import parse_job

F = Fraction


def sound(index: int = 1, **fields: Any) -> Stream:
    values = {"codec": "aac", "sample_rate_hz": 48_000, "channels": 2, **fields}
    return Stream(index=index, type="audio", **values)


def plan(*outputs: dict[str, Any], sounds: tuple[Stream, ...] = (sound(),)) -> JobPlan:
    video = Stream(
        index=0,
        type="video",
        codec="h264",
        width_px=640,
        height_px=360,
        frame_rate=F(25),
        duration_s=F(10),
    )
    media = MediaInfo(
        format="mp4",
        size_bytes=1,
        duration_s=F(10),
        bit_rate_bps=1,
        start_s=F(0),
        streams=(video, *sounds),
    )
    return plan_job(
        parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
    )


def warned(found: JobPlan) -> list[tuple[str, str]]:
    return [(w.path, w.code) for w in found.warnings]


HLS: dict[str, Any] = {"output": "hls", "stream": [{}]}
DASH: dict[str, Any] = {"output": "dash", "stream": [{}]}
ENGLISH = sound(1, language="eng", default=True)
FRENCH = sound(2, language="fra")
COMMENTARY = sound(3, language="eng", title="Director's commentary")


@pytest.mark.parametrize(
    ("source", "fields", "expected"),
    [
        ({}, {}, (128_000, 48_000, "stereo")),
        ({"sample_rate_hz": 44_100}, {}, (128_000, 44_100, "stereo")),
        ({"sample_rate_hz": 22_050}, {}, (128_000, 48_000, "stereo")),
        ({"sample_rate_hz": 96_000}, {}, (128_000, 48_000, "stereo")),
        ({"channels": 1}, {}, (64_000, 48_000, "mono")),
        ({"channels": 6}, {}, (128_000, 48_000, "stereo")),
        ({"channels": 6}, {"audio_channels_number": 6}, (384_000, 48_000, "5.1")),
        ({"channels": 1}, {"audio_channels_number": "2"}, (128_000, 48_000, "stereo")),
        ({}, {"audio_bitrate": "64"}, (64_000, 48_000, "stereo")),
        ({}, {"audio_sample_rate": "44100"}, (128_000, 44_100, "stereo")),
    ],
)
def test_sound_has_sensible_defaults(
    source: dict[str, Any], fields: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    (audio,) = plan({"output": "mp4", **fields}, sounds=(sound(**source),)).engine.audio
    assert (audio.bitrate_bps, audio.sample_rate_hz, audio.layout) == expected
    assert (audio.codec, audio.stream) == ("aac", 1)


@pytest.mark.parametrize(
    ("codec", "fields", "expected"),
    [
        ("opus", {}, ("libopus", 128_000, 48_000, "stereo", "cmaf")),
        ("libopus", {"audio_sample_rate": 24_000}, ("libopus", 128_000, 24_000, "stereo", "cmaf")),
        ("opus", {"audio_channels_number": 4}, ("libopus", 256_000, 48_000, "quad", "cmaf")),
        ("aac", {"audio_channels_number": 4}, ("aac", 256_000, 48_000, "4.0", "cmaf")),
        ("flac", {"audio_bitrate": 64}, ("flac", 0, 48_000, "stereo", "cmaf")),
        ("mp3", {"audio_bitrate": 500}, ("libmp3lame", 320_000, 48_000, "stereo", "cmaf")),
        ("mp3", {"audio_sample_rate": 8000}, ("libmp3lame", 64_000, 8000, "stereo", "cmaf")),
    ],
)
def test_codecs_have_rates_and_channels_of_their_own(
    codec: str, fields: dict[str, Any], expected: tuple[str, int, int, str, str]
) -> None:
    (audio,) = plan({"output": "mp4", "audio_codec": codec, **fields}).engine.audio
    found = (audio.codec, audio.bitrate_bps, audio.sample_rate_hz, audio.layout, audio.container)
    assert found == expected


def test_opus_resamples_what_it_cannot_carry() -> None:
    (audio,) = plan(
        {"output": "mp4", "audio_codec": "opus"}, sounds=(sound(sample_rate_hz=44_100),)
    ).engine.audio
    assert audio.sample_rate_hz == 48_000


def test_more_than_aac_can_carry_is_clamped_with_a_warning() -> None:
    fields = {"audio_bitrate": 256, "audio_sample_rate": 8000, "audio_channels_number": 1}
    found = plan({"output": "mp4", **fields})
    assert found.engine.audio[0].bitrate_bps == 48_000
    assert warned(found) == [("format[0].audio_bitrate", "audio_bitrate_clamped")]
    low = {"audio_sample_rate": 8000, "audio_channels_number": 1}
    assert warned(plan({"output": "mp4", **low})) == []


def test_separate_sound_has_a_track_for_each_stream_of_the_source() -> None:
    for output in (HLS, DASH, {**HLS, "separate_audio": True}):
        found = plan(output, sounds=(FRENCH, ENGLISH, COMMENTARY))
        tracks = found.outputs[0].tracks
        assert [(t.language, t.name, t.default) for t in tracks] == [
            ("eng", "eng", True),  # the source's default comes first
            ("fra", "fra", False),
            ("eng", "Director's commentary", False),
        ]
        assert [a.stream for a in found.engine.audio] == [1, 2, 3]
        assert [t.audio for t in tracks] == ["a0", "a1", "a2"]
        assert found.outputs[0].separate_audio
        assert warned(found) == []


@pytest.mark.parametrize("output", [{"output": "mp4"}, {**HLS, "separate_audio": 0}])
def test_outputs_with_room_for_one_sound_take_the_first(output: dict[str, Any]) -> None:
    found = plan(output, sounds=(FRENCH, ENGLISH))
    assert [(t.language, t.default) for t in found.outputs[0].tracks] == [("eng", True)]
    assert not found.outputs[0].separate_audio
    assert warned(found) == [("format[0]", "audio_tracks_left_out")]


def test_dash_sound_is_always_separate() -> None:
    found = plan({**DASH, "separate_audio": 0}, sounds=(ENGLISH, FRENCH))
    assert len(found.outputs[0].tracks) == 2
    assert found.outputs[0].separate_audio
    assert warned(found) == []  # it was said when the job was accepted


def test_names_of_tracks_differ_and_are_safe_to_print() -> None:
    found = plan(
        HLS,
        sounds=(
            sound(1, language="eng"),
            sound(2, language="eng"),
            sound(3, title='x",URI="http://evil\n,DEFAULT=YES'),
            sound(4, language='en",x'),
            sound(5),
            sound(6, title="Ünï  cödé (5.1)"),
        ),
    )
    names = [track.name for track in found.outputs[0].tracks]
    assert names == [
        "eng",
        "eng 2",
        "x URI http evil DEFAULT YES",
        "Audio",
        "Audio 2",
        "Ünï cödé (5.1)",
    ]
    assert [t.language for t in found.outputs[0].tracks] == ["eng", "eng", "", "", "", ""]


def test_a_muted_output_has_a_silent_track_as_long_as_its_picture() -> None:
    found = plan({"output": "mp4", "audio_mute": True, "start_time": 2, "duration": 3})
    (audio,) = found.engine.audio
    assert (audio.stream, audio.duration_s, audio.start_s) == (None, 3, 2)
    assert (audio.bitrate_bps, audio.sample_rate_hz, audio.layout) == (128_000, 48_000, "stereo")
    assert found.outputs[0].tracks[0].name == "Silence"
    whole = plan({**HLS, "audio_mute": True}, sounds=(ENGLISH, FRENCH))
    assert [(a.stream, a.duration_s) for a in whole.engine.audio] == [(None, 10)]
    assert warned(whole) == []


def test_a_dropped_sound_leaves_no_track() -> None:
    for output in ({"output": "mp4"}, HLS, DASH):
        found = plan({**output, "audio_mute": "drop"})
        assert found.outputs[0].tracks == ()
        assert found.engine.audio == ()
        assert warned(found) == []


def test_a_source_without_sound_gives_outputs_without_and_a_warning() -> None:
    found = plan({"output": "mp4"}, HLS, {"output": "thumbnail"}, sounds=())
    assert [output.tracks for output in found.outputs] == [(), (), ()]
    assert warned(found) == [("format[0]", "no_audio"), ("format[1]", "no_audio")]
    assert [output.error for output in found.outputs] == [None, None, None]


def test_silence_can_be_had_of_a_source_without_sound() -> None:
    found = plan({"output": "mp4", "audio_mute": 1}, sounds=())
    assert [a.stream for a in found.engine.audio] == [None]
    assert warned(found) == []


def test_distinct_settings_of_rungs_are_renditions_of_their_own() -> None:
    stream = [
        {"height": 360, "audio_bitrate": 192},
        {"height": 180},
        {"height": 90, "audio_bitrate": 128},
    ]
    found = plan({"output": "hls", "stream": stream}, sounds=(ENGLISH,))
    assert [a.bitrate_bps for a in found.engine.audio] == [192_000, 128_000]
    assert [(t.name, t.default, t.group) for t in found.outputs[0].tracks] == [
        ("eng", True, 0),
        ("eng", True, 1),
    ]
    assert [rung.sounds for rung in found.outputs[0].rungs] == [0, 1, 1]


def test_every_encoding_has_all_languages() -> None:
    stream = [
        {"height": 360, "audio_bitrate": 192},
        {"height": 180},
        {"height": 90, "audio_mute": "drop"},
    ]
    found = plan({"output": "hls", "stream": stream}, sounds=(ENGLISH, FRENCH))
    tracks = found.outputs[0].tracks
    assert [(t.language, t.group, t.default) for t in tracks] == [
        ("eng", 0, True),
        ("fra", 0, False),
        ("eng", 1, True),
        ("fra", 1, False),
    ]
    assert [rung.sounds for rung in found.outputs[0].rungs] == [0, 1, None]


def test_chosen_tracks_are_taken_in_the_order_that_was_asked_for() -> None:
    chosen = [
        {"index": 2, "label": "Director", "language": "en-GB"},
        {"language": "fr", "default": True},
        {"language": "ja"},
    ]
    for output in (HLS, {"output": "mp4"}):
        found = plan({**output, "audio_tracks": chosen}, sounds=(ENGLISH, FRENCH, COMMENTARY))
        tracks = found.outputs[0].tracks
        assert [(t.name, t.language, t.default) for t in tracks] == [
            ("Director", "en-GB", False),
            ("fra", "fra", True),
        ]
        assert [a.stream for a in found.engine.audio] == [3, 2]
        assert [a.language for a in found.engine.audio] == ["eng", "fra"]
        assert warned(found) == [("format[0].audio_tracks[2]", "audio_track_missing")]


def test_files_of_sound_need_no_picture_and_last_as_long_as_they_do() -> None:
    found = plan(
        *({"output": kind} for kind in ("mp3", "m4a", "opus", "flac", "wav")),
        {"output": "hls_audio", "stream": [{"audio_bitrate": 64}, {"audio_bitrate": 128}]},
        sounds=(sound(bit_depth=24, codec="pcm_s24le"),),
    )
    assert [(a.codec, a.container, a.sample_bits) for a in found.engine.audio] == [
        ("libmp3lame", "mp3", 16),
        ("aac", "ipod", 16),
        ("libopus", "opus", 16),
        ("flac", "flac", 24),
        ("pcm_s24le", "wav", 24),
        ("aac", "cmaf", 16),
        ("aac", "cmaf", 16),
    ]
    assert not any(a.with_picture for a in found.engine.audio)
    assert found.engine.video_stream is None
    assert [o.error for o in found.outputs] == [None] * 6
    assert [t.group for t in found.outputs[5].tracks] == [0, 1]


def test_outputs_of_sound_need_a_sound() -> None:
    found = plan({"output": "mp3"}, {"output": "hls_audio", "stream": [{}]}, sounds=())
    assert [o.error and o.error["code"] for o in found.outputs] == ["source_no_streams"] * 2
    missing = plan({"output": "mp3", "audio_tracks": [{"index": 4}]}, sounds=(ENGLISH,))
    assert missing.outputs[0].error is not None


def test_loudness_is_part_of_what_a_rendition_is() -> None:
    found = plan({"output": "mp4"}, {"output": "mp4", "loudness": -16}, sounds=(ENGLISH,))
    assert len(found.engine.audio) == 2
    assert {name: target.lufs for name, target in found.loudness.items()} == {"a1": -16}
    amplified = with_gains(found, {"a1": 4.5}).engine.audio
    assert [(a.gain_db, a.true_peak_dbtp) for a in amplified] == [(0, None), (4.5, -2)]


def test_rungs_with_sound_inside_share_the_first_ones_settings() -> None:
    stream = [{"height": 360, "audio_bitrate": 192}, {"height": 180, "audio_bitrate": 64}]
    found = plan({"output": "hls", "stream": stream, "separate_audio": 0})
    assert [a.bitrate_bps for a in found.engine.audio] == [192_000]
    assert warned(found) == [("format[0].stream", "audio_settings_shared")]


def test_streams_that_cannot_be_decoded_are_passed_over() -> None:
    found = plan({"output": "mp4"}, sounds=(sound(1, channels=0), sound(2)))
    assert [a.stream for a in found.engine.audio] == [2]
