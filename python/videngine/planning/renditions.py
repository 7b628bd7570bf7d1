"""The distinct renditions of a job: outputs that ask for the same one get the same id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from videngine.media import MediaInfo
from videngine.plan import (
    AudioRenditionPlan,
    Container,
    LookaheadPlan,
    Mix,
    Plan,
    TextRenditionPlan,
    VideoRenditionPlan,
)
from videngine.planning.hevc_analysis import share
from videngine.planning.images import Images
from videngine.planning.lookahead import SharedLookahead, shared_lookaheads
from videngine.planning.pictures import Clip, chain
from videngine.planning.video import Video, VideoWish
from videngine.spec.values import KeyframeInterval

USUAL_GOP_FRAMES = 90
# Chunks are for ladders whose largest rung has so many cores; before, encoders' own threads do.
_CORES_FOR_CHUNKS = 3
_ENCODERS_A_CORE = Fraction(5, 4)
_BYTES_A_CORE = 400_000_000
# Who looks so far ahead has its picture made at once, so that others can wait before they are made:
# a tenth less memory for half a percent of CPU. Frames that wait for less are not worth it.
_FAR_FRAMES = 20
_SUFFIXES = {"cmaf": "mp4", "matroska": "mka", "ipod": "m4a"}  # others are their own


@dataclass(frozen=True, kw_only=True)
class LoudnessTarget:
    """How loud a sound is to be, and how high its peaks may go before they are coded."""

    lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A distinct encoded sound; ``stream`` None is silence."""

    stream: int | None
    codec: str
    bitrate_bps: int
    sample_rate_hz: int
    sample_bits: int
    layout: str
    mix: Mix | None
    loudness: LoudnessTarget | None
    container: Container
    tags: tuple[tuple[str, str], ...]
    with_picture: bool
    segment_s: Fraction
    language: str
    clip: Clip


class Renditions:
    """Gives each distinct rendition one id, in the order in which they are first asked for.

    Args:
        wishes: every picture that any output asks for; the segment grids follow from them.
    """

    def __init__(self, wishes: list[VideoWish]) -> None:
        self._video: dict[Video, str] = {}
        self._audio: dict[Sound, str] = {}
        self.images = Images()
        self._texts: dict[int, str] = {}
        self._grid_rates: dict[Fraction, Fraction] = {}
        for wish in sorted(wishes, key=lambda w: (not w.adaptive, w.picture.frame_rate)):
            self._grid_rates.setdefault(wish.segment_s, wish.picture.frame_rate)
        self._adaptive = [self._resolved(wish) for wish in wishes if wish.adaptive]

    def video(self, wish: VideoWish) -> str:
        """The id of the rendition that grants a wish."""
        video = self._resolved(wish)
        if not wish.adaptive and wish.keyframe is None:
            video = next((v for v in self._adaptive if _differ_in_gop_only(v, video)), video)
        return self._video.setdefault(video, f"v{len(self._video)}")

    def audio(self, sound: Sound) -> str:
        """The id of a sound."""
        return self._audio.setdefault(sound, f"a{len(self._audio)}")

    @property
    def loudness(self) -> dict[str, LoudnessTarget]:
        """Which sounds are to be brought to a loudness that is not known yet."""
        return {name: sound.loudness for sound, name in self._audio.items() if sound.loudness}

    def text(self, stream: int) -> str:
        """The id of the texts of one of the source's subtitle streams."""
        return self._texts.setdefault(stream, f"t{len(self._texts)}")

    def segment_frames(self, wish: VideoWish) -> int:
        """Frames of the longest segment: boundaries are frames of the grid's rate."""
        grid_rate = self._grid_rates[wish.segment_s]
        longest_s = ceil(wish.segment_s * grid_rate) / grid_rate
        return ceil(longest_s * wish.picture.frame_rate)

    def _resolved(self, wish: VideoWish) -> Video:
        return Video(
            picture=wish.picture,
            encoding=wish.encoding,
            gop_frames=_gop_frames(wish, self.segment_frames(wish)),
            segment_s=wish.segment_s,
            grid_rate=self._grid_rates[wish.segment_s],
            captions=wish.captions,
        )

    def plan(self, media: MediaInfo, *, source_path: str, work_dir: str, cores: int) -> Plan:
        """All renditions that were asked for, as the engine wants them."""
        stream = media.video
        lookaheads = {f"l{i}": shared for i, shared in enumerate(shared_lookaheads(self._video))}
        lookahead_of = {video: name for name, a in lookaheads.items() for video in a.videos}
        looked_at = [shared.picture for shared in lookaheads.values()]
        pictures = list(dict.fromkeys([video.picture for video in self._video] + looked_at))
        far = [a.picture for a in lookaheads.values() if a.depth_frames >= _FAR_FRAMES]
        plans = chain(pictures, stream.display_size if stream else (0, 0), at_once=far)
        pixel_rate = sum((video.picture.pixel_rate for video in self._video), Fraction(0))
        cores_of = {v: cores * v.picture.pixel_rate / pixel_rate for v in self._video}
        in_chunks = {
            video
            for shared in lookaheads.values()
            for video in shared.videos
            if max(cores_of[v] for v in shared.videos) >= _CORES_FOR_CHUNKS
        }
        video_plans = share(
            {
                name: _video_plan(
                    name,
                    video,
                    picture=plans[video.picture].id,
                    cores=cores_of[video],
                    in_chunks=video in in_chunks,
                    work_dir=work_dir,
                    lookahead=lookahead_of.get(video),
                )
                for video, name in self._video.items()
            },
            {name: video for video, name in self._video.items()},
        )
        return Plan(
            source_path=source_path,
            video_stream=stream.index if stream and (plans or self.images) else None,
            rotation_deg=stream.rotation_deg if stream else 0,
            decoder_threads=cores,
            pictures=tuple(plans.values()),
            lookaheads=tuple(
                _lookahead_plan(name, shared, picture=plans[shared.picture].id)
                for name, shared in lookaheads.items()
            ),
            video=tuple(video_plans.values()),
            audio=tuple(
                AudioRenditionPlan(
                    id=name,
                    stream=sound.stream,
                    codec=sound.codec,
                    bitrate_bps=sound.bitrate_bps,
                    sample_rate_hz=sound.sample_rate_hz,
                    sample_bits=sound.sample_bits,
                    layout=sound.layout,
                    mix=sound.mix,
                    container=sound.container,
                    tags=sound.tags,
                    with_picture=sound.with_picture,
                    segment_s=sound.segment_s,
                    language=sound.language,
                    path=f"{work_dir}/{name}.{_SUFFIXES.get(sound.container, sound.container)}",
                    start_s=sound.clip.start_s,
                    duration_s=sound.clip.duration_s
                    if sound.stream is not None
                    else sound.clip.length_s,
                )
                for sound, name in self._audio.items()
            ),
            stills=self.images.stills(work_dir),
            gifs=self.images.gifs(work_dir),
            thumbnails=self.images.thumbnails(work_dir),
            keyframes_only=bool(
                stream
                and not (plans or self._audio)
                and self.images.keyframes_do(stream.keyframe_interval_s)
            ),
            texts=tuple(
                TextRenditionPlan(id=name, stream=stream, path=f"{work_dir}/{name}.ass")
                for stream, name in self._texts.items()
            ),
        )


def _video_plan(
    name: str,
    video: Video,
    *,
    picture: str,
    cores: Fraction,
    in_chunks: bool,
    work_dir: str,
    lookahead: str | None,
) -> VideoRenditionPlan:
    """``cores`` is the part of the machine that the rendition may take."""
    encoding = video.encoding
    chunk_encoders = _chunk_encoders(cores, video) if in_chunks else 1
    # MP4 has no place for VP8.
    extension = "webm" if encoding.codec == "libvpx" else "mp4"
    return VideoRenditionPlan(
        id=name,
        picture=picture,
        codec=encoding.codec,
        preset=encoding.preset,
        crf=encoding.rate_control.crf,
        bitrate_bps=encoding.rate_control.bitrate_bps,
        max_bitrate_bps=encoding.rate_control.max_bitrate_bps,
        buffer_size_bits=encoding.rate_control.buffer_size_bits,
        gop_frames=video.gop_frames,
        segment_s=video.segment_s,
        grid_rate=video.grid_rate,
        threads=_threads(encoding.codec, cores / chunk_encoders),
        chunk_encoders=chunk_encoders,
        path=f"{work_dir}/{name}.{extension}",
        options=encoding.options,
        tag=encoding.tag,
        pass_number=2 if encoding.two_pass else 0,
        statistics_path=f"{work_dir}/{name}.stats" if encoding.two_pass else "",
        captions=video.captions,
        lookahead=lookahead,
    )


def _threads(codec: str, cores: Fraction) -> int:
    """How many threads an encoder has that may take so many cores.

    libx265's are those of a pool, for rows of blocks: more of them make the same bit stream, and
    the largest rung, which waits for the analysis of another, has all cores when that is done.
    """
    return max(1, ceil(cores) if codec == "libx265" else round(cores))


def _chunk_encoders(cores: Fraction, video: Video) -> int:
    """How many encoders work beside each other on a rendition that may take so many cores.

    Several of one thread do less than one of several threads, and with more than there are cores
    none is idle while chunks begin and end. But the frames of a chunk wait for its encoder, so
    there are no more than memory allows (`_BYTES_A_CORE`).
    """
    picture = video.picture
    gops = ceil(picture.frame_rate / video.gop_frames)  # a chunk takes a second at least
    chunk_bytes = gops * video.gop_frames * picture.frame_bytes  # more where a scene ends in it
    return max(1, min(ceil(cores * _ENCODERS_A_CORE) + 1, int(cores * _BYTES_A_CORE / chunk_bytes)))


def _lookahead_plan(name: str, shared: SharedLookahead, *, picture: str) -> LookaheadPlan:
    any_video = shared.videos[0]  # they have their key frames in common
    return LookaheadPlan(
        id=name,
        picture=picture,
        depth_frames=shared.depth_frames,
        gop_frames=any_video.gop_frames,
        segment_s=any_video.segment_s,
        grid_rate=any_video.grid_rate,
        scene_cuts=shared.scene_cuts,
    )


def _differ_in_gop_only(one: Video, other: Video) -> bool:
    return replace(one, gop_frames=0) == replace(other, gop_frames=0)


def _gop_frames(wish: VideoWish, segment_frames: int) -> int:
    """The GOP asked for, at most a segment; unasked, equal parts of a segment."""
    if wish.keyframe is None:
        return ceil(segment_frames / ceil(segment_frames / USUAL_GOP_FRAMES))
    return min(keyframe_frames(wish.keyframe, wish.picture.frame_rate), segment_frames)


def keyframe_frames(keyframe: KeyframeInterval, frame_rate: Fraction) -> int:
    """A keyframe interval in frames, at least one."""
    if keyframe.seconds is None:
        return keyframe.frames or 1
    return max(1, round(keyframe.seconds * frame_rate))
