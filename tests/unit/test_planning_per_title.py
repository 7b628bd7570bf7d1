"""What measured curves make of a ladder: CRFs, rungs left out, a ladder nobody named; pure."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from math import log
from typing import Any

import pytest

from videngine.media import Color, MediaInfo, Stream
from videngine.plan import ClipPlan
from videngine.planning import JobPlan, plan_job
from videngine.planning.curves import Curve, Point
from videngine.planning.per_title import TARGET_VMAF, Curves
from videngine.planning.trials import CRFS, trial_runs
from videngine.spec import parse_job

VIDEO = Stream(
    index=3, type="video", codec="h264", width_px=1920, height_px=1080, frame_rate=Fraction(24),
    duration_s=Fraction(120),
)  # fmt: skip


def plan(*outputs: dict[str, Any], curves: Curves | None = None, stream: Stream = VIDEO) -> JobPlan:
    media = MediaInfo(
        format="mp4", size_bytes=1, duration_s=Fraction(120), bit_rate_bps=1, start_s=Fraction(0),
        streams=(stream,),
    )  # fmt: skip
    return plan_job(
        parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
        curves=curves,
    )


def film(height: int, *, easy: float = 1.0, soft: bool = False) -> Curve:
    """As films go: a size has a ceiling, six steps of CRF halve the bits; ``easy`` divides them.

    A ``soft`` film has no detail that sizes from 540 lines on would lose.
    """
    shown = min(1.0, 0.62 + 0.38 * (height / (540 if soft else 1080)) ** 0.7)
    bps = 5e6 * (height / 1080) ** 1.5 / easy
    return Curve(
        tuple(
            Point(
                crf=float(crf),
                bps=bps * 2 ** ((22 - crf) / 6),
                vmaf=shown * (98 - 0.075 * max(0, crf - 16) ** 2 / (1 + log(easy))),
            )
            for crf in CRFS["libx264"]
        )
    )


def tried(*outputs: dict[str, Any], **kind: Any) -> JobPlan:
    """The plan, when all that it wants tried came out as `film` has it."""
    first = plan(*outputs)
    return plan(*outputs, curves={t: film(t.picture.height_px, **kind) for t in first.trials})


def ladder(**fields: Any) -> dict[str, Any]:
    stream = [{"height": height} for height in (1080, 720, 540, 360)]
    return {"output": "hls", "optimize_bitrate": 1, "stream": stream, **fields}


def heights(found: JobPlan, output: int = 0) -> list[int]:
    return [rung.height_px for rung in found.outputs[output].rungs]


def crfs(found: JobPlan) -> list[float | None]:
    return [video.crf for video in found.engine.video]


def test_a_curve_goes_through_its_points_and_never_turns() -> None:
    curve = film(720)
    for point in curve.points:
        again = curve.at(point.crf)
        assert again.vmaf == pytest.approx(point.vmaf)
        assert again.bps == pytest.approx(point.bps)
    steps = list(curve.within(14, 40))
    assert [p.crf for p in (steps[0], steps[-1])] == [14, 40]
    assert [p.vmaf for p in steps] == sorted((p.vmaf for p in steps), reverse=True)
    assert [p.bps for p in steps] == sorted((p.bps for p in steps), reverse=True)
    assert Curve.from_json(curve.to_json()) == curve


def test_a_jump_between_points_does_not_overshoot() -> None:
    points = zip((20, 26, 32), (99.5, 99.0, 60.0), (9e6, 4e6, 1e6), strict=True)
    curve = Curve(tuple(Point(crf=crf, bps=bps, vmaf=vmaf) for crf, vmaf, bps in points))
    vmafs = [point.vmaf for point in curve.within(14, 40)]
    assert vmafs == sorted(vmafs, reverse=True)
    assert all(0 <= vmaf <= 100 for vmaf in vmafs)


def test_what_looks_perfect_at_all_that_was_tried_is_not_believed_to_stay_so() -> None:
    """As film that moves fast came out: at a CRF of 40 it was at 74."""
    points = zip((21.25, 27.25, 33.25), (99.8, 99.6, 98.6), (5.2e6, 2.1e6, 0.9e6), strict=True)
    curve = Curve(tuple(Point(crf=crf, bps=bps, vmaf=vmaf) for crf, vmaf, bps in points))
    assert curve.at(40).vmaf < 80
    output = {"output": "mp4", "optimize_bitrate": 1}
    made = plan(output, curves=dict.fromkeys(plan(output).trials, curve))
    (crf,) = crfs(made)
    assert crf is not None
    assert 34.5 < crf <= 35


def test_the_largest_rung_gets_the_crf_of_the_target_and_the_others_follow() -> None:
    found = tried(ladder())
    assert heights(found) == [1080, 720, 540, 360]
    chosen = [rung.chosen for rung in found.outputs[0].rungs]
    assert all(chosen)
    expected = [c.predicted_vmaf for c in chosen if c]
    assert expected[0] == pytest.approx(TARGET_VMAF, abs=0.3)
    assert expected == sorted(expected, reverse=True)
    rates = [c.predicted_bitrate for c in chosen if c]
    assert all(small * 1.5 <= large for large, small in itertools.pairwise(rates))


def test_an_easier_title_gets_fewer_bits() -> None:
    hard, easy = (tried(ladder(), easy=easy).outputs[0].rungs[0].chosen for easy in (1, 4))
    assert hard
    assert easy
    assert easy.predicted_bitrate < hard.predicted_bitrate / 3
    assert easy.predicted_vmaf == pytest.approx(hard.predicted_vmaf, abs=0.5)


def test_a_rung_that_shows_no_more_than_a_smaller_one_is_left_out() -> None:
    found = tried(ladder(), soft=True)
    assert heights(found)[0] == 540
    skipped = found.outputs[0].skipped
    assert [(s.path, s.code) for s in skipped[:2]] == [
        ("format[0].stream[0]", "useless_rung"),
        ("format[0].stream[1]", "useless_rung"),
    ]
    assert "1920x1080 is of no use for this title" in skipped[0].message


def test_rungs_that_nobody_wants_suited_stay_as_they_are() -> None:
    stream = [{"height": 1080, "optimize_bitrate": 1}, {"height": 720, "bitrate": 3000}]
    found = tried({"output": "hls", "stream": stream})
    assert heights(found) == [1080, 720]
    assert found.engine.video[1].bitrate_bps == 3_000_000
    assert [bool(r.chosen) for r in found.outputs[0].rungs] == [True, False]


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({"max_crf": 18}, lambda crf, _: crf == 18),
        ({"min_crf": 33}, lambda crf, _: crf == 33),
        ({"min_crf": 1, "max_crf": 1}, lambda crf, _: crf == 1),
        ({"min_crf": 20, "max_crf": 20, "adjust_crf": 5}, lambda crf, _: crf == 20),
        ({"adjust_crf": -3}, lambda crf, free: crf == free - 3),
        ({"adjust_crf": 10, "max_crf": 27}, lambda crf, _: crf == 27),
        ({"quality": 40}, lambda crf, free: crf == free),
    ],
)
def test_bounds_and_adjustments_hold(fields: dict[str, Any], holds: Any) -> None:
    (free,) = crfs(tried({"output": "mp4", "optimize_bitrate": 1}))
    (crf,) = crfs(tried({"output": "mp4", "optimize_bitrate": 1, **fields}))
    assert holds(crf, free)


def test_the_rate_of_the_request_is_a_limit() -> None:
    found = tried({"output": "mp4", "optimize_bitrate": 1, "bitrate": 1500})
    (video,) = found.engine.video
    chosen = found.outputs[0].rungs[0].chosen
    assert chosen
    assert chosen.predicted_bitrate <= 1_500_000
    assert chosen.predicted_vmaf < TARGET_VMAF - 2
    assert (video.bitrate_bps, video.max_bitrate_bps) == (None, 1_500_000)


@pytest.mark.parametrize("stream", [None, "auto", " Auto "])
def test_a_ladder_nobody_named_is_made_for_the_title(stream: str | None) -> None:
    found = tried({"output": "hls", "stream": stream}, easy=2)
    rungs = found.outputs[0].rungs
    chosen = [rung.chosen for rung in rungs if rung.chosen]
    assert len(chosen) == len(rungs) >= 4
    rates = [c.predicted_bitrate for c in chosen]
    vmafs = [c.predicted_vmaf for c in chosen]
    assert all(small * 1.7 <= large for large, small in itertools.pairwise(rates))
    assert vmafs == sorted(vmafs, reverse=True)
    assert vmafs[0] == pytest.approx(TARGET_VMAF, abs=0.5)
    assert heights(found) == sorted(heights(found), reverse=True)
    assert rates[-1] >= 100_000


def test_a_ladder_for_the_title_keeps_below_its_rate() -> None:
    found = tried({"output": "dash", "bitrate": 1000}, easy=2)
    chosen = [rung.chosen for rung in found.outputs[0].rungs if rung.chosen]
    assert chosen[0].predicted_bitrate <= 1_000_000
    assert len(chosen) >= 3


def test_no_rung_is_larger_than_the_one_above_it() -> None:
    """Even where the smallest size shows less at its coarsest CRF than the next larger one's."""
    wanted = {"output": "hls", "stream": "auto"}

    def curve(height: int) -> Curve:
        spoilt = 20 if height == 240 else 0
        return Curve(
            tuple(
                replace(p, vmaf=p.vmaf - spoilt if p.crf > 30 else p.vmaf)
                for p in film(height).points
            )
        )

    first = plan(wanted)
    found = plan(wanted, curves={t: curve(t.picture.height_px) for t in first.trials})
    assert 240 in heights(found)
    assert heights(found) == sorted(heights(found), reverse=True)


def test_untried_ladders_have_usual_sizes_and_crfs() -> None:
    found = plan({"output": "hls"})
    assert heights(found) == [1080, 720, 540, 360, 240]
    assert set(crfs(found)) == {23.0}
    assert [t.picture.height_px for t in found.trials] == [1080, 720, 540, 360, 240]


def test_sizes_of_a_phone_held_upright_are_those_of_its_smaller_side() -> None:
    upright = Stream(
        index=0, type="video", codec="h264", width_px=1080, height_px=1920,
        frame_rate=Fraction(30), duration_s=Fraction(20),
    )  # fmt: skip
    rungs = plan({"output": "hls"}, stream=upright).outputs[0].rungs
    assert [rung.width_px for rung in rungs] == [1080, 720, 540, 360, 240]


def test_outputs_that_ask_for_the_same_share_trials_and_renditions() -> None:
    found = tried(ladder(), ladder(output="dash"), {"output": "mp4", "height": 720})
    assert len(found.trials) == 4
    assert heights(found, 0) == heights(found, 1)
    assert len(found.engine.video) == 5


def test_hdr_that_is_kept_is_not_tried() -> None:
    hdr = Stream(**{**vars(VIDEO), "color": Color(transfer="smpte2084")})
    outputs = ({"output": "mp4", "optimize_bitrate": 1, "video_codec": "hevc"},)
    found = plan(*outputs, stream=hdr)
    assert not found.trials
    assert ("format[0].optimize_bitrate", "title_not_analysed") in [
        (w.path, w.code) for w in found.warnings
    ]
    assert crfs(found) == [28.0]
    assert plan({**outputs[0], "hdr_to_sdr": 1}, stream=hdr).trials


def test_logos_and_codecs_without_trials() -> None:
    assert not plan({"output": "webm", "optimize_bitrate": 1}).trials
    assert not plan({"output": "mp4", "optimize_bitrate": 1, "video_codec": "h264_nvenc"}).trials
    assert plan({"output": "mp4", "optimize_bitrate": 1, "video_codec": "hevc"}).trials


def test_runs_are_windows_spread_over_the_title() -> None:
    found = plan(ladder())
    runs = trial_runs(found.trials, found.engine, VIDEO, folder="/scratch/trials")
    windows = [clip for run in runs for clip in run.plan.clips]
    assert len(windows) == 4  # of 0.46 s: about 2 s of 120
    assert all(run.window_frames == 11 for run in runs)
    starts = [clip.start_s for clip in windows]
    assert [b - a for a, b in itertools.pairwise(starts)] == [30, 30, 30]
    assert starts[0] == Fraction(15) - Fraction(23, 100)
    (run,) = runs
    assert len(run.encodes) == 12
    assert run.sizes == {"r0": (1920, 1080)}
    assert [v.crf for v in run.plan.video if v.id == "r0"] == [0.0]


def test_a_title_shorter_than_its_windows_is_one_window() -> None:
    short = Stream(**{**vars(VIDEO), "duration_s": Fraction(3, 4)})
    found = plan({"output": "mp4", "optimize_bitrate": 1, "duration": 0.75}, stream=short)
    (run,) = trial_runs(found.trials, found.engine, short, folder="/s")
    assert [(clip.start_s, clip.length_s) for clip in run.plan.clips] == [(0, Fraction(3, 4))]


def test_bars_and_logos_are_not_tried() -> None:
    found = plan({"output": "mp4", "optimize_bitrate": 1, "size": "480x480", "resize_mode": "pad"})
    (one,) = found.trials
    assert (one.picture.width_px, one.picture.height_px) == (480, 270)
    (run,) = trial_runs(found.trials, found.engine, VIDEO, folder="/s")[:1]
    assert run.sizes == {"r0": (1920, 1080)}


def test_large_pictures_are_tried_in_one_window_at_a_time() -> None:
    large = Stream(**{**vars(VIDEO), "width_px": 3840, "height_px": 2160})
    found = plan({"output": "mp4", "optimize_bitrate": 1, "height": 720}, stream=large)
    runs = trial_runs(found.trials, found.engine, large, folder="/s")
    assert [len(run.plan.clips) for run in runs] == [1] * 4


def test_windows_of_clips_in_a_row_lie_within_one_of_them() -> None:
    found = plan(ladder())
    clips = tuple(
        ClipPlan(
            path=path,
            video_stream=0,
            rotation_deg=0,
            start_s=Fraction(7),
            length_s=Fraction(length),
        )
        for path, length in (("/a", 15), ("/b", 75), ("/c", 30))
    )
    source = replace(found.engine, clips=clips)
    (run,) = trial_runs(found.trials, source, VIDEO, folder="/s")
    assert [(clip.path, float(clip.start_s)) for clip in run.plan.clips] == [
        ("/a", float(22 - Fraction(11, 24))),
        ("/b", 36.77),
        ("/b", 66.77),
        ("/c", 21.77),
    ]
