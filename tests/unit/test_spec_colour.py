"""Colours, fields and logos of the request: spellings, refusals, and what is planned of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.test_planning_outputs import SOUND, changed, media, plan, warned

from videngine.errors import SpecError
from videngine.media import Color
from videngine.plan import ColorPlan, LogoPlan
from videngine.planning import JobPlan, plan_job
from videngine.planning.assets import Asset, named_assets
from videngine.spec import parse_job

SD = Color(primaries="smpte170m", transfer="smpte170m", matrix="smpte170m", range="tv")
LOGO = {"source": "https://h/logo.png"}


def job(**fields: Any) -> dict[str, Any]:
    return {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4", **fields}]}


def faults(**fields: Any) -> dict[str, str]:
    """Paths and codes of what a strict reading refuses."""
    with pytest.raises(SpecError) as caught:
        parse_job(job(**fields), strict=True)
    return {fault.path.removeprefix("format[0]."): fault.code for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("color_space", "purple"),
        ("color_space", "rgb"),
        ("color_space", "smpte2085"),
        ("color_range", "wide"),
        ("color_trc", "bt1361"),
        ("color_trc", []),
        ("color_primaries", "jedec-p22"),
    ],
)
def test_a_colour_that_cannot_be_is_left_out_or_refused(field: str, value: Any) -> None:
    assert faults(**{field: value}) == {field: "invalid_field"}
    parsed = parse_job(job(**{field: value}))
    assert getattr(parsed.spec.format[0], field) is None
    assert [w.path for w in parsed.warnings] == [f"format[0].{field}"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"color_space": "bt2020_ncl"}, ColorPlan(matrix="bt2020nc")),
        ({"color_space": "smpte170m", "color_trc": "smpte170m"}, ColorPlan()),
        ({"color_space": "1", "color_range": 1, "color_trc": "1"}, ColorPlan()),
        ({"color_range": "jpeg"}, ColorPlan(range="pc")),
        ({"color_range": "mpeg"}, ColorPlan()),
        ({"color_trc": "gamma28"}, ColorPlan(transfer="bt470bg")),
        ({"color_trc": "log_sqrt"}, ColorPlan(transfer="log316")),
        ({"color_trc": "bt2020_10bit"}, ColorPlan(transfer="bt2020-10")),
        ({"color_primaries": "film"}, ColorPlan(primaries="film")),
    ],
)
def test_only_what_differs_from_the_source_is_changed(
    asked: dict[str, Any], expected: ColorPlan
) -> None:
    found = plan({"output": "mp4", **asked}, source=media(changed(color=SD), SOUND))
    assert found.engine.pictures[0].look.color == expected
    assert not found.warnings


def test_a_full_range_is_kept_when_it_is_asked_for() -> None:
    source = media(changed(color=Color(range="pc")), SOUND)
    found = plan({"output": "mp4", "color_range": 1}, {"output": "mp4"}, source=source)
    assert [p.look.color.range for p in found.engine.pictures] == ["pc", ""]


def test_hdr_to_sdr_overrides_colours() -> None:
    hdr = media(changed(color=Color(transfer="arib-std-b67", matrix="bt2020nc")), SOUND)
    found = plan(
        {"output": "mp4", "hdr_to_sdr": 1, "color_space": "bt2020nc", "color_trc": "1"}, source=hdr
    )
    assert found.engine.pictures[0].look.color == ColorPlan()
    assert warned(found) == [("format[0].color_space", "conflicting_fields")]


@pytest.mark.parametrize(("transfer", "asked"), [("bt709", "smpte2084"), ("arib-std-b67", "bt709")])
def test_a_transfer_does_not_cross_to_hdr_or_back(transfer: str, asked: str) -> None:
    source = media(changed(color=Color(transfer=transfer)), SOUND)
    found = plan({"output": "mp4", "color_trc": asked}, source=source)
    assert found.engine.pictures[0].look.color.transfer == ""
    assert ("format[0].color_trc", "conflicting_fields") in warned(found)


def test_deinterlacing_is_a_part_of_the_identity() -> None:
    source = media(changed(interlaced=True), SOUND)
    found = plan(
        *({"output": "mp4", "deinterlace": mode} for mode in (True, 1, "auto", "AUTO", False)),
        source=source,
    )
    assert [p.look.deinterlace for p in found.engine.pictures] == ["all", "auto", ""]
    assert len(found.engine.video) == 3
    assert faults(deinterlace="maybe") == {"deinterlace": "invalid_field"}


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        ({**LOGO, "x": 1.5}, {"logo.x": "invalid_field"}),
        ({**LOGO, "y": 9000}, {"logo.y": "invalid_field"}),
        ({**LOGO, "opacity": 2}, {"logo.opacity": "invalid_field"}),
        ({**LOGO, "position": "nowhere"}, {"logo.position": "invalid_field"}),
        ({**LOGO, "position": "top", "x": 1}, {"logo.x": "conflicting_fields"}),
        ({**LOGO, "margin": {"x": 1}}, {"logo.margin": "conflicting_fields"}),
        ({**LOGO, "duration": -1}, {"logo.duration": "invalid_field"}),
        ({"x": 1}, {"logo.source": "missing_field"}),
        ({"source": "ftp:/x"}, {"logo.source": "invalid_field"}),
        ("https://h/logo.png", {"logo": "invalid_field"}),
        ([LOGO, {**LOGO, "x": "a"}], {"logo[1].x": "invalid_field"}),
        ([LOGO] * 9, {"logo": "invalid_field"}),
    ],
)
def test_a_logo_that_cannot_be_is_refused(logo: Any, expected: dict[str, str]) -> None:
    assert faults(logo=logo) == expected


@pytest.mark.parametrize("nothing", [None, "", {}, [], False, 0])
def test_what_asks_for_no_logo_is_none(nothing: Any) -> None:
    assert parse_job(job(logo=nothing)).spec.format[0].logo is None  # type: ignore[union-attr]


def with_logo(logo: Any, asset: Asset, *more: dict[str, Any]) -> JobPlan:
    request = job(logo=logo, framerate=25)
    request["format"] += more
    spec = parse_job(request).spec
    return plan_job(
        spec,
        media(changed(), SOUND),
        source_path="/source",
        work_dir="/scratch",
        default_preset="medium",
        cores=2,
        assets=dict.fromkeys(named_assets(spec), asset),
    )


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        ({"x": 3, "y": -4}, {"x_px": 3, "vertical_edge": "end", "y_px": 4}),
        (
            {"start_time": "0.5", "duration": 1},
            {"first_frame": 13, "end_frame": 38},
        ),
        (
            {"position": "bottom-right", "margin": {"x": 7}},
            {"horizontal_edge": "end", "vertical_edge": "end", "x_px": 7},
        ),
        ({"position": "center"}, {"horizontal_edge": "middle", "vertical_edge": "middle"}),
        ({"opacity": "0.25", "width": 64}, {"opacity": 0.25, "width_px": 64}),
    ],
)
def test_a_logo_in_the_terms_of_the_engine(logo: dict[str, Any], expected: dict[str, Any]) -> None:
    found = with_logo({**LOGO, **logo}, Asset(path=Path("/logo")))
    assert found.engine.pictures[0].look.logos == (LogoPlan(path="/logo", **expected),)


def test_a_picture_with_a_logo_is_nobodys_parent_but_may_have_one() -> None:
    small = {"output": "mp4", "height": 180, "framerate": 25}
    found = with_logo(
        LOGO,
        Asset(path=Path("/logo")),
        small,
        {"output": "mp4", "height": 720, "framerate": 25},
        {**small, "logo": LOGO},
    )
    pictures = {p.id: p for p in found.engine.pictures}
    assert len(pictures) == 4
    parents = [pictures[p.parent] for p in pictures.values() if p.parent]
    assert len(parents) == 3
    assert not any(parent.look.logos for parent in parents)


def test_a_logo_that_is_not_there_fails_its_output_alone() -> None:
    found = with_logo(LOGO, Asset(error="gone"), {"output": "mp4", "height": 180})
    assert found.outputs[0].error == {"code": "logo_fetch_failed", "message": "gone"}
    assert found.outputs[1].error is None
    assert len(found.engine.video) == 1
