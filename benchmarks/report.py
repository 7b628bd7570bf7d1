"""Results as tables to read and as plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import BUILD, facts
from benchmarks.measure import QUIET, Spread
from benchmarks.records import Result, known


def text(results: Sequence[Result]) -> str:
    """The machine and each result."""
    return "\n\n".join([machine(), *map(one, results)])


def machine() -> str:
    """What it was measured on, in a few lines."""
    found = facts()
    versions = f"libavcodec {found['libavcodec']}, x264 {found['x264']}"
    changed = " with changes" if found["git_changed"] else ""
    return (
        f"{found['cpu']}, {found['cores']} cores ({', '.join(found['vectors'])}), "
        f"{found['memory_mb'] // 1024} GB, {found['system']}, governor {found['governor']}; "
        f"peer {found['peer']}; engine with {versions}; "
        f"commit {found['git'][:10]}{changed}."
    )


def one(result: Result) -> str:
    """One comparison as a heading, tables and notes."""
    lines = [f"### {result.key}", ""]
    if result.medians:
        lines += ["| | CPU | wall | peak memory | CPU ratio | wall ratio | memory ratio |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [_side(result, side) for side in result.medians]
        lines += ["", _circumstances(result)]
    if result.curves:
        lines += ["", *_curves(result)]
    if result.threads:
        most = sorted(result.threads.items(), key=lambda pair: -pair[1])[:12]
        spent = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in most if seconds >= 0.05)
        lines += ["", f"CPU by threads, as sampled in the last run: {spent}."]
    values = [f"{name} {value:.4g}" for name, value in result.values.items() if known(value)]
    lines += ["", f"Figures: {', '.join(values)}."]
    return "\n".join(lines)


def _circumstances(result: Result) -> str:
    note = f"Medians of {result.runs} rounds [quartiles]; others took {result.others:.0%} of the "
    note += "machine"
    return note + (": wall times are disturbed." if result.others > QUIET else ".")


def _side(result: Result, side: str) -> str:
    took = result.medians[side]
    cells = [
        _cell(took["cpu_s"], " s"),
        _cell(took["wall_s"], " s"),
        f"{took['peak_rss_bytes'].median / 1e6:.0f} MB",
    ]
    if side in result.ratios:
        cells += [_cell(spread) for spread in result.ratios[side].values()]
    else:
        cells += ["", "", ""]
    return f"| {side} | {' | '.join(cells)} |"


def _cell(spread: Spread, unit: str = "") -> str:
    return f"{spread.median:.3g}{unit} [{spread.low:.3g}, {spread.high:.3g}]"


def _curves(result: Result) -> list[str]:
    lines = ["| rung | side | kbit/s: VMAF (worst picture) |", "|---|---|---|"]
    for side, rungs in result.curves.items():
        for n, rung in enumerate(rungs):
            points = ", ".join(f"{p.bps / 1000:.0f}: {p.vmaf:.2f} ({p.worst:.0f})" for p in rung)
            lines.append(f"| {n} | {side} | {points} |")
    return lines


def plot(results: Sequence[Result], folder: Path = BUILD) -> list[Path]:
    """Bars of cost with quartiles and curves of quality, an SVG and a PNG for each result."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    files = []
    for result in results:
        if not result.medians:
            continue
        rungs = len(next(iter(result.curves.values()), []))
        figure, axes = plt.subplots(1, 3 + bool(rungs), figsize=(13 + 5 * bool(rungs), 4))
        for axis, (metric, label, unit) in zip(
            axes,
            (("cpu_s", "CPU, s", 1), ("wall_s", "wall, s", 1), ("peak_rss_bytes", "peak, MB", 1e6)),
            strict=False,
        ):
            spreads = [sides[metric] for sides in result.medians.values()]
            middle = [s.median / unit for s in spreads]
            error = [
                [(s.median - s.low) / unit for s in spreads],
                [(s.high - s.median) / unit for s in spreads],
            ]
            axis.bar(list(result.medians), middle, yerr=error, capsize=4)
            axis.set_title(label)
            axis.tick_params(axis="x", labelrotation=20)
        for (side, curves), style in zip(result.curves.items(), ("o-", "s--"), strict=False):
            for n, curve in enumerate(curves):
                x, y = [p.bps / 1000 for p in curve], [p.vmaf for p in curve]
                axes[3].plot(x, y, style, color=f"C{n}", label=f"{side}, rung {n}")
        if rungs:
            axes[3].set(xscale="log", xlabel="kbit/s", title="VMAF")
            axes[3].legend(fontsize="x-small")
        figure.suptitle(result.key)
        figure.tight_layout()
        folder.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in result.key)
        for kind in ("svg", "png"):
            files.append(folder / f"{name}.{kind}")
            figure.savefig(files[-1])
        plt.close(figure)
    return files
