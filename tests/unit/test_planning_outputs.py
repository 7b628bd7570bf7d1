"""The plan of a whole job: sharing, ranges, images, and outputs that cannot be made."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from videngine.media import Color, MediaInfo, Stream
from videngine.planning import JobPlan, plan_job
from videngine.spec import parse_job

F = Fraction
VIDEO = Stream(
    index=3,
    type="video",
    codec="h264",
    width_px=1280,
    height_px=720,
    frame_rate=F(25),
    duration_s=F(20),
)
SOUND = Stream(
    index=1, type="audio", codec="aac", sample_rate_hz=48_000, channels=2, language="eng"
)
COVER = Stream(
    index=2, type="video", codec="mjpeg", width_px=500, height_px=500, attached_picture=True
)


def changed(**fields: Any) -> Stream:
    values = {name: getattr(VIDEO, name) for name in VIDEO.__dataclass_fields__}
    return Stream(**{**values, **fields})


def media(*streams: Stream, duration_s: Fraction | int = 20) -> MediaInfo:
    return MediaInfo(
        format="mp4",
        size_bytes=1,
        duration_s=F(duration_s),
        bit_rate_bps=1,
        start_s=F(0),
        streams=streams,
    )


def plan(*outputs: dict[str, Any], source: MediaInfo | None = None) -> JobPlan:
    return plan_job(
        parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec,
        source or media(VIDEO, SOUND),
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
    )


def warned(found: JobPlan) -> list[tuple[str, str]]:
    return [(w.path, w.code) for w in found.warnings]


RUNGS = [{"height": h, "quality": 23} for h in (720, 540, 360)]
HLS: dict[str, Any] = {"output": "hls", "stream": RUNGS}
DASH: dict[str, Any] = {"output": "dash", "stream": RUNGS}


def test_outputs_that_ask_for_the_same_rendition_share_it() -> None:
    found = plan(HLS, DASH, {"output": "mp4", "height": 540}, {"output": "mp4", "height": 540})
    assert [v.id for v in found.engine.video] == ["v0", "v1", "v2"]
    assert [a.id for a in found.engine.audio] == ["a0"]
    assert [[r.video for r in o.rungs] for o in found.outputs] == [
        ["v0", "v1", "v2"],
        ["v0", "v1", "v2"],
        ["v1"],
        ["v1"],
    ]
    assert {t.audio for o in found.outputs for t in o.tracks} == {"a0"}


@pytest.mark.parametrize(
    "difference",
    [
        {"height": 542},
        {"quality": 24},
        {"bitrate": 900},
        {"framerate": 50},
        {"keyframe": 30},
        {"start_time": 1},
        {"duration": 5},
    ],
)
def test_what_differs_in_anything_is_another_rendition(difference: dict[str, Any]) -> None:
    found = plan(HLS, {"output": "mp4", "height": 540, **difference})
    assert len(found.engine.video) == 4
    assert found.outputs[1].rungs[0].video == "v3"


def test_files_of_renditions_are_named_after_them() -> None:
    found = plan(HLS, {"output": "thumbnail", "image_format": "jpg"})
    assert [v.path for v in found.engine.video] == [f"/scratch/v{i}.mp4" for i in range(3)]
    assert found.engine.audio[0].path == "/scratch/a0.mp4"
    assert found.engine.stills[0].path == "/scratch/still0.jpg"
    assert found.engine.source_path == "/source"
    assert found.engine.video_stream == 3


def test_rungs_that_come_out_the_same_are_made_once() -> None:
    found = plan(
        {"output": "hls", "stream": [{"height": 720}, {"width": 1280}, {"height": 360}, {}]}
    )
    assert [r.height_px for r in found.outputs[0].rungs] == [720, 360]
    assert [(s.path, s.code) for s in found.outputs[0].skipped] == [
        ("format[0].stream[1]", "duplicate_rung"),
        ("format[0].stream[3]", "duplicate_rung"),
    ]


def test_skipped_rungs_are_in_the_order_of_the_request() -> None:
    stream = [{"height": 360}] * 11 + [{"height": 1080}]
    skipped = plan({"output": "hls", "stream": stream}).outputs[0].skipped
    assert [s.path for s in skipped] == [f"format[0].stream[{i}]" for i in range(1, 12)]


def test_an_output_knows_its_place_and_what_may_fail() -> None:
    s3 = {"type": "s3", "bucket": "b", "path": "x"}
    found = plan({**HLS, "allow_soft_fail": 1, "destination": s3}, {**DASH, "destination": s3})
    first, second = found.outputs
    assert (first.index, first.output, first.root, first.name) == (
        0,
        "advanced_hls",
        "",
        "playlist.m3u8",
    )
    assert (second.index, second.output, second.root) == (1, "advanced_dash", "output_1")
    assert (first.allow_soft_fail, second.allow_soft_fail) == (True, False)
    assert warned(found) == []  # the answer to the request has said it


@pytest.mark.parametrize(
    ("fields", "start", "duration"),
    [
        ({}, 0, None),
        ({"start_time": 0, "duration": 20}, 0, None),
        ({"start_time": "5"}, 5, None),
        ({"start_time": 5, "duration": "15"}, 5, None),
        ({"start_time": "00:00:05", "duration": 2.5}, 5, F(5, 2)),
    ],
)
def test_a_range_reaches_every_rendition(
    fields: dict[str, Any], start: int, duration: Fraction | None
) -> None:
    found = plan({**HLS, **fields})
    for picture in found.engine.pictures:
        assert (picture.start_s, picture.duration_s) == (start, duration)
    assert (found.engine.audio[0].start_s, found.engine.audio[0].duration_s) == (start, duration)
    assert warned(found) == []


def test_a_duration_beyond_the_end_is_clipped_with_a_warning() -> None:
    found = plan({"output": "mp4", "start_time": 15, "duration": 10})
    assert found.engine.pictures[0].duration_s is None
    assert warned(found) == [("format[0].duration", "duration_clipped")]


@pytest.mark.parametrize("start", [20, "00:01:00"])
def test_a_start_beyond_the_end_is_an_error_of_that_output_alone(start: Any) -> None:
    found = plan(
        {"output": "mp4", "start_time": start}, {"output": "thumbnail", "start_time": start}, HLS
    )
    for output in found.outputs[:2]:
        assert output.error
        assert output.error["code"] == "range_outside_source"
        assert not output.rungs
        assert output.images == ()
    assert found.outputs[2].error is None
    assert len(found.engine.video) == 3


@pytest.mark.parametrize("streams", [(SOUND,), (SOUND, COVER), ()])
def test_a_source_without_pictures_fails_every_output_that_needs_them(
    streams: tuple[Stream, ...],
) -> None:
    found = plan(HLS, {"output": "mp4"}, {"output": "thumbnail"}, source=media(*streams))
    assert [o.error and o.error["code"] for o in found.outputs] == ["source_no_streams"] * 3
    engine = found.engine
    assert (engine.video_stream, engine.pictures, engine.video) == (None, (), ())
    assert (engine.audio, engine.stills) == ((), ())


def test_a_source_of_unknown_length_is_taken_to_its_end() -> None:
    video = changed(duration_s=None)
    found = plan(
        {"output": "mp4", "start_time": 5},
        {"output": "thumbnail"},
        {"output": "thumbnail", "time": "7s"},
        source=media(video, SOUND, duration_s=0),
    )
    assert found.outputs[0].error is None
    assert [s.time_s for s in found.engine.stills] == [0, 7]


@pytest.mark.parametrize(
    ("fields", "time"),
    [
        ({}, F(10)),
        ({"time": "0.1"}, F(2)),
        ({"time": 0}, F(0)),
        ({"time": "25%"}, F(5)),
        ({"time": 1}, F(20) - F(1, 25)),  # the last frame
        ({"time": "5s"}, F(5)),
        ({"time": "00:00:05"}, F(5)),
        ({"time": "0.5", "start_time": 4, "duration": 8}, F(8)),
        ({"time": 1, "start_time": 4, "duration": 8}, F(12) - F(1, 25)),
        ({"time": "3s", "start_time": 4}, F(7)),
    ],
)
def test_an_image_is_taken_at_its_moment_of_the_clip(
    fields: dict[str, Any], time: Fraction
) -> None:
    found = plan({"output": "thumbnail", **fields})
    assert [still.time_s for still in found.engine.stills] == [time]
    assert found.outputs[0].images == ("still0",)
    assert warned(found) == []


def test_a_moment_beyond_the_clip_is_its_last_frame_with_a_warning() -> None:
    found = plan({"output": "thumbnail", "time": "00:01:00"})
    assert found.engine.stills[0].time_s == F(20) - F(1, 25)
    assert warned(found) == [("format[0].time", "time_clamped")]


def test_images_have_a_format_and_a_quality() -> None:
    found = plan(
        {"output": "thumbnail"},
        {"output": "thumbnail", "image_format": "jpg"},
        {"output": "thumbnail", "image_format": "jpeg", "quality": "40"},
        {"output": "thumbnail", "image_format": "jpg"},
    )
    assert [(s.format, s.quality) for s in found.engine.stills] == [
        ("png", 85),
        ("jpg", 85),
        ("jpg", 40),
    ]
    assert [o.images for o in found.outputs] == [("still0",), ("still1",), ("still2",), ("still1",)]


def test_images_alone_need_no_renditions() -> None:
    found = plan({"output": "thumbnail"})
    assert found.engine.video == found.engine.audio == found.engine.pictures == ()
    assert found.engine.video_stream == 3


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_an_hdr_source_is_warned_of_once(transfer: str) -> None:
    source = media(changed(color=Color(transfer=transfer), bit_depth=10), SOUND)
    found = plan(HLS, {"output": "mp4"}, source=source)
    assert warned(found) == [("source", "hdr_to_8bit")]
    assert warned(plan({"output": "thumbnail"}, source=source)) == []


def test_an_interlaced_source_is_warned_of() -> None:
    found = plan({"output": "mp4"}, source=media(changed(interlaced=True), SOUND))
    assert warned(found) == [("source", "interlaced_source")]


def test_a_plan_is_json_and_the_same_every_time() -> None:
    first, second = (plan(HLS, DASH, {"output": "mp4"}, {"output": "thumbnail"}) for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(first.engine.to_json())) == second.engine.to_json()


def test_ids_and_paths_are_unique() -> None:
    found = plan(
        HLS,
        {"output": "dash", "stream": [{"height": h, "bitrate": h} for h in range(90, 720, 60)]},
        *({"output": "thumbnail", "time": f"{i}%"} for i in range(0, 100, 7)),
        {"output": "mp4", "audio_mute": True},
    )
    engine = found.engine
    items = (*engine.video, *engine.audio, *engine.stills)
    assert len({i.id for i in (*items, *engine.pictures)}) == len(items) + len(engine.pictures)
    assert len({i.path for i in items}) == len(items)
    for video in engine.video:
        assert (video.crf is None) is not (video.bitrate_bps is None)
        assert (video.max_bitrate_bps is None) is (video.buffer_size_bits is None)
