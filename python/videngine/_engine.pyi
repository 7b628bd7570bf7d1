# Types of the native module; `stubtest` holds them against the binary. videngine/plan.py and
# videngine/media.py document the fields. Those of frames are in _engine_frames.pyi.

from collections.abc import Sequence
from fractions import Fraction
from typing import final

from videngine._engine_frames import *  # noqa: F403  all that is about frames
from videngine.errors import VidengineError

@final
class Geometry:
    def __init__(
        self,
        *,
        rotation_deg: int,
        kept_width: Fraction,
        kept_height: Fraction,
        bars_x_px: int,
        bars_y_px: int,
        sample_aspect_ratio: Fraction,
        filter: str,
    ) -> None: ...
    @property
    def rotation_deg(self) -> int: ...

@final
class TonemapPlan:
    def __init__(self, *, transfer: str, peak_nits: float) -> None: ...
    @property
    def transfer(self) -> str: ...

@final
class ColorPlan:
    def __init__(self, *, primaries: str, transfer: str, matrix: str, range: str) -> None: ...
    @property
    def matrix(self) -> str: ...

@final
class LogoPlan:
    def __init__(
        self,
        *,
        path: str,
        horizontal_edge: str,
        vertical_edge: str,
        x_px: int,
        y_px: int,
        width_px: int | None,
        height_px: int | None,
        opacity: float,
        first_frame: int,
        end_frame: int | None,
    ) -> None: ...
    @property
    def path(self) -> str: ...

@final
class Look:
    def __init__(
        self,
        *,
        deinterlace: str,
        tonemap: TonemapPlan | None,
        color: ColorPlan,
        logos: Sequence[LogoPlan],
    ) -> None: ...
    @property
    def tonemap(self) -> TonemapPlan | None: ...

@final
class PicturePlan:
    def __init__(
        self,
        *,
        id: str,
        parent: str | None,
        width_px: int,
        height_px: int,
        frame_rate: Fraction,
        start_s: Fraction,
        duration_s: Fraction | None,
        pixel_format: str,
        geometry: Geometry,
        look: Look,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class VideoRenditionPlan:
    def __init__(
        self,
        *,
        id: str,
        picture: str,
        codec: str,
        preset: str,
        crf: float | None,
        bitrate_bps: int | None,
        max_bitrate_bps: int | None,
        buffer_size_bits: int | None,
        gop_frames: int,
        segment_s: Fraction,
        grid_rate: Fraction,
        threads: int,
        path: str,
        options: Sequence[tuple[str, str]],
        tag: str,
        pass_number: int,
        statistics_path: str,
        captions: bool,
        lookahead: str | None,
        analysis_from: str | None,
        chunk_encoders: int,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class LookaheadPlan:
    def __init__(
        self,
        *,
        id: str,
        picture: str,
        depth_frames: int,
        gop_frames: int,
        segment_s: Fraction,
        grid_rate: Fraction,
        scene_cuts: bool,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class AudioRenditionPlan:
    def __init__(
        self,
        *,
        id: str,
        stream: int | None,
        codec: str,
        bitrate_bps: int,
        sample_rate_hz: int,
        sample_bits: int,
        layout: str,
        mix: Sequence[Sequence[float]] | None,
        gain_db: float,
        true_peak_dbtp: float | None,
        container: str,
        segment_s: Fraction,
        language: str,
        tags: Sequence[tuple[str, str]],
        path: str,
        start_s: Fraction,
        duration_s: Fraction | None,
        with_picture: bool,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class LoudnessPlan:
    def __init__(
        self,
        *,
        id: str,
        stream: int,
        sample_rate_hz: int,
        layout: str,
        mix: Sequence[Sequence[float]] | None,
        gain_db: float,
        true_peak_dbtp: float | None,
        start_s: Fraction,
        duration_s: Fraction | None,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class StillPlan:
    def __init__(
        self,
        *,
        id: str,
        time_s: Fraction,
        width_px: int,
        height_px: int,
        format: str,
        quality: int,
        path: str,
        geometry: Geometry,
        look: Look,
        frame_offset: int,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class GifPlan:
    def __init__(
        self,
        *,
        id: str,
        width_px: int,
        height_px: int,
        frame_rate: Fraction,
        start_s: Fraction,
        duration_s: Fraction | None,
        path: str,
        geometry: Geometry,
        look: Look,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class ThumbnailsPlan:
    def __init__(
        self,
        *,
        id: str,
        start_s: Fraction,
        duration_s: Fraction | None,
        interval_s: Fraction,
        images: int,
        width_px: int,
        height_px: int,
        format: str,
        quality: int,
        columns: int,
        rows: int,
        folder: str,
        file_pattern: str,
        geometry: Geometry,
        look: Look,
    ) -> None: ...
    @property
    def id(self) -> str: ...

@final
class ClipPlan:
    def __init__(
        self,
        *,
        path: str,
        video_stream: int,
        rotation_deg: int,
        start_s: Fraction,
        length_s: Fraction,
        sounds: Sequence[tuple[int, int]],
    ) -> None: ...
    @property
    def path(self) -> str: ...

@final
class TextRenditionPlan:
    def __init__(self, *, id: str, stream: int, path: str) -> None: ...
    @property
    def id(self) -> str: ...

@final
class Plan:
    def __init__(
        self,
        *,
        source_path: str,
        video_stream: int | None,
        rotation_deg: int,
        decoder_threads: int,
        clips: Sequence[ClipPlan],
        width_px: int,
        height_px: int,
        keyframes_only: bool,
        pictures: Sequence[PicturePlan],
        lookaheads: Sequence[LookaheadPlan],
        video: Sequence[VideoRenditionPlan],
        audio: Sequence[AudioRenditionPlan],
        loudness: Sequence[LoudnessPlan],
        stills: Sequence[StillPlan],
        texts: Sequence[TextRenditionPlan],
        gifs: Sequence[GifPlan],
        thumbnails: Sequence[ThumbnailsPlan],
    ) -> None: ...
    @property
    def source_path(self) -> str: ...

@final
class StreamFacts:
    @property
    def index(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def codec(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def duration_s(self) -> Fraction | None: ...
    @property
    def start_s(self) -> Fraction: ...
    @property
    def bit_rate_bps(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def default(self) -> bool: ...
    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...
    @property
    def sample_aspect_ratio(self) -> Fraction: ...
    @property
    def rotation_deg(self) -> int: ...
    @property
    def frame_rate(self) -> Fraction: ...
    @property
    def keyframe_interval_s(self) -> Fraction | None: ...
    @property
    def variable_frame_rate(self) -> bool: ...
    @property
    def pixel_format(self) -> str: ...
    @property
    def bit_depth(self) -> int: ...
    @property
    def interlaced(self) -> bool: ...
    @property
    def primaries(self) -> str: ...
    @property
    def transfer(self) -> str: ...
    @property
    def matrix(self) -> str: ...
    @property
    def range(self) -> str: ...
    @property
    def max_content_nits(self) -> int: ...
    @property
    def mastering_peak_nits(self) -> float: ...
    @property
    def dolby_vision_profile(self) -> int: ...
    @property
    def dolby_vision_compatibility(self) -> int: ...
    @property
    def sample_rate_hz(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def channel_layout(self) -> str: ...
    @property
    def attached_picture(self) -> bool: ...
    @property
    def codec_tag(self) -> str: ...
    @property
    def level(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def time_base(self) -> Fraction: ...
    @property
    def dispositions(self) -> list[str]: ...
    @property
    def tags(self) -> dict[str, str]: ...
    @property
    def side_data(self) -> list[dict[str, str | int]]: ...

@final
class Chapter:
    @property
    def start_s(self) -> Fraction: ...
    @property
    def end_s(self) -> Fraction: ...
    @property
    def tags(self) -> dict[str, str]: ...

@final
class MediaFacts:
    @property
    def format(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def duration_s(self) -> Fraction: ...
    @property
    def bit_rate_bps(self) -> int: ...
    @property
    def start_s(self) -> Fraction: ...
    @property
    def streams(self) -> list[StreamFacts]: ...
    @property
    def chapters(self) -> list[Chapter]: ...
    @property
    def tags(self) -> dict[str, str]: ...

@final
class Progress:
    @property
    def time_s(self) -> float: ...
    @property
    def frames(self) -> int: ...
    @property
    def fps(self) -> float: ...

@final
class RenditionFinished:
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def duration_s(self) -> Fraction: ...
    @property
    def codec_string(self) -> str: ...
    @property
    def captions(self) -> list[str]: ...
    @property
    def chunk_cpu_s(self) -> list[float]: ...

@final
class LoudnessMeasured:
    @property
    def id(self) -> str: ...
    @property
    def integrated_lufs(self) -> float: ...
    @property
    def range_lu(self) -> float: ...
    @property
    def true_peak_dbtp(self) -> float: ...

@final
class RenditionFailed:
    @property
    def id(self) -> str: ...
    @property
    def error(self) -> VidengineError: ...

@final
class Warning:
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...

@final
class Finished:
    @property
    def frames(self) -> int: ...
    @property
    def decodes(self) -> int: ...
    @property
    def encodes(self) -> int: ...

_Event = Progress | RenditionFinished | LoudnessMeasured | RenditionFailed | Warning | Finished

@final
class Session:
    def __init__(self, plan: Plan) -> None: ...
    def tap(
        self,
        *,
        picture: str,
        every: int,
        capacity: int,
        drop: bool,
        time_base: Fraction,
        start_s: Fraction,
    ) -> SessionTap: ...  # noqa: F405  of _engine_frames
    def start(self) -> None: ...
    def next_event(self, timeout_s: float) -> _Event | None: ...
    @property
    def ended(self) -> bool: ...
    def cancel(self) -> None: ...
    def join(self) -> None: ...

def probe(path: str) -> MediaFacts: ...
def try_video_encoder(plan: VideoRenditionPlan) -> None: ...
def try_audio_encoder(plan: AudioRenditionPlan) -> None: ...

@final
class TextTrack:
    def __init__(
        self,
        *,
        language: str,
        name: str,
        default: bool,
        forced: bool,
        cues: Sequence[tuple[int, int, str]],
    ) -> None: ...
    @property
    def name(self) -> str: ...

def remux_file(
    tracks: Sequence[str], languages: Sequence[str], texts: Sequence[TextTrack], target: str
) -> None: ...
def remux_ts(
    tracks: Sequence[str], folder: str, segment_s: Fraction, playlist: str, segment_pattern: str
) -> int: ...
def repack(
    source_path: str,
    target: str,
    container: str,
    streams: Sequence[int],
    metadata: bool,
    start_s: Fraction,
    duration_s: Fraction | None,
) -> tuple[Fraction, Fraction]: ...
def check_logo(path: str) -> None: ...
