"""Several sources in a row: one timeline, and the facts of the film that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from videngine.errors import InputError
from videngine.media import MediaInfo, Stream
from videngine.plan import ClipPlan, Plan
from videngine.planning.framing import even
from videngine.spec.stitch import Clip


@dataclass(frozen=True, kw_only=True)
class Reel:
    """Clips on one timeline. ``media`` are the facts that outputs are planned from."""

    media: MediaInfo
    clips: tuple[ClipPlan, ...]

    def in_plan(self, plan: Plan) -> Plan:
        """The plan of outputs of this film, made from its clips."""
        if not self.clips:
            return plan
        stream = self.media.video
        assert stream is not None, "splice refuses clips without a picture"
        return replace(
            plan,
            clips=self.clips,
            width_px=stream.width_px,
            height_px=stream.height_px,
            keyframes_only=False,  # the clips have different ones
        )


def splice(clips: Sequence[Clip], media: Sequence[MediaInfo], paths: Sequence[str]) -> Reel:
    """Put clips in a row.

    The first gives size, shape, rate and sounds; each lasts a whole number of its pictures, so that
    no picture is cut short at a joint. Sounds go on in the stream of the same language, else in the
    one of the same place in the list.

    Raises:
        InputError: ``source_no_streams``, ``range_outside_source``, ``unsupported_hdr``: a clip
            cannot be part of the film; ``subject`` names it.
    """
    first = _picture(media[0], 0)
    plans = []
    for number, (clip, facts, path) in enumerate(zip(clips, media, paths, strict=True)):
        stream = _picture(facts, number)
        if stream.dynamic_range != first.dynamic_range:
            raise InputError(
                "unsupported_hdr",
                f"stitch[{number}] is {stream.dynamic_range} and the first clip is "
                f"{first.dynamic_range}: clips of one film must have the same dynamic range.",
                subject=f"stitch[{number}]",
            )
        start_s = clip.start_time or Fraction(0)
        plans.append(
            ClipPlan(
                path=path,
                video_stream=stream.index,
                rotation_deg=stream.rotation_deg,
                start_s=start_s,
                length_s=_length(clip, facts, stream, number),
                sounds=_sounds(media[0].audio, facts.audio),
            )
        )
    total_s = sum((plan.length_s for plan in plans), Fraction(0))
    width, height = even((Fraction(first.display_size[0]), Fraction(first.display_size[1])))
    picture = replace(
        first,
        width_px=width,
        height_px=height,
        sample_aspect_ratio=Fraction(1),
        rotation_deg=0,
        start_s=Fraction(0),
        duration_s=total_s,
        interlaced=any(_picture(facts, 0).interlaced for facts in media),
    )
    # Texts of one clip would count from its own start, not from the film's.
    kept = (s for s in media[0].streams if s.type != "subtitle")
    streams = tuple(picture if s.index == first.index else s for s in kept)
    return Reel(
        media=replace(
            media[0],
            duration_s=total_s,
            size_bytes=sum(facts.size_bytes for facts in media),
            streams=streams,
        ),
        clips=tuple(plans),
    )


def _picture(media: MediaInfo, number: int) -> Stream:
    stream = media.video
    if stream is None or not all(stream.display_size):
        raise InputError(
            "source_no_streams", f"stitch[{number}] has no picture.", subject=f"stitch[{number}]"
        )
    return stream


def _length(clip: Clip, media: MediaInfo, stream: Stream, number: int) -> Fraction:
    whole_s = stream.duration_s or media.duration_s
    left_s = whole_s - (clip.start_time or Fraction(0))
    if left_s <= 0:
        raise InputError(
            "range_outside_source",
            f"start_time of stitch[{number}] is {float(clip.start_time or 0):g} s, but the clip "
            f"ends at {float(whole_s):g} s.",
            subject=f"stitch[{number}]",
        )
    length_s = min(clip.duration or left_s, left_s)
    if not stream.frame_rate:
        return length_s
    return max(1, ceil(length_s * stream.frame_rate - Fraction(1, 2))) / stream.frame_rate


def _sounds(first: Sequence[Stream], here: Sequence[Stream]) -> tuple[tuple[int, int], ...]:
    pairs = []
    for place, sound in enumerate(first):
        same = [s for s in here if s.language and s.language == sound.language]
        follows = same[0] if same else (here[place] if place < len(here) else None)
        if follows:
            pairs.append((sound.index, follows.index))
    return tuple(pairs)
