"""Frame rates, segment grids, GOPs, rate control, threads."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import ceil
from typing import Any

import pytest

from videngine.media import MediaInfo, Stream
from videngine.plan import VideoRenditionPlan
from videngine.planning import JobPlan, plan_job
from videngine.spec import parse_job

F = Fraction
SOUND = Stream(index=1, type="audio", codec="aac", sample_rate_hz=48_000, channels=2)
NTSC = F(30000, 1001)


def plan(
    *outputs: dict[str, Any],
    rate: Fraction | int = 30,
    cores: int = 2,
    height: int = 720,
    **stream: Any,
) -> JobPlan:
    """The plan for a 16:9 source of one rate."""
    video = Stream(
        index=0,
        type="video",
        codec="h264",
        width_px=height * 16 // 9,
        height_px=height,
        duration_s=F(60),
        frame_rate=F(rate),
        **stream,
    )
    media = MediaInfo(
        format="mp4",
        size_bytes=1,
        duration_s=F(60),
        bit_rate_bps=1,
        start_s=F(0),
        streams=(video, SOUND),
    )
    return plan_job(
        parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset="faster",
        cores=cores,
    )


def hls(*rungs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"output": "hls", "stream": list(rungs), **fields}


def only(found: JobPlan) -> VideoRenditionPlan:
    (video,) = found.engine.video
    return video


def warned(found: JobPlan) -> list[tuple[str, str]]:
    return [(w.path, w.code) for w in found.warnings]


@pytest.mark.parametrize(
    ("average", "variable", "expected"),
    [
        (F(25), False, F(25)),
        (F(24000, 1001), False, F(24000, 1001)),
        (F(2997, 100), False, NTSC),
        (F(24001, 1000), False, F(24)),
        (F(17), False, F(17)),
        (F(29), False, F(29)),
        (F(298, 10), True, F(30000, 1001)),
        (F(2991, 100), True, NTSC),
        (F(2999, 100), True, F(30)),
        (F(27), True, F(25)),
        (F(29), True, NTSC),
        (F(55), True, F(60000, 1001)),
        (F(149, 10), True, F(15)),
        (F(1, 3), True, F(1)),
        (F(1000), False, F(240)),
        (F(0), False, F(25)),
        (F(2501, 100), False, F(25)),  # a frame too many in a minute
        (F(2503, 100), False, F(2503, 100)),  # two
    ],
)
def test_the_rate_is_the_sources_or_the_nearest_usual_one(
    average: Fraction, variable: bool, expected: Fraction
) -> None:
    found = plan({"output": "mp4"}, rate=average, variable_frame_rate=variable)
    assert found.engine.pictures[0].frame_rate == expected
    assert found.outputs[0].rungs[0].frame_rate == expected


def test_a_rate_that_was_asked_for_is_made_whatever_the_source_has() -> None:
    found = plan({"output": "mp4", "framerate": "23.976"}, rate=F(50))
    assert found.engine.pictures[0].frame_rate == F(24000, 1001)


@pytest.mark.parametrize(
    ("rate", "segment", "keyframe", "gop"),
    [
        (F(30), None, None, 90),  # 180 frames in two
        (F(25), None, None, 75),  # 150 in two, not 90 and 60
        (F(24), None, None, 72),
        (F(60), None, None, 90),
        (F(50), None, None, 75),
        (NTSC, None, None, 90),  # 179.8 frames
        (F(30), 2, None, 60),
        (F(30), "2.002", None, 61),
        (F(30), 10, None, 75),  # 300 in four
        (F(30), 6, 90, 90),
        (F(30), 6, "60", 60),
        (F(30), 6, "1s", 30),
        (F(25), 6, "0.01s", 1),
        (F(30), 6, 1, 1),
        (F(12), 6, 90, 72),
        (F(30), 6, "10s", 180),
    ],
)
def test_a_gop_is_no_longer_than_asked_and_than_a_segment(
    rate: Fraction, segment: Any, keyframe: Any, gop: int
) -> None:
    found = plan(hls({"keyframe": keyframe}, segment_duration=segment), rate=rate)
    assert only(found).gop_frames == gop


def test_a_keyframe_interval_beyond_the_segment_is_reported() -> None:
    found = plan(hls({"framerate": "12", "keyframe": "90"}))
    assert warned(found) == [("format[0].stream[0].keyframe", "keyframe_clamped")]
    assert "72" in found.warnings[0].message


def test_a_keyframe_interval_that_does_not_divide_the_segment_is_reported() -> None:
    assert warned(plan(hls({"keyframe": 50}))) == [("format[0].stream[0].keyframe", "uneven_gop")]
    assert warned(plan(hls({"keyframe": 60}))) == []
    assert warned(plan(hls({}), rate=F(25))) == []


def test_segments_last_six_seconds_unless_asked() -> None:
    found = plan(hls({}), {"output": "dash", "stream": [{"height": 360}], "segment_duration": "2"})
    assert [v.segment_s for v in found.engine.video] == [6, 2]
    assert [o.segment_s for o in found.outputs] == [6, 2]


def test_renditions_that_share_a_segment_duration_share_one_grid() -> None:
    found = plan(
        hls({"height": 720}, {"height": 360, "framerate": 15}),
        {"output": "dash", "stream": [{"height": 180, "framerate": 24}]},
        {"output": "dash", "stream": [{"height": 180, "framerate": 50}], "segment_duration": 4},
        {"output": "mp4", "height": 90, "framerate": 5},
    )
    grids = {
        (v.segment_s, p.frame_rate): v.grid_rate
        for v in found.engine.video
        for p in found.engine.pictures
        if v.picture == p.id
    }
    assert grids == {
        (6, 30): 15,
        (6, 15): 15,
        (6, 24): 15,
        (4, 50): 50,
        (6, 5): 15,  # an mp4 takes the grid as it is: its rate is no reason to move it
    }


@pytest.mark.parametrize("segment", ["1.5", "2.002", "1.3", "6", "3.7"])
@pytest.mark.parametrize(
    "rates", [(30, 25), (30, 12), ("29.97", "23.976"), (60, "29.97"), (50, 24)]
)
def test_no_gop_ends_a_few_frames_before_a_segment_does(segment: str, rates: Any) -> None:
    found = plan(
        hls(
            *({"framerate": rate, "height": 720 - 90 * i} for i, rate in enumerate(rates)),
            segment_duration=segment,
        )
    )
    rate_of = {p.id: p.frame_rate for p in found.engine.pictures}
    for video in found.engine.video:
        rate, grid = rate_of[video.picture], video.grid_rate
        boundaries = [ceil(ceil(k * video.segment_s * grid) / grid * rate) for k in range(40)]
        for start, end in itertools.pairwise(boundaries):
            last = (end - start) % video.gop_frames or video.gop_frames
            assert last > (video.gop_frames - 1) // 2, (start, end, video.gop_frames)


def test_an_mp4_lies_on_the_grid_of_the_first_adaptive_output() -> None:
    found = plan({"output": "mp4"}, hls({}, segment_duration=4), hls({}, segment_duration=3))
    assert found.outputs[0].rungs[0].video == found.outputs[1].rungs[0].video
    assert found.outputs[0].segment_s is None
    assert only(plan({"output": "mp4"})).segment_s == 6


def test_an_mp4_takes_over_the_keyframes_of_an_equal_rung() -> None:
    rung = {"height": 360, "keyframe": 45, "quality": 20}
    found = plan({"output": "mp4", "height": 360, "quality": 20}, hls(rung))
    assert only(found).gop_frames == 45
    asked = plan({"output": "mp4", "height": 360, "quality": 20, "keyframe": 60}, hls(rung))
    assert [v.gop_frames for v in asked.engine.video] == [60, 45]


RATE_CONTROL = [
    ({}, (23.0, None, None, None)),
    ({"quality": 20}, (20.0, None, None, None)),
    ({"quality": 0}, (0.0, None, None, None)),
    ({"bitrate": 1000}, (None, 1_000_000, 1_500_000, 2_000_000)),
    ({"quality": 20, "bitrate": "1000"}, (20.0, None, 1_000_000, 2_000_000)),
]


@pytest.mark.parametrize(("fields", "expected"), RATE_CONTROL)
def test_quality_and_bitrate_rule_in_their_order(
    fields: dict[str, Any], expected: tuple[float | None, int | None, int | None, int | None]
) -> None:
    for output in ({"output": "mp4", **fields}, hls(fields), hls({}, **fields)):
        video = only(plan(output))
        found = (video.crf, video.bitrate_bps, video.max_bitrate_bps, video.buffer_size_bits)
        assert found == expected
        assert (video.codec, video.preset) == ("libx264", "faster")


def test_fields_of_the_output_are_the_default_of_its_rungs() -> None:
    found = plan(
        hls({"bitrate": 800}, {"quality": 30}, {"height": 180}, quality=20, width=640, framerate=15)
    )
    assert [(v.crf, v.max_bitrate_bps) for v in found.engine.video] == [
        (20.0, 800_000),
        (30.0, None),
        (20.0, None),
    ]
    assert [(r.width_px, r.height_px) for r in found.outputs[0].rungs] == [
        (640, 360),
        (640, 360),
        (320, 180),  # a rung that names one side takes no other from the output
    ]
    assert {r.frame_rate for r in found.outputs[0].rungs} == {15}


def test_a_lossless_picture_cannot_be_capped() -> None:
    found = plan({"output": "mp4", "quality": 0, "bitrate": 1000})
    assert only(found).bitrate_bps == 1_000_000
    assert warned(found) == [("format[0].quality", "conflicting_fields")]


def test_the_alias_h264_is_the_same_encoder() -> None:
    found = plan(
        {"output": "mp4", "video_codec": "h264"}, {"output": "mp4", "video_codec": "libx264"}
    )
    assert only(found).codec == "libx264"


@pytest.mark.parametrize(
    ("heights", "cores", "threads"),
    [
        ((720, 540, 360), 2, [1, 1, 1]),
        ((720,), 2, [2]),
        ((720,), 1, [1]),
        ((720, 360), 16, [13, 3]),
    ],
)
def test_cores_are_shared_out_by_pixels_a_second(
    heights: tuple[int, ...], cores: int, threads: list[int]
) -> None:
    found = plan(hls(*({"height": h} for h in heights)), cores=cores)
    assert [v.threads for v in found.engine.video] == threads
    assert found.engine.decoder_threads == cores
    assert {v.chunk_encoders for v in found.engine.video} == {1}


def test_libx265_has_a_thread_for_every_core_that_it_takes_part_of() -> None:
    rungs = [{"height": h, "video_codec": "libx265"} for h in (1080, 720, 540, 360)]
    found = plan(hls(*rungs), cores=2, height=1080)
    assert [v.threads for v in found.engine.video] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("heights", "cores", "encoders", "threads"),
    [
        ((1080, 720, 540, 360), 2, [1, 1, 1, 1], [1, 1, 1, 1]),
        ((1080, 720, 540, 360), 4, [1, 1, 1, 1], [2, 1, 1, 1]),
        ((1080, 720, 540, 360), 16, [12, 6, 4, 3], [1, 1, 1, 1]),
        ((2160, 1080, 720, 540, 360), 32, [7, 7, 5, 3, 2], [3, 1, 1, 1, 1]),
    ],
)
def test_renditions_that_share_a_look_ahead_are_encoded_in_chunks_where_cores_and_memory_allow(
    heights: tuple[int, ...], cores: int, encoders: list[int], threads: list[int]
) -> None:
    found = plan(hls(*({"height": h} for h in heights)), cores=cores, height=heights[0])
    assert [v.chunk_encoders for v in found.engine.video] == encoders
    assert [v.threads for v in found.engine.video] == threads
