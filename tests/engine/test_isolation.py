"""A rendition that fails takes with it the outputs that need it, and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.films import Film
from tests.engine.measure import numbers
from tests.engine.plans import transcode

from videngine import preparation
from videngine.errors import EncoderUnavailable
from videngine.planning import JobPlan


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder of the picture of 32 lines refuses its parameters."""
    plan_job = preparation.plan_job

    def plan(*positional: Any, **named: Any) -> JobPlan:
        job = plan_job(*positional, **named)
        small = {p.id for p in job.engine.pictures if p.height_px == 32}
        video = tuple(
            replace(v, preset="warp") if v.picture in small else v for v in job.engine.video
        )
        return replace(job, engine=replace(job.engine, video=video))

    monkeypatch.setattr(preparation, "plan_job", plan)


@pytest.mark.usefixtures("refused")
def test_outputs_that_need_a_refused_rendition_fail_and_the_others_are_whole(
    film: Film, tmp_path: Path
) -> None:
    ladder = {"output": "hls", "stream": [{"height": 64}, {"height": 32}]}
    report = transcode(
        film.path,
        tmp_path,
        {"output": "mp4", "height": 32, "allow_soft_fail": 1},
        {"output": "mp4", "height": 64},
        {**ladder, "allow_soft_fail": 1},
        {"output": "thumbnail"},
    )
    assert report.partial
    assert [o.status for o in report.outputs] == ["failed", "completed", "failed", "completed"]
    for failed in (report.outputs[0], report.outputs[2]):
        assert failed.error is not None
        assert failed.error["code"] == "encoder_init_failed"
    assert numbers(tmp_path / "1" / "video_64p.mp4") == list(range(144))


@pytest.mark.usefixtures("refused")
def test_without_soft_fail_a_refused_rendition_fails_the_job(film: Film, tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        transcode(
            film.path, tmp_path, {"output": "mp4", "height": 64}, {"output": "mp4", "height": 32}
        )
    assert caught.value.code == "encoder_init_failed"
    assert not list(tmp_path.glob("*/*.mp4"))
