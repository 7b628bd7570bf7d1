"""Which renditions share one look ahead, and at which small picture it looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

from videngine.planning.framing import even
from videngine.planning.pictures import Picture
from videngine.planning.video import Video

# How far x264 looks ahead by itself. Presets that are not here have another number of B frames than
# the look ahead, or do without what it finds.
_DEPTHS = {"veryfast": 10, "faster": 20, "fast": 30, "medium": 40, "slow": 40, "slower": 40}
# Whoever sets one of these wants x264 to decide.
_OWN_DECISIONS = {"b_strategy", "bf", "qcomp", "rc-lookahead", "flags"}
_WITHOUT_B_FRAMES = ("baseline",)
_LOOKED_AT_PX = 640 * 360
_SMALLEST_PX, _LARGEST_PX = 400 * 224, 768 * 432
# Encoders look at pictures of half their own width: one shared look at a small picture costs about
# as much as those of renditions of six times its size.
_LEAST_GAIN = 6
# Frames wait for what comes behind them: so much memory they may take.
_WAITING_BYTES = 300_000_000


@dataclass(frozen=True, kw_only=True)
class SharedLookahead:
    """One look ahead, and the renditions of the frames that it looks at."""

    picture: Picture
    depth_frames: int
    scene_cuts: bool  # whether there are key frames where scenes begin
    videos: tuple[Video, ...]


def shared_lookaheads(videos: Iterable[Video]) -> list[SharedLookahead]:
    """The looks ahead of a job; renditions that are in none look ahead by themselves."""
    videos = list(videos)
    groups: dict[object, list[Video]] = defaultdict(list)
    for video in videos:
        if _can_share(video):
            same_frames = replace(video.picture, width_px=0, height_px=0)
            groups[same_frames, video.gop_frames, video.segment_s, video.grid_rate].append(video)
    found = []
    for group in groups.values():
        pictures = list(dict.fromkeys(video.picture for video in group))
        small = _small(pictures)
        pixels = sum(_pixels(picture) for picture in pictures)
        if pixels < _LEAST_GAIN * _pixels(small):
            continue
        depth = max(_DEPTHS[video.encoding.preset] for video in group)
        fits = _WAITING_BYTES // sum(picture.frame_bytes for picture in pictures)
        found.append(
            SharedLookahead(
                picture=small,
                depth_frames=max(1, min(depth, fits)),
                scene_cuts=_may_cut(group, videos),
                videos=tuple(group),
            )
        )
    return found


def _can_share(video: Video) -> bool:
    encoding, picture = video.encoding, video.picture
    options = dict(encoding.options)
    return (
        encoding.codec == "libx264"
        and encoding.preset in _DEPTHS
        and not encoding.two_pass
        and encoding.rate_control.crf != 0
        and picture.pixel_format == "yuv420p"
        and not (picture.geometry.bars_x_px or picture.geometry.bars_y_px)
        and not _OWN_DECISIONS & options.keys()
        and options.get("sc_threshold", "0") == "0"
        and options.get("profile") not in _WITHOUT_B_FRAMES
    )


def _may_cut(group: list[Video], videos: list[Video]) -> bool:
    """Whether all renditions that players may switch among are told of the same cuts."""

    def grid(video: Video) -> object:
        return video.segment_s, video.grid_rate, video.picture.clip

    wanted = all("sc_threshold" not in dict(video.encoding.options) for video in group)
    return wanted and len(group) == sum(grid(video) == grid(group[0]) for video in videos)


def _small(pictures: list[Picture]) -> Picture:
    """The smallest picture that shows enough, or one like them of the usual size."""
    fit = [p for p in pictures if _SMALLEST_PX <= _pixels(p) <= _LARGEST_PX]
    if fit:
        return min(fit, key=_pixels)
    like = min(pictures, key=_pixels)
    width = isqrt(_LOOKED_AT_PX * like.width_px // like.height_px)
    size = even((Fraction(width), Fraction(_LOOKED_AT_PX, width)))
    return replace(like, width_px=size[0], height_px=size[1])


def _pixels(picture: Picture) -> int:
    return picture.width_px * picture.height_px
