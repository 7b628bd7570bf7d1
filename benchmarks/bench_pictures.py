"""What tone mapping and scaling cost, without what decoding costs: ours against FFmpeg's filters.

Both sides decode the source, change every picture, and throw it away; the same again without the
change is taken off. The engine cannot throw pictures away: a dot of 32x18 pixels of each is
encoded, in both of its runs.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from tests.engine.colour_chart import COLUMNS, PATCH_PX, PEAK_NITS, apart, chart, patches
from tests.engine.plans import picture, run, video

from benchmarks.measure import Command, Rounds, Side, alternate
from benchmarks.peers import FFMPEG
from benchmarks.quality import frames
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, source
from videngine.plan import Geometry, Look, PicturePlan, Plan, TonemapPlan

ZSCALE_TONEMAP = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
)
"""FFmpeg's usual way, and the one that the goal is about."""

TRANSFERS: dict[str, Literal["pq", "hlg"]] = {"hdr4k": "pq", "hlg4k": "hlg"}
Way = Sequence[tuple[int, int, Look]]
"""Sizes and looks, each made from the one before."""

_DOT = Geometry(filter="neighbor")


def tonemapped(title: Source) -> Look:
    return Look(tonemap=TonemapPlan(transfer=TRANSFERS[title.name], peak_nits=PEAK_NITS))


def _picture(
    title: Source, name: str, width_px: int, height_px: int, **more: object
) -> PicturePlan:
    return picture(width_px, height_px, id=name, rate=title.rate, **more)


def engine(title: Source, steps: Way, folder: Path) -> Sequence[Command]:
    """The engine's process; at the end of the way it makes a dot of each picture."""
    made: list[PicturePlan] = []
    for n, (width_px, height_px, look) in enumerate(steps):
        parent = made[-1].id if made else None
        made.append(_picture(title, f"p{n}", width_px, height_px, parent=parent, look=look))
    parent = made[-1].id if made else None
    dot = _picture(title, "dot", 32, 18, parent=parent, geometry=_DOT)
    plan = Plan(
        source_path=str(title.path),
        video_stream=0,
        rotation_deg=0,
        decoder_threads=1,
        pictures=(*made, dot),
        video=(video(folder, of=dot, name="v0", crf=40.0),),
    )
    request = folder / "request.json"
    request.write_text(json.dumps({"operation": "transcode", "plan": plan.to_json()}))
    return [Command(argv=(sys.executable, "-m", "videngine.child"), stdin=request)]


def filtered(title: Source, graph: str, _folder: Path) -> Sequence[Command]:
    """FFmpeg decodes, filters, and throws away."""
    argv = (*FFMPEG, "-i", str(title.path), "-map", "0:v", "-vf", graph, "-f", "null", "-")
    return [Command(argv=argv)]


def _less(rounds: Rounds, side: str, base: str, count: int) -> list[float]:
    """Milliseconds of CPU a picture, round by round."""
    pairs = zip(rounds.costs[side], rounds.costs[base], strict=True)
    return [1000 * (a.cpu_s - b.cpu_s) / count for a, b in pairs]


def _measure(
    case: str,
    title: Source,
    steps: Mapping[str, Way],
    graphs: Mapping[str, str],
    folder: Path,
    *,
    runs: int,
) -> Result:
    """``values``: milliseconds a picture of each side, and ``cpu``, ours to the best of theirs."""
    sides = [Side("decode", partial(engine, title, ()))]
    sides += [Side(name, partial(engine, title, way)) for name, way in steps.items()]
    sides += [Side("ffmpeg decode", partial(filtered, title, "null"))]
    sides += [Side(name, partial(filtered, title, graph)) for name, graph in graphs.items()]
    rounds = alternate(sides, folder, runs=runs)
    count = frames(title.path)
    ours, *_ = steps
    for name in ("decode", *steps):
        assert frames(folder / name / "v0.mp4") == count
    result = compared("pictures", case, title, rounds, ours=ours, peers=[*graphs])
    result.values.clear()
    took = {name: _less(rounds, name, "decode", count) for name in steps}
    took |= {name: _less(rounds, name, "ffmpeg decode", count) for name in graphs}
    result.values |= {f"{name} ms": statistics.median(ms) for name, ms in took.items()}
    result.values["cpu"] = max(
        statistics.median(a / b for a, b in zip(took[ours], took[name], strict=True))
        for name in graphs
    )
    shutil.rmtree(folder)
    return result


def colours(transfer: Literal["pq", "hlg"], folder: Path) -> tuple[float, float]:
    """Mean and largest ΔE2000 of a chart's patches to the reference in float64."""
    folder.mkdir(parents=True)
    path, height_px = chart(folder, transfer)
    look = Look(tonemap=TonemapPlan(transfer=transfer, peak_nits=PEAK_NITS))
    of = picture(COLUMNS * PATCH_PX, height_px, rate=25, look=look)
    made = run(path, pictures=(of,), video=(video(folder, of=of, crf=0.0),)).path("v0")
    found = apart(patches(made, height_px), transfer)
    return float(found.mean()), float(found.max())


def tonemap(title: Source, folder: Path, *, runs: int) -> Result:
    """At the source's size."""
    step = (title.width_px, title.height_px, tonemapped(title))
    transfer = TRANSFERS[title.name]
    case = "tonemap" if transfer == "pq" else f"tonemap {transfer}"
    graphs = {"zscale+tonemap": ZSCALE_TONEMAP}
    result = _measure(case, title, {"videngine": [step]}, graphs, folder, runs=runs)
    mean, largest = colours(transfer, folder / "chart")
    result.values |= {"delta_e_mean": mean, "delta_e_max": largest}
    return keep(result, title)


def tonemap_smaller(title: Source, folder: Path, *, runs: int) -> Result:
    """To half the size: scaled first, as the planner does, and the other way round."""
    width_px, height_px = title.width_px, title.height_px
    small = (width_px // 2, height_px // 2)
    steps = {
        "scale, tonemap": [(*small, tonemapped(title))],
        "tonemap, scale": [(width_px, height_px, tonemapped(title)), (*small, Look())],
    }
    first = f"zscale=w={small[0]}:h={small[1]}:f=bicubic,"
    graphs = {"zscale, tonemap": first + ZSCALE_TONEMAP}
    return keep(_measure("tonemap to half", title, steps, graphs, folder, runs=runs), title)


def scale(title: Source, folder: Path, *, runs: int) -> Result:
    """8-bit pictures to half their size."""
    small = (title.width_px // 2, title.height_px // 2)
    size = f"w={small[0]}:h={small[1]}"
    graphs = {
        "swscale": f"scale={size}:flags=bicubic",
        "zscale": f"zscale={size}:f=bicubic",
    }
    steps = {"videngine": [(*small, Look())]}
    return keep(_measure("scale to half", title, steps, graphs, folder, runs=runs), title)


def measure(folder: Path, *, runs: int) -> list[Result]:
    return [
        tonemap(source("hdr4k"), folder / "pq", runs=runs),
        tonemap(source("hlg4k"), folder / "hlg", runs=runs),
        tonemap_smaller(source("hdr4k"), folder / "half", runs=runs),
        scale(source("uhd"), folder / "scale", runs=runs),
    ]


def test_the_colours_are_those_of_the_reference(tmp_path: Path) -> None:
    for transfer in TRANSFERS.values():
        mean, largest = colours(transfer, tmp_path / transfer)
        assert mean <= 0.5
        assert largest <= 2


def test_every_side_sees_every_picture(tmp_path: Path) -> None:
    title = source("tiny")
    small = (title.width_px // 2, title.height_px // 2)
    steps = {"videngine": [(*small, Look())]}
    graphs = {"zscale": f"zscale=w={small[0]}:h={small[1]}"}
    result = _measure("test", title, steps, graphs, tmp_path / "rounds", runs=1)
    assert set(result.values) == {"videngine ms", "zscale ms", "cpu"}
