"""Rows of what every job has: outputs, places, sizes, rates, ranges."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.measure import keyframes, pictures, probe_json, sound, streams
from tests.fields.rows import MEDIA, Elsewhere, Made, Row

FILM = "bbb_720p24_20s.mp4"


def film(*outputs: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A job that makes these outputs of a short film."""
    return {"source": FILM, "format": list(outputs), **top}


def mp4(**fields: Any) -> dict[str, Any]:
    """A file of two seconds in 180 lines unless told otherwise."""
    return {"output": "mp4", "height": 180, "duration": 2, **fields}


def hls(**fields: Any) -> dict[str, Any]:
    """A ladder of one rung, four seconds long."""
    return {"output": "hls", "stream": [{"height": 180}], "duration": 4, **fields}


def size_is(width: int, height: int) -> Callable[[Made], None]:
    """The picture of the only file has this size."""

    def check(made: Made) -> None:
        (video,) = [s for s in streams(made.path()) if s["codec_type"] == "video"]
        assert (video["width"], video["height"]) == (width, height)

    return check


def sound_is(**facts: str) -> Callable[[Made], None]:
    """The sound of the only file has these facts, in ffprobe's words."""

    def check(made: Made) -> None:
        (audio,) = [s for s in streams(made.path()) if s["codec_type"] == "audio"]
        assert {name: str(audio[name]) for name in facts} == facts

    return check


def bit_rate(path: Path) -> float:
    """Of the picture, in bit/s."""
    return float(streams(path)[0]["bit_rate"])


def less_crf_is_more_bits(made: Made) -> None:
    assert bit_rate(made.path(0)) > 2 * bit_rate(made.path(1))


def bit_rate_is_met(made: Made) -> None:
    assert abs(bit_rate(made.path()) / 400_000 - 1) < 0.15


def keyframes_every_12(made: Made) -> None:
    assert keyframes(made.path()) == list(range(0, 48, 12))


def rate_is_12(made: Made) -> None:
    assert Fraction(streams(made.path())[0]["avg_frame_rate"]) == 12
    assert len(pictures(made.path(), 320, 180)) == 24


def begins_at_five_and_lasts_two(made: Made) -> None:
    shown = pictures(made.path(), 1280, 720).astype(int)
    whole = pictures(MEDIA / FILM, 1280, 720)
    assert len(shown) == 48
    for at in (0, 47):
        errors = [np.abs(shown[at] - frame).mean() for frame in whole[5 * 24 - 2 + at :][:5]]
        assert int(np.argmin(errors)) == 2


def is_silent(made: Made) -> None:
    samples = sound(made.path(), 48_000)
    assert samples.shape[1] >= 95_000
    assert np.abs(samples).max() < 1e-4


def has_no_sound(made: Made) -> None:
    assert [s["codec_type"] for s in streams(made.path())] == ["video"]


def segments(made: Made, index: int = 0) -> list[float]:
    """Durations of the segments of a media playlist."""
    text = made.path(index, "video_1/playlist.m3u8").read_text()
    return [float(d) for d in re.findall(r"#EXTINF:([0-9.]+)", text)]


def segments_of_two_seconds(made: Made) -> None:
    assert segments(made) == [2, 2]


def two_rungs(made: Made) -> None:
    text = made.path(0, "playlist.m3u8").read_text()
    assert re.findall(r"RESOLUTION=(\w+)", text) == ["192x108", "320x180"]


def playlist_is_named(made: Made) -> None:
    assert made.path(0, "index.m3u8").read_text().startswith("#EXTM3U")


def sound_is_inside(made: Made) -> None:
    assert "TYPE=AUDIO" not in made.path(0, "playlist.m3u8").read_text()
    first = made.path(0, "segment_1.ts")
    assert {s["codec_type"] for s in streams(first)} == {"video", "audio"}


def dash_plays(made: Made) -> None:
    assert float(probe_json(made.path(0, ".mpd"), "-show_format")["format"]["duration"]) == 4


def image_is_270_square_jpeg(made: Made) -> None:
    (image,) = streams(made.path())
    assert (image["codec_name"], image["width"], image["height"]) == ("mjpeg", 270, 270)


def images_differ_in_bytes(made: Made) -> None:
    assert made.path(0).stat().st_size > 2 * made.path(1).stat().st_size


def moment_is_the_tenth_second(made: Made) -> None:
    image = pictures(made.path(), 1280, 720)[0].astype(int)
    whole = pictures(MEDIA / FILM, 1280, 720)
    errors = [np.abs(image - frame).mean() for frame in whole[238:243]]
    assert int(np.argmin(errors)) == 2


def enlarged(made: Made) -> None:
    assert streams(made.path())[0]["height"] == 900


def named_and_soft(made: Made) -> None:
    assert made.report.partial
    assert made.report.outputs[1].status == "failed"
    assert made.report.outputs[1].error is not None
    assert made.path(0, "a.mp4").exists()


def increasing(values: list[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


def louder_rates_are_larger_files(made: Made) -> None:
    rates = [float(streams(made.path(i))[1]["bit_rate"]) for i in range(3)]
    assert increasing(rates)
    assert abs(rates[2] / 128_000 - 1) < 0.2


def codec_is_h264(made: Made) -> None:
    assert streams(made.path())[0]["codec_name"] == "h264"


ROWS = [
    Row(fields=("EncodingFields.video_codec",), name="video_codec",
        job=film(mp4(video_codec="h264")), check=codec_is_h264),
    Row(
        fields=("JobSpec.source", "JobSpec.format", "Mp4Output.output", "VideoFields.height"),
        name="height",
        job=film(mp4()),
        check=size_is(320, 180),
    ),
    Row(fields=("VideoFields.width",), name="width", job=film(mp4(width=200)),
        check=size_is(200, 180)),
    Row(fields=("EncodingFields.quality",), name="quality",
        job=film(mp4(quality=18), mp4(quality=30)), check=less_crf_is_more_bits),
    Row(fields=("EncodingFields.bitrate",), name="bitrate",
        job=film(mp4(bitrate=400, duration=8)), check=bit_rate_is_met),
    Row(fields=("VideoFields.framerate",), name="framerate", job=film(mp4(framerate=12)),
        check=rate_is_12),
    Row(fields=("VideoFields.keyframe",), name="keyframe", job=film(mp4(keyframe=12)),
        check=keyframes_every_12),
    Row(fields=("JobSpec.upscale",), name="upscale", job=film(mp4(height=900), upscale=1),
        check=enlarged),
    Row(fields=("ClipFields.start_time", "ClipFields.duration"), name="range",
        job=film(mp4(height=None, start_time=5)), check=begins_at_five_and_lasts_two),
    Row(fields=("AudioFields.audio_mute",), name="audio_mute", job=film(mp4(audio_mute=True)),
        check=is_silent),
    Row(fields=("AudioFields.audio_mute",), name="audio_mute drop",
        job=film(mp4(audio_mute="drop")), check=has_no_sound),
    Row(fields=("AudioFields.audio_sample_rate", "AudioFields.audio_channels_number"),
        name="sound's rate and channels",
        job=film(mp4(audio_sample_rate=22050, audio_channels_number=1)),
        check=sound_is(sample_rate="22050", channels="1", codec_name="aac")),
    Row(fields=("AudioFields.audio_bitrate",), name="audio_bitrate",
        job=film(*(mp4(audio_bitrate=rate, duration=8) for rate in (32, 64, 128))),
        check=louder_rates_are_larger_files),
    Row(fields=("HlsOutput.output", "AdaptiveOutput.stream"), name="stream",
        job=film(hls(stream=[{"height": 180}, {"height": 108}])), check=two_rungs),
    Row(fields=("SegmentedOutput.segment_duration",), name="segment_duration",
        job=film(hls(segment_duration="2")), check=segments_of_two_seconds),
    Row(fields=("SegmentedOutput.playlist_name",), name="playlist_name",
        job=film(hls(playlist_name="index.m3u8")), check=playlist_is_named),
    Row(fields=("AdaptiveOutput.separate_audio",), name="separate_audio",
        job=film(hls(separate_audio=False)), check=sound_is_inside),
    Row(fields=("DashOutput.output",), name="dash", job=film(hls(output="dash")),
        check=dash_plays),
    Row(fields=("ThumbnailOutput.output", "ThumbnailOutput.image_format", "ImageFields.height",
                "ImageFields.width"),
        name="thumbnail",
        job=film({"output": "thumbnail", "image_format": "jpg", "height": 270, "width": 270}),
        check=image_is_270_square_jpeg),
    Row(fields=("ThumbnailOutput.quality",), name="thumbnail's quality",
        job=film(*({"output": "thumbnail", "image_format": "jpg", "quality": q} for q in (95, 20))),
        check=images_differ_in_bytes),
    Row(fields=("ThumbnailOutput.time",), name="thumbnail's time",
        job=film({"output": "thumbnail", "time": "10s"}), check=moment_is_the_tenth_second),
    Row(fields=("OutputBase.output", "OutputBase.destination", "OutputBase.allow_soft_fail"),
        name="soft failure beside a named file",
        job=lambda folder: film(
            mp4(destination={"type": "file", "path": f"{folder / '0'}/a.mp4"}),
            mp4(start_time=3600, allow_soft_fail=1),
        ),
        check=named_and_soft),
]  # fmt: skip

S3 = "tests/storage/test_s3.py::"
WEBHOOKS = "tests/jobs/test_webhooks.py::"

ELSEWHERE = [
    Elsewhere(
        fields=("JobSpec.video_id", "JobSpec.webhook_config", "WebhookConfig.url"),
        test=WEBHOOKS + "test_the_life_of_a_job_is_told_in_order",
    ),
    Elsewhere(
        fields=("WebhookConfig.headers", "WebhookConfig.secret"),
        test=WEBHOOKS + "test_the_configured_headers_are_sent_and_deliveries_are_signed",
    ),
    Elsewhere(
        fields=("WebhookConfig.events",),
        test=WEBHOOKS + "test_only_the_events_that_were_asked_for_are_sent",
    ),
    Elsewhere(
        fields=(
            "S3Place.type", "S3Place.region", "S3Place.key", "S3Place.secret", "S3Place.bucket",
            "S3Place.endpoint", "S3Place.path", "S3Place.use_tls", "S3Place.is_passive",
            "S3Place.url",
        ),
        test="tests/storage/test_storage.py::test_buckets_of_the_spec_have_what_storage_asks_for",
    ),
    Elsewhere(
        fields=("S3Destination.permissions",),
        test=S3 + "test_an_acl_is_sent_when_it_is_asked_for_and_only_then",
    ),
    Elsewhere(
        fields=("S3Destination.storage_class", "S3Destination.cache_control"),
        test=S3 + "test_objects_have_the_class_and_the_caching_that_were_asked_for",
    ),
    Elsewhere(
        fields=("HttpSource.type", "HttpSource.url"),
        test="tests/storage/test_storage.py::"
        "test_a_web_source_of_the_spec_logs_in_with_what_its_url_holds",
    ),
    Elsewhere(
        fields=("FilePlace.type", "FilePlace.path", "FilePlace.url"),
        test="tests/storage/test_storage.py::test_files_of_the_spec_are_held_to_the_roots",
    ),
]  # fmt: skip
