"""Rows of codecs: encoders, rate control, profile, pixel format, sample entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.engine.measure import encoder_settings, pictures, probe_json, psnr, sound, streams
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_core import FILM, bit_rate, film, hls, mp4


def settings(made: Made, encoder: str, index: int = 0) -> dict[str, str]:
    """The encoder's own words, out of one of the files."""
    return encoder_settings(made.path(index, ".mp4"), encoder)


def encoded_with(encoder: str, **wanted: str) -> Callable[[Made], None]:
    """The encoder says that these were its parameters; ``_`` in a name stands for ``-`` too."""

    def check(made: Made) -> None:
        have = {name.replace("-", "_"): value for name, value in settings(made, encoder).items()}
        assert {name: have.get(name) for name in wanted} == wanted

    return check


def video_is(**facts: Any) -> Callable[[Made], None]:
    """The picture of the only file, in ffprobe's words; and it shows the film."""

    def check(made: Made) -> None:
        path = made.path()
        found = streams(path)[0]
        assert {name: found.get(name) for name in facts} == facts
        shown = pictures(path, 320, 180)
        assert len(shown) == 24
        assert psnr(shown[0], half_size(0)) > 26

    return check


def half_size(frame: int) -> Any:
    """A frame of the film at a quarter of its width, by plain averages."""
    whole = pictures(MEDIA / FILM, 1280, 720)[frame].astype(float)
    return whole.reshape(180, 4, 320, 4).mean((1, 3))


def short(**fields: Any) -> dict[str, Any]:
    """One second."""
    return mp4(duration=1, **fields)


def two_passes_meet_the_rate(made: Made) -> None:
    assert abs(bit_rate(made.path(0)) / 300_000 - 1) < 0.1
    assert made.report.stats["decodes"] == 2
    # x264 notes in the bit stream which pass it was.
    assert settings(made, "x264")["rc"] == "2pass"


def ladder_of_hevc(made: Made) -> None:
    text = made.path(0, "playlist.m3u8").read_text()
    assert 'CODECS="hvc1.' in text
    segment = made.path(0, "video_1/playlist.m3u8").read_text()
    assert [float(d) for d in re.findall(r"#EXTINF:([0-9.]+)", segment)] == [1.5, 1.5, 1]


def dash_of(prefix: str) -> Callable[[Made], None]:
    """The MPD names the codec, and it plays to its end."""

    def check(made: Made) -> None:
        assert f'codecs="{prefix}' in made.path(0, ".mpd").read_text()
        shown = probe_json(made.path(0, ".mpd"), "-select_streams", "v", "-count_frames",
                           "-show_entries", "stream=nb_read_frames,avg_frame_rate")  # fmt: skip
        (video,) = shown["streams"]
        assert int(video["nb_read_frames"]) == 96
        assert Fraction(video["avg_frame_rate"]) == 24

    return check


def webm_is(**facts: Any) -> Callable[[Made], None]:
    """A WebM file with its index in front, that shows and sounds for two seconds."""

    def check(made: Made) -> None:
        path = made.path()
        data = path.read_bytes()
        cues, clusters = data.find(b"\x1c\x53\xbb\x6b"), data.find(b"\x1f\x43\xb6\x75")
        assert 0 < cues < clusters
        found = probe_json(path, "-show_streams", "-show_format")
        assert found["format"]["format_name"] == "matroska,webm"
        assert abs(float(found["format"]["duration"]) - 2) < 0.03
        video, audio = found["streams"]
        assert {"picture": video["codec_name"], "sound": audio["codec_name"]} == facts
        shown = pictures(path, 320, 180)
        assert len(shown) == 48
        assert psnr(shown[24], half_size(24)) > 24
        assert abs(sound(path, 48_000).shape[1] / 48_000 - 2) < 0.03

    return check


ROWS = [
    *(
        Row(fields=("WebmOutput.output",), name=f"webm of {facts['picture']} and {facts['sound']}",
            job=film({"output": "webm", "height": 180, "duration": 2, **fields}),
            check=webm_is(**facts))
        for fields, facts in (
            ({}, {"picture": "vp9", "sound": "opus"}),
            ({"video_codec": "vp8", "audio_codec": "vorbis"},
             {"picture": "vp8", "sound": "vorbis"}),
            ({"video_codec": "av1"}, {"picture": "av1", "sound": "opus"}),
        )
    ),
    *(
        Row(fields=("EncodingFields.video_codec",), name=f"video_codec {codec}",
            job=film(short(video_codec=codec)), check=video_is(**facts))
        for codec, facts in {
            "libx265": {"codec_name": "hevc", "codec_tag_string": "hvc1"},
            "av1": {"codec_name": "av1", "codec_tag_string": "av01"},
            "libvpx-vp9": {"codec_name": "vp9", "codec_tag_string": "vp09"},
        }.items()
    ),
    Row(fields=("EncodingFields.video_codec",), name="HLS of HEVC",
        job=film(hls(stream=[{"height": 180, "video_codec": "hevc"}], segment_duration="1.5")),
        check=ladder_of_hevc),
    Row(fields=("EncodingFields.video_codec",), name="DASH of AV1, its grid no multiple of a GOP",
        job=film(hls(output="dash", segment_duration="1.5", keyframe=25,
                     stream=[{"height": 180, "video_codec": "libsvtav1"}])),
        check=dash_of("av01.")),
    Row(fields=("EncodingFields.video_codec",), name="DASH of VP9",
        job=film(hls(output="dash", stream=[{"height": 180, "video_codec": "vp9"}])),
        check=dash_of("vp09.")),
    Row(fields=("EncodingFields.two_pass",), name="two_pass",
        job=film(mp4(bitrate=300, two_pass=1, duration=4)), check=two_passes_meet_the_rate),
    Row(fields=("EncodingFields.profile",), name="profile",
        job=film(short(profile="main", video_codec_parameters={"preset": "fast"})),
        check=video_is(profile="Main")),
    Row(fields=("EncodingFields.pix_format",), name="pix_format",
        job=film(short(pix_format="yuv420p10le", video_codec="hevc")),
        check=video_is(pix_fmt="yuv420p10le", profile="Main 10")),
    Row(fields=("EncodingFields.pix_format",), name="pix_format of H.264",
        job=film(short(pix_format="yuv420p10le")),
        check=video_is(pix_fmt="yuv420p10le", profile="High 10")),
    Row(fields=("EncodingFields.tag_video",), name="tag_video",
        job=film(short(tag_video="hev1", video_codec="hevc")),
        check=video_is(codec_tag_string="hev1")),
]  # fmt: skip
