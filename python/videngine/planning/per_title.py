"""CRFs and rungs that suit the title: what `optimize_bitrate` makes of measured curves.

Pure. Every size is to lose the same part of what it can show; of what a ladder then holds, what no
player would gain by is left out: rungs below the hull of all sizes' curves, and rungs that take
about as much as another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from videngine.media import Stream
from videngine.outputs import Chosen, SkippedRung
from videngine.planning.curves import HIGHEST_CRF, LOWEST_CRF, Curve, Point
from videngine.planning.draft import DraftRung
from videngine.planning.framing import Size, by
from videngine.planning.trials import CRFS, Trial, trial
from videngine.spec.outputs import Rung

TARGET_VMAF = 94.0
"""Of a picture as large as the source: differences are seen by few, side by side."""

_FINEST_SHARE = 0.97  # of what a smaller size shows at the finest CRF that is tried
_CLEAR = 1.0  # VMAF by which another size must be better, for a rung to be of no use
_LADDER_STEP = 1.5  # rates of neighbours are at least so far apart
_STEP_DOWN = 1.1
_SAME_SIZE = 0.98  # a rung of so many of the source's pixels counts as large as it
_AUTO_STEP = 1.8
_AUTO_MOST = 8
_AUTO_LEAST_VMAF = 35.0
_AUTO_LEAST_BPS = 100_000

_AUTO_SIDES_PX = (2160, 1440, 1080, 720, 540, 360, 240)
_AUTO_SMALLER = 0.85

Curves = Mapping[Trial, Curve]


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A rung with what is known of it."""

    rung: DraftRung
    curve: Curve
    goal: float

    @property
    def pixel_rate(self) -> Fraction:
        """What tells larger sizes from smaller ones."""
        return self.rung.wish.picture.pixel_rate

    @property
    def cap_bps(self) -> float:
        """What its average must not exceed."""
        entry, peak = self.rung.entry, self.rung.wish.encoding.rate_control.max_bitrate_bps
        return min(1000 * entry.bitrate if entry.bitrate else float("inf"), peak or float("inf"))

    @property
    def bounds(self) -> tuple[float, float]:
        """The CRFs that the request allows, as far as curves are believed."""
        entry = self.rung.entry
        low = max(LOWEST_CRF, entry.min_crf or 0)
        high = HIGHEST_CRF if entry.max_crf is None else min(HIGHEST_CRF, entry.max_crf)
        return min(low, HIGHEST_CRF), max(high, LOWEST_CRF)

    def within(self, bps: float) -> Point | None:
        """The finest point of its bounds that stays below a rate."""
        low, high = self.bounds
        points = self.curve.within(low, max(low, high))
        return next((p for p in points if p.bps <= bps and p.vmaf <= self.goal), None)

    @property
    def coarsest(self) -> Point:
        """Its highest CRF."""
        low, high = self.bounds
        return self.curve.at(max(low, high))


def wanted_trials(rungs: Sequence[DraftRung]) -> list[Trial]:
    """What must be tried before `chosen` can choose."""
    found = (_trial(rung) for rung in rungs)
    return list(dict.fromkeys(t for t in found if t))


def chosen(
    rungs: Sequence[DraftRung], curves: Curves, *, source_px: Size, auto: bool
) -> tuple[list[DraftRung], list[SkippedRung]]:
    """The rungs of one output with the CRFs that suit the title, and those left out.

    Args:
        rungs: of the output, in the order of the request. Those without a curve stay as they are.
        curves: what trials came to.
        source_px: the source as it is shown.
        auto: whether a size may be made at several rates, and none need be.
    """
    groups: dict[tuple[str, Fraction], list[_Candidate]] = {}
    for rung in rungs:
        of = _trial(rung)
        if of is not None and of in curves:
            key = (rung.wish.encoding.codec, rung.wish.picture.frame_rate)
            groups.setdefault(key, []).append(_candidate(rung, curves[of], source_px))
    if auto and groups:
        return [rung for group in groups.values() for rung in _ladder(group)], []
    made: dict[str, DraftRung] = {}
    skipped: list[SkippedRung] = []
    for group in groups.values():
        group.sort(key=lambda one: one.pixel_rate, reverse=True)
        kept, left = _settled(group)
        made |= {rung.path: rung for rung in kept}
        skipped += left
    useless = {rung.path for rung in skipped}
    return [made.get(r.path, r) for r in rungs if r.path not in useless], skipped


def auto_rungs(rung: Rung, stream: Stream) -> list[Rung]:
    """The sizes of a ladder that nobody has named: the source's, and usual ones below it."""
    whole = min(stream.display_size)
    sides = [whole, *(side for side in _AUTO_SIDES_PX if side <= _AUTO_SMALLER * whole)]
    return [rung.model_copy(update={"resolution": s, "optimize_bitrate": True}) for s in sides]


def _trial(rung: DraftRung) -> Trial | None:
    entry = rung.entry
    if not entry.optimize_bitrate or (entry.min_crf is not None and entry.min_crf == entry.max_crf):
        return None  # there is nothing to choose
    return trial(rung.wish.picture, rung.wish.encoding)


def _candidate(rung: DraftRung, curve: Curve, source_px: Size) -> _Candidate:
    across, down = rung.wish.picture.whole
    goal = TARGET_VMAF
    if across * down < source_px[0] * source_px[1] * _SAME_SIZE:
        finest = curve.at(CRFS[rung.wish.encoding.codec][0]).vmaf
        goal = min(goal, _FINEST_SHARE * finest)
    return _Candidate(rung=rung, curve=curve, goal=goal)


def _settled(group: Sequence[_Candidate]) -> tuple[list[DraftRung], list[SkippedRung]]:
    """The rungs of a ladder whose sizes were asked for, the largest first; one at least is kept."""
    made: list[DraftRung] = []
    skipped: list[SkippedRung] = []
    room = float("inf")
    for number, candidate in enumerate(group, 1):
        one = candidate
        if skipped and not made:  # it takes the place of larger ones
            one = replace(one, goal=TARGET_VMAF)
        bps = min(one.cap_bps, room)
        point, rival = _place(one, bps, group)
        if point is None and not made and (rival is None or number == len(group)):
            point = one.within(bps) or one.coarsest
        if point is None:
            skipped.append(_left_out(one, rival))
        else:
            made.append(_with(one, point))
            room = point.bps / _LADDER_STEP
    return made, skipped


def _place(
    one: _Candidate, bps: float, group: Sequence[_Candidate]
) -> tuple[Point | None, _Candidate | None]:
    """The finest point within a rate at which no other size is clearly better, or which one is."""
    rival = None
    while (point := one.within(bps)) and (better := _rival(one, point, group)):
        if better.pixel_rate < one.pixel_rate:  # with fewer bits it would be better still
            return None, better
        rival, bps = better, point.bps / _STEP_DOWN
    return point, rival


def _rival(one: _Candidate, point: Point, group: Sequence[_Candidate]) -> _Candidate | None:
    """Another size that clearly shows more for no more bits."""
    for other in group:
        if other.rung is not one.rung:
            best = other.curve.best_below(min(point.bps, other.cap_bps))
            if best and best.vmaf > point.vmaf + _CLEAR:
                return other
    return None


def _left_out(one: _Candidate, rival: _Candidate | None) -> SkippedRung:
    picture = one.rung.wish.picture
    size = by((picture.width_px, picture.height_px))
    reason = "its rate would be about that of the next larger rung"
    if rival:
        better = rival.rung.wish.picture
        reason = f"{by((better.width_px, better.height_px))} shows more for the same rate"
    message = f"{size} is of no use for this title: {reason}."
    return SkippedRung(path=one.rung.path, code="useless_rung", message=message)


def _ladder(group: Sequence[_Candidate]) -> list[DraftRung]:
    """Rungs along the hull of all sizes: from the target down, in steps of rate."""
    made: list[DraftRung] = []
    cap = min(one.cap_bps for one in group)
    reaching = [p for p in (_reaching(one, cap) for one in group) if p]
    best = min(reaching, key=lambda found: found[1].bps, default=None)
    if best is None:  # the target is out of reach: as near as the rate lets it come
        best = _best(group, cap)
    while best:
        one, point = best
        path = f"{one.rung.path.rpartition('[')[0]}[{len(made)}]"
        made.append(_with(one, point, path=path))
        if len(made) == _AUTO_MOST:
            break
        # Where curves lie close together a larger size may seem better again: that is no ladder.
        smaller = [other for other in group if other.pixel_rate <= one.pixel_rate]
        best = _best(smaller, point.bps / _AUTO_STEP)
        if best and (best[1].vmaf < _AUTO_LEAST_VMAF or best[1].bps < _AUTO_LEAST_BPS):
            break
    return made


def _reaching(one: _Candidate, cap: float) -> tuple[_Candidate, Point] | None:
    low, high = one.bounds
    points = [
        p for p in one.curve.within(low, max(low, high)) if p.bps <= cap and p.vmaf >= TARGET_VMAF
    ]
    return (one, points[-1]) if points else None


def _best(group: Sequence[_Candidate], bps: float) -> tuple[_Candidate, Point] | None:
    """The size that shows most within a rate."""
    found = []
    for one in group:
        low, high = one.bounds
        points = one.curve.within(low, max(low, high))
        point = next((p for p in points if p.bps <= bps), None)
        if point:
            found.append((one, point))
    return max(found, key=lambda pair: pair[1].vmaf, default=None)


def _with(one: _Candidate, point: Point, *, path: str = "") -> DraftRung:
    """The rung at its CRF, as `adjust_crf` moves it within the bounds of the request."""
    rung, entry = one.rung, one.rung.entry
    crf = max(entry.min_crf or 0, point.crf + (entry.adjust_crf or 0))
    crf = float(min(crf, 51 if entry.max_crf is None else entry.max_crf))
    expected = one.curve.at(crf)
    encoding = rung.wish.encoding
    control = replace(encoding.rate_control, crf=crf)
    return replace(
        rung,
        path=path or rung.path,
        wish=replace(rung.wish, encoding=replace(encoding, rate_control=control)),
        chosen=Chosen(
            target_vmaf=round(min(one.goal, expected.vmaf if path else one.goal), 1),
            predicted_vmaf=round(expected.vmaf, 1),
            predicted_bitrate=round(expected.bps),
        ),
    )
