"""What the engine is told to do: the Python side of the seam (`src/engine/plan.h` is the other).

A plan is complete: the engine decides nothing about sizes, rates or keyframes. All times are
rational seconds from the source's origin; all bit rates are bits per second.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, Literal

ImageFormat = Literal["png", "jpg", "webp"]


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """How a frame is filled with a picture.

    The picture is turned clockwise by ``rotation_deg`` (0, 90, 180, 270); of it the middle part,
    ``kept_width`` by ``kept_height`` as fractions of its sides, is scaled to the frame less its
    black bars: ``bars_x_px`` columns left and right together, ``bars_y_px`` rows above and below.
    ``filter`` is how it is scaled, by swscale's names.
    """

    rotation_deg: int = 0
    kept_width: Fraction = Fraction(1)
    kept_height: Fraction = Fraction(1)
    bars_x_px: int = 0
    bars_y_px: int = 0
    sample_aspect_ratio: Fraction = Fraction(1)
    filter: str = "lanczos"


Mix = tuple[tuple[float, ...], ...]
"""A row for each channel of the result: the gains of the source's channels in it."""

Container = Literal["cmaf", "matroska", "ipod", "mp3", "flac", "opus", "wav"]
"""``cmaf``, or libavformat's name of a muxer."""


@dataclass(frozen=True, kw_only=True)
class TonemapPlan:
    """How HDR becomes SDR: its transfer, and the brightest light that the curve makes room for."""

    transfer: Literal["pq", "hlg"]
    peak_nits: float


@dataclass(frozen=True, kw_only=True)
class ColorPlan:
    """Colour facts that a picture is brought to, in FFmpeg's names.

    Empty means the source's, and for ``range`` limited. Pixels are converted where the source says
    something else; where it says nothing, they are taken to be so already.
    """

    primaries: str = ""
    transfer: str = ""
    matrix: str = ""
    range: Literal["", "tv", "pc"] = ""


Edge = Literal["start", "middle", "end"]


@dataclass(frozen=True, kw_only=True)
class LogoPlan:
    """An image laid over a picture, in pixels of that picture.

    ``x_px`` and ``y_px`` count inwards from their edges. A side that is None follows from the
    other, or is the image's. Frames are numbers within the picture; ``end_frame`` is the first one
    without it.
    """

    path: str
    horizontal_edge: Edge = "start"
    vertical_edge: Edge = "start"
    x_px: int = 0
    y_px: int = 0
    width_px: int | None = None
    height_px: int | None = None
    opacity: float = 1.0
    first_frame: int = 0
    end_frame: int | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is done to the light and the colours of a picture.

    ``deinterlace`` and ``tonemap`` count where a picture is made from the source: its children are
    progressive and SDR already. A picture with ``logos`` is nobody's parent.
    """

    deinterlace: Literal["", "all", "auto"] = ""
    tonemap: TonemapPlan | None = None
    color: ColorPlan = ColorPlan()
    logos: tuple[LogoPlan, ...] = ()


AS_IT_IS = Look()


@dataclass(frozen=True, kw_only=True)
class PicturePlan:
    """A stream of pictures of one size at one constant rate; renditions are encoded from it.

    ``parent`` names the picture it is scaled from, or is None for the decoded source. A child has
    its parent's ``frame_rate``, ``start_s`` and ``duration_s``; its ``geometry`` is about the
    parent's picture, and so without a rotation.
    """

    id: str
    parent: str | None
    width_px: int
    height_px: int
    frame_rate: Fraction
    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None  # None: to the end
    pixel_format: str = "yuv420p"  # or yuv420p10le
    geometry: Geometry = Geometry()
    look: Look = AS_IT_IS


@dataclass(frozen=True, kw_only=True)
class VideoRenditionPlan:
    """One encoded picture. Exactly one of ``crf`` and ``bitrate_bps`` rules, the other is None.

    IDR frames stand at the first frame of ``frame_rate`` at or after every k-th boundary of the
    segment grid and, counted from there, every ``gop_frames``. The grid's boundary k is the first
    frame of ``grid_rate`` at or after ``k * segment_s``, so renditions of different rates that
    share a grid switch at the same instants. ``analysis_from`` names the rendition of the same
    frames at half the width and height whose analysis the encoder goes by (libx265 only).
    ``chunk_encoders`` of so many ``threads`` each work beside each other on runs of whole GOPs,
    which takes a ``lookahead``.
    """

    id: str
    picture: str
    codec: str
    preset: str
    crf: float | None
    bitrate_bps: int | None
    max_bitrate_bps: int | None
    buffer_size_bits: int | None
    gop_frames: int
    segment_s: Fraction
    grid_rate: Fraction
    threads: int
    path: str
    options: tuple[tuple[str, str], ...] = ()  # of the encoder, in libavcodec's words
    tag: str = ""  # four characters of the sample entry; "": the container's choice
    pass_number: int = 0  # 1 writes statistics and no file, 2 reads them; 0: the only one
    statistics_path: str = ""
    captions: bool = False  # carries those within the source's picture (EIA-608, CEA-708)
    lookahead: str | None = None  # of a `LookaheadPlan`; None: the encoder looks ahead by itself
    analysis_from: str | None = None  # None: its own
    chunk_encoders: int = 1


@dataclass(frozen=True, kw_only=True)
class LookaheadPlan:
    """One look ahead for all renditions of the same frames, of whatever size.

    It says which frames are B frames and which parts of a picture are worth more bits. It looks at
    a small 8-bit ``picture``, ``depth_frames`` ahead; the key frames are those of the renditions.
    With ``scene_cuts`` all renditions have key frames where scenes begin too, unless one that must
    be is within half a second.
    """

    id: str
    picture: str
    depth_frames: int
    gop_frames: int
    segment_s: Fraction
    grid_rate: Fraction
    scene_cuts: bool = False


@dataclass(frozen=True, kw_only=True)
class AudioRenditionPlan:
    """One encoded sound. ``stream`` is the source's stream index, or None for silence.

    ``with_picture``: it lasts exactly as long as the picture does (cut, or padded with silence);
    otherwise as long as the stream. Silence needs ``duration_s``. ``container`` is what the file at
    ``path`` is: a CMAF track, Matroska for codecs that MP4 has no place for, or a file for users.
    With ``true_peak_dbtp`` the sound is amplified by ``gain_db`` and then limited to that.
    """

    id: str
    stream: int | None
    codec: str
    bitrate_bps: int  # 0: the codec is lossless
    sample_rate_hz: int
    layout: str  # FFmpeg's name of the channels: stereo, 5.1
    segment_s: Fraction
    language: str
    path: str
    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None
    sample_bits: int = 16  # of lossless codecs: 16 or 24
    mix: Mix | None = None  # None: the usual one
    gain_db: float = 0.0
    true_peak_dbtp: float | None = None  # None: neither amplified nor limited
    container: Container = "cmaf"
    tags: tuple[tuple[str, str], ...] = ()
    with_picture: bool = True


@dataclass(frozen=True, kw_only=True)
class LoudnessPlan:
    """One sound to be measured, mixed and amplified as a rendition of it would be."""

    id: str
    stream: int
    sample_rate_hz: int
    layout: str
    mix: Mix | None
    gain_db: float
    true_peak_dbtp: float | None
    start_s: Fraction
    duration_s: Fraction | None


@dataclass(frozen=True, kw_only=True)
class StillPlan:
    """One image: the frame on screen at ``time_s``; the last frame if the source ends before."""

    id: str
    time_s: Fraction
    width_px: int
    height_px: int
    format: ImageFormat
    quality: int  # 1 to 100, for jpg and webp
    path: str
    geometry: Geometry = Geometry()
    look: Look = AS_IT_IS
    frame_offset: int = 0  # so many frames behind the one on screen at time_s


@dataclass(frozen=True, kw_only=True)
class GifPlan:
    """One animation, in 256 colours of its own; at most 50 frames a second."""

    id: str
    width_px: int
    height_px: int
    frame_rate: Fraction
    path: str
    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None  # None: to the end
    geometry: Geometry = Geometry()
    look: Look = AS_IT_IS


@dataclass(frozen=True, kw_only=True)
class ThumbnailsPlan:
    """An image of every ``interval_s``: the frame on screen at its beginning.

    They are files of their own, or tiles of sheets of ``columns`` by ``rows``, row by row; the last
    sheet has as many rows as it needs. At most ``images`` of them.
    """

    id: str
    interval_s: Fraction
    images: int
    width_px: int  # of one image
    height_px: int
    format: ImageFormat
    quality: int  # 1 to 100, for jpg and webp
    folder: str
    file_pattern: str  # with printf's %04d, counted from 1
    columns: int = 0  # 0: no sheets
    rows: int = 0
    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None  # None: to the end
    geometry: Geometry = Geometry()
    look: Look = AS_IT_IS


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """One of several sources that are shown in a row.

    It shows ``length_s`` from ``start_s`` on, in time from its own origin. ``sounds`` pairs streams
    of the first clip with those that go on with them here; where there is none, it is silent.
    """

    path: str
    video_stream: int
    rotation_deg: int
    start_s: Fraction
    length_s: Fraction
    sounds: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextRenditionPlan:
    """One of the source's own subtitle streams: all its texts in a file in ASS's form."""

    id: str
    stream: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that one decode of the source yields.

    With ``clips`` (the source itself is the first) times are counted along all of them in a row,
    and all have the size of the first: ``width_px`` by ``height_px``, upright, in square pixels.

    With ``keyframes_only`` nothing else is decoded, and thumbnails show the nearest one.
    """

    source_path: str
    video_stream: int | None
    rotation_deg: int
    decoder_threads: int
    clips: tuple[ClipPlan, ...] = ()
    width_px: int = 0
    height_px: int = 0
    pictures: tuple[PicturePlan, ...] = ()
    lookaheads: tuple[LookaheadPlan, ...] = ()
    video: tuple[VideoRenditionPlan, ...] = ()
    audio: tuple[AudioRenditionPlan, ...] = ()
    loudness: tuple[LoudnessPlan, ...] = ()
    stills: tuple[StillPlan, ...] = ()
    texts: tuple[TextRenditionPlan, ...] = ()
    gifs: tuple[GifPlan, ...] = ()
    thumbnails: tuple[ThumbnailsPlan, ...] = ()
    keyframes_only: bool = False

    @property
    def makes_something(self) -> bool:
        """Whether there is any work for the engine."""
        made = (self.video, self.audio, self.stills, self.gifs, self.thumbnails, self.texts)
        return any(made)

    def with_only(
        self,
        *,
        pictures: tuple[PicturePlan, ...] = (),
        video: tuple[VideoRenditionPlan, ...] = (),
        audio: tuple[AudioRenditionPlan, ...] = (),
        loudness: tuple[LoudnessPlan, ...] = (),
    ) -> Plan:
        """Another run of the same source, which makes nothing but this."""
        return Plan(
            source_path=self.source_path,
            video_stream=self.video_stream if pictures else None,
            rotation_deg=self.rotation_deg,
            decoder_threads=self.decoder_threads,
            clips=self.clips,
            width_px=self.width_px,
            height_px=self.height_px,
            pictures=pictures,
            video=video,
            audio=audio,
            loudness=loudness,
        )

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON; rational numbers are strings such as ``1001/30000``."""
        result = to_json(self)
        assert isinstance(result, dict)
        return result


@dataclass(frozen=True, kw_only=True)
class RepackPlan:
    """A source's packets in another container; nothing is encoded.

    ``container`` is libavformat's name of the muxer, ``streams`` the source's in the order that
    they are to have. The cut is at the last key frame at or before ``start_s``.
    """

    source_path: str
    target: str
    container: Literal["mp4", "mov", "matroska", "webm", "mpegts"]
    streams: tuple[int, ...]
    metadata: bool = True  # titles, tags and chapters; languages stay in any case
    start_s: Fraction = Fraction(0)
    duration_s: Fraction | None = None

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON; rational numbers are strings."""
        result = to_json(self)
        assert isinstance(result, dict)
        return result


def to_json(value: Any) -> Any:
    """A plan or a part of one as JSON; rational numbers are strings such as ``1001/30000``."""
    if is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [to_json(v) for v in value]
    return str(value) if isinstance(value, Fraction) else value


def first_pass(plan: Plan) -> Plan | None:
    """What is to run before a plan whose encoders read statistics; None where none does."""
    video = tuple(replace(v, pass_number=1) for v in plan.video if v.pass_number == 2)
    if not video:
        return None
    wanted = {v.picture for v in video}
    pictures: list[PicturePlan] = []
    for picture in reversed(plan.pictures):  # children first: they need their parents
        if picture.id in wanted:
            pictures.insert(0, picture)
            if picture.parent:
                wanted.add(picture.parent)
    return plan.with_only(pictures=tuple(pictures), video=video)


@dataclass(frozen=True, kw_only=True)
class RenditionResult:
    """One finished rendition, as the engine reports it."""

    id: str
    kind: Literal["video", "audio", "still", "gif", "thumbnails", "text"]
    path: str  # of thumbnails the folder
    size_bytes: int
    frames: int  # coded pictures, or coded audio frames, or texts
    duration_s: Fraction
    codec_string: str  # RFC 6381, e.g. avc1.64001f; empty for images and texts
    captions: tuple[str, ...] = ()  # channels that a picture carries: CC1, SERVICE1
    chunk_cpu_s: tuple[float, ...] = ()  # of chunks that were encoded beside each other

    @staticmethod
    def from_json(data: dict[str, Any]) -> RenditionResult:
        """Read one result from the engine's ``rendition_finished`` event or a checkpoint."""
        lists = {name: tuple(data.get(name, ())) for name in ("captions", "chunk_cpu_s")}
        return RenditionResult(**{**data, **lists, "duration_s": Fraction(data["duration_s"])})

    def to_json(self) -> dict[str, Any]:
        """The result as JSON; `from_json` is the way back."""
        result = to_json(self)
        assert isinstance(result, dict)
        return result
