"""What is tried before a title is encoded: short windows of it, at a few CRFs, on every size.

`sampling.py` makes the trials; `per_title` chooses from what they came to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from videngine.media import Stream
from videngine.plan import ClipPlan, Plan, VideoRenditionPlan
from videngine.planning.encoding import Encoding, RateControl
from videngine.planning.framing import Size, even, turned
from videngine.planning.pictures import Clip, Picture, chain

CRFS = {"libx264": (20, 26, 32), "libx265": (21, 27, 33)}
"""The CRFs of trials, by encoder. Where titles end up lies between them, but for odd ones."""

_SHARES = {"ultrafast": 240, "superfast": 180, "veryfast": 140, "faster": 80}
_USUAL_SHARE = 60  # one frame of so many is tried: about a tenth of the encode's work
_WINDOW_S = Fraction(23, 50)  # a number of frames that 5 does not divide, at all usual rates
_FEWEST, _MOST = 2, 40
_WHOLE_S = Fraction(1)  # titles of up to so much are one window
_WINDOWS_AT_ONCE = 4  # each is decoded by a decoder of its own, which holds its frames
_LARGE_PX = 1920 * 1088  # of larger pictures encoders hold as much as there is memory

# Short windows end before an encoder's look-ahead does: they come out as whole titles do at a CRF
# that is higher by so much. Measured; docs/tuning.md has the figures.
_COARSER = {"libx264": 1.25, "libx265": 0.75}
_NO_COARSER = ("ultrafast", "superfast", "veryfast")  # with little look-ahead


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A distinct picture and encoder whose rate and quality are wanted."""

    picture: Picture
    encoding: Encoding  # without rate control


@dataclass(frozen=True, kw_only=True)
class TriedVideo:
    """One encode of a run: of which trial, at which CRF, and what it is to be compared with."""

    trial: int
    crf: float  # of a whole title that would look the same
    video: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class TrialRun:
    """Some windows of the title in a row, encoded by the engine at once.

    ``plan`` makes the encodes and, losslessly and at the size at which pictures are judged, the
    references. Every ``window_frames`` a window begins, with a key frame.
    """

    plan: Plan
    encodes: tuple[TriedVideo, ...]
    frame_rate: Fraction
    window_frames: int
    sizes: dict[str, Size]  # of the references


def trial(picture: Picture, encoding: Encoding) -> Trial | None:
    """What to try for a rung, without logos and bars; None if its encoder has no trials."""
    if encoding.codec not in CRFS:
        return None
    geometry = picture.geometry
    return Trial(
        picture=replace(
            picture,
            width_px=picture.width_px - geometry.bars_x_px,
            height_px=picture.height_px - geometry.bars_y_px,
            geometry=replace(geometry, bars_x_px=0, bars_y_px=0),
            look=replace(picture.look, logos=()),
        ),
        encoding=replace(encoding, rate_control=RateControl(), two_pass=False, tag=""),
    )


def coarser(encoding: Encoding) -> float:
    """By how much the CRF of a whole title is above that of short windows which look the same."""
    return 0.0 if encoding.preset in _NO_COARSER else _COARSER[encoding.codec]


def trial_runs(
    trials: Sequence[Trial], source: Plan, stream: Stream, *, folder: str
) -> list[TrialRun]:
    """The runs that try everything.

    Args:
        trials: what is wanted; results go by their places in this list.
        source: the job's plan: where its pictures come from.
        stream: the source's picture.
        folder: where the encodes' files go.
    """
    whole = source.clips or (
        ClipPlan(
            path=source.source_path,
            video_stream=stream.index,
            rotation_deg=source.rotation_deg,
            start_s=Fraction(0),
            length_s=stream.duration_s or Fraction(0),
        ),
    )
    runs = []
    large = prod(stream.display_size) > _LARGE_PX
    groups = dict.fromkeys((t.picture.clip, t.picture.frame_rate) for t in trials)
    for clip, rate in groups:
        members = [
            (number, t)
            for number, t in enumerate(trials)
            if (t.picture.clip, t.picture.frame_rate) == (clip, rate)
        ]
        share = min(_SHARES.get(t.encoding.preset, _USUAL_SHARE) for _, t in members)
        windows, frames = _windows(clip, rate, whole, share=share)
        runs += [
            _run(members, part, source, stream, frames=frames, folder=folder)
            for part in _in_groups(windows, 1 if large else _WINDOWS_AT_ONCE)
        ]
    return runs


def _windows(
    clip: Clip, rate: Fraction, whole: Sequence[ClipPlan], *, share: int
) -> tuple[list[ClipPlan], int]:
    """Where a clip of the film is looked at: in the middles of equal parts; frames of a window."""
    length_s = clip.length_s or sum((c.length_s for c in whole), Fraction(0)) - clip.start_s
    if length_s <= 0:  # the source does not say: its beginning stands for it
        length_s = _FEWEST * _WINDOW_S
    window_s = _WINDOW_S
    count = min(max(round(length_s / share / window_s), _FEWEST), _MOST)
    if length_s <= max(count * window_s, _WHOLE_S):
        window_s, count = length_s, 1
    frames = max(1, int(window_s * rate))
    part_s = length_s / count
    starts = (clip.start_s + part_s * n + (part_s - window_s) / 2 for n in range(count))
    return [_cut(start_s, frames / rate, whole) for start_s in starts], frames


def _in_groups(windows: Sequence[ClipPlan], count: int) -> Iterable[Sequence[ClipPlan]]:
    for begin in range(0, len(windows), count):
        yield windows[begin : begin + count]


def _cut(start_s: Fraction, length_s: Fraction, whole: Sequence[ClipPlan]) -> ClipPlan:
    """A window of the film as a part of one of its clips, moved so that it lies within it."""
    begins_s = Fraction(0)
    clip = whole[-1]
    for clip in whole:
        if start_s < begins_s + clip.length_s:
            break
        begins_s += clip.length_s
    within_s = min(start_s - begins_s, max(clip.length_s - length_s, Fraction(0)))
    return replace(clip, start_s=clip.start_s + within_s, length_s=length_s, sounds=())


def _run(
    members: Iterable[tuple[int, Trial]],
    windows: Sequence[ClipPlan],
    source: Plan,
    stream: Stream,
    *,
    frames: int,
    folder: str,
) -> TrialRun:
    encodes: list[TriedVideo] = []
    wanted: list[tuple[str, Picture, Encoding, int]] = []
    references: dict[Picture, str] = {}
    size = even((Fraction(stream.display_size[0]), Fraction(stream.display_size[1])))
    rate = Fraction(0)
    for number, one in members:
        picture = replace(one.picture, clip=Clip())
        rate = picture.frame_rate
        shown = _reference(picture, size)
        if shown not in references:
            references[shown] = f"r{len(references)}"
            wanted.append((references[shown], shown, _LOSSLESS, 0))
        for crf in CRFS[one.encoding.codec]:
            name = f"t{len(encodes)}"
            encodes.append(
                TriedVideo(
                    trial=number,
                    crf=crf + coarser(one.encoding),
                    video=name,
                    reference=references[shown],
                )
            )
            wanted.append((name, picture, one.encoding, crf))
    pictures = chain(list(dict.fromkeys(picture for _, picture, _, _ in wanted)), size)
    window_s = frames / rate
    video = tuple(
        VideoRenditionPlan(
            id=name,
            picture=pictures[picture].id,
            codec=encoding.codec,
            preset=encoding.preset,
            crf=float(crf),
            bitrate_bps=None,
            max_bitrate_bps=None,
            buffer_size_bits=None,
            gop_frames=frames,
            segment_s=window_s,
            grid_rate=rate,
            threads=1,
            path=f"{folder}/{name}.mp4",
            options=encoding.options,
        )
        for name, picture, encoding, crf in wanted
    )
    plan = replace(
        source.with_only(pictures=tuple(pictures.values()), video=video),
        clips=tuple(windows),
        width_px=size[0],
        height_px=size[1],
    )
    return TrialRun(
        plan=plan,
        encodes=tuple(encodes),
        frame_rate=rate,
        window_frames=frames,
        sizes={name: (shown.width_px, shown.height_px) for shown, name in references.items()},
    )


_LOSSLESS = Encoding(codec="libx264", preset="ultrafast", rate_control=RateControl())


def _reference(picture: Picture, source: Size) -> Picture:
    """The same picture where it is as large as the source is, or its own size if that is larger."""
    upright = turned(source, picture.geometry.rotation_deg)
    width, height = picture.whole
    across, down = max(Fraction(1), upright[0] / width), max(Fraction(1), upright[1] / height)
    larger = even((picture.width_px * across, picture.height_px * down))
    return replace(picture, width_px=larger[0], height_px=larger[1], pixel_format="yuv420p")
