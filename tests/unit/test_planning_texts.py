"""Subtitles in the plan: which part, which default, and files that are of no use."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.media import MediaInfo, Stream
from videngine.planning import JobPlan, plan_job
from videngine.planning.assets import Asset, named_assets, named_subtitles
from videngine.spec import JobSpec, parse_job
from videngine.spec.secrets import join_secrets, split_secrets

F = Fraction
MEDIA = MediaInfo(
    format="mp4",
    size_bytes=1,
    duration_s=F(20),
    bit_rate_bps=1,
    start_s=F(0),
    streams=(
        Stream(
            index=0,
            type="video",
            codec="h264",
            width_px=640,
            height_px=360,
            frame_rate=F(25),
            duration_s=F(20),
        ),
    ),
)
URL = "https://user:hunter2@h/s.srt?token=hunter3"


def job(*sources: dict[str, Any], **fields: Any) -> JobSpec:
    output = {"output": "hls", "stream": [{"height": 360}], "subtitles": {"sources": sources}}
    return parse_job({"video_id": "v", "source": "https://h/a", "format": [output | fields]}).spec


def plan(spec: JobSpec, asset: Asset | None = None, media: MediaInfo = MEDIA) -> JobPlan:
    asset = asset or Asset(path=Path("/assets/0"))
    return plan_job(
        spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
        assets=dict.fromkeys(named_assets(spec), asset),
    )


def test_subtitles_get_the_part_of_the_film_that_the_output_shows() -> None:
    (text,) = plan(job({"source": URL, "language": "eng"}, start_time=5)).outputs[0].texts
    assert (text.path, text.start_s, text.duration_s) == ("/assets/0", 5, 15)
    assert (text.language, text.name, text.default, text.forced) == ("eng", "eng", False, False)


def test_one_track_is_the_default() -> None:
    found = plan(job({"source": URL, "default": 1}, {"source": "https://h/2", "default": 1}))
    assert [t.default for t in found.outputs[0].texts] == [True, False]
    assert [t.name for t in found.outputs[0].texts] == ["Subtitles", "Subtitles 2"]
    warning = found.warnings[0]
    assert warning.path == "format[0].subtitles.sources"
    assert warning.code == "conflicting_fields"


@pytest.mark.parametrize(
    ("asset", "code"),
    [
        (Asset(error="h answered 404"), "subtitle_fetch_failed"),
        (Asset(path=Path("/assets/0"), error="Line 3: bad"), "subtitle_invalid"),
    ],
)
def test_files_of_no_use_fail_their_output_before_anything_is_encoded(
    asset: Asset, code: str
) -> None:
    found = plan(job({"source": URL}), asset)
    error = found.outputs[0].error
    assert error is not None
    assert error["code"] == code
    assert asset.error in error["message"]
    assert found.engine.video == ()


@pytest.mark.parametrize("codec", ["hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"])
def test_subtitles_that_are_pictures_are_left_out(codec: str) -> None:
    streams = (
        *MEDIA.streams,
        Stream(index=1, type="subtitle", codec=codec),
        Stream(index=2, type="subtitle", codec="subrip", language="ger", title="Für <alle>"),
    )
    spec = job(subtitles_copy=1)
    found = plan(spec, media=replace(MEDIA, streams=streams))
    (text,) = found.outputs[0].texts
    assert (text.rendition, text.language, text.name) == ("t0", "ger", "Für alle")
    assert [(t.id, t.stream, t.path) for t in found.engine.texts] == [("t0", 2, "/scratch/t0.ass")]
    assert [w.path for w in found.warnings if w.code == "subtitles_left_out"] == [
        "format[0].subtitles_copy"
    ]


def test_urls_of_subtitles_are_kept_secret() -> None:
    spec = job({"source": URL, "language": "eng"})
    assert "hunter" not in str(spec.echo())
    assert spec.echo()["format"][0]["subtitles"]["sources"] == [
        {"source": "https://********@h/s.srt?token=********", "language": "eng"}
    ]
    stored, secrets = split_secrets(spec)
    assert "hunter" not in str(stored)
    assert join_secrets(stored, secrets) == spec
    assert list(named_subtitles(spec).values()) == ["eng"]


def faults(sources: Any) -> list[tuple[str, str]]:
    output = {"output": "hls", "stream": [{"height": 360}], "subtitles": {"sources": sources}}
    with pytest.raises(SpecError) as caught:
        parse_job({"video_id": "v", "source": "https://h/a", "format": [output]}, strict=True)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_what_is_wrong_with_subtitles_is_said_with_its_place() -> None:
    at = "format[0].subtitles.sources"
    assert faults([{"language": "eng"}]) == [(f"{at}[0].source", "missing_field")]
    assert faults([{"source": "no url"}]) == [(f"{at}[0].source", "invalid_field")]
    assert faults([{"source": "gopher://h/a"}]) == [(f"{at}[0].source", "invalid_field")]
    assert faults([{"source": URL, "language": "English!"}]) == [
        (f"{at}[0].language", "invalid_field")
    ]
    assert faults([{"source": URL, "forced": "maybe"}]) == [(f"{at}[0].forced", "invalid_field")]
    assert faults([{"source": URL}] * 31) == [(at, "invalid_field")]
    assert faults("https://h/a.srt") == [(at, "invalid_field")]
