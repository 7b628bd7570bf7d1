"""One output on its way: what `planning` decides, what packaging and upload report."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from videngine.plan import AudioRenditionPlan, RepackPlan
from videngine.protection import Protection


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What an analysis of the title expects of the CRF that it chose for a rung.

    VMAF is of the picture shown at the source's size; the rate is in bits a second.
    """

    target_vmaf: float
    predicted_vmaf: float
    predicted_bitrate: int


@dataclass(frozen=True, kw_only=True)
class RungPlan:
    """One rung of an output, as the manifest shows it: ids of renditions of the engine's plan."""

    video: str
    width_px: int
    height_px: int
    frame_rate: Fraction
    dynamic_range: str = "SDR"  # or HDR10, HLG
    chunklist: str = ""  # name of its HLS media playlist, if not the usual one
    sounds: int | None = None  # the group of its tracks
    captions: bool = False  # carries those of the source, if it has any
    chosen: Chosen | None = None  # how well its CRF suits the title


@dataclass(frozen=True, kw_only=True)
class TrackPlan:
    """One sound of an output."""

    audio: str  # id of the rendition
    language: str
    name: str
    default: bool
    group: int = 0  # tracks of one group are encoded alike; counted from 0


@dataclass(frozen=True, kw_only=True)
class TextPlan:
    """Subtitles of an output, of which one part is shown.

    They are in a local file at ``path`` as it came, or in a rendition of the engine's plan.
    """

    path: str = ""
    rendition: str | None = None
    language: str
    name: str
    default: bool
    forced: bool
    start_s: Fraction
    duration_s: Fraction | None  # None: to the end


@dataclass(frozen=True, kw_only=True)
class RecognitionPlan:
    """One recognition of speech; outputs that ask for the same share it.

    ``sound`` is what is listened to, ``language`` ISO 639-1 or "" for whatever is heard, ``path``
    where the transcript goes.
    """

    id: str
    sound: AudioRenditionPlan
    mode: Literal["speed", "balanced", "accuracy"]
    language: str
    path: str


@dataclass(frozen=True, kw_only=True)
class ScorePlan:
    """One rendition to compare with the source, at the source's size in square pixels.

    ``origin_s`` is where the source's own time begins, ``start_s`` where the rendition does from
    there on. ``untold`` are the colour facts that the source does not tell, in the words of
    FFmpeg's ``setparams``. With a ``reason`` it is not compared.
    """

    video: str  # id of the rendition
    stream: int  # of the source
    width_px: int
    height_px: int
    frame_rate: Fraction
    origin_s: Fraction
    start_s: Fraction
    model: str
    n_subsample: int
    path: str
    frames: int = 0  # of the rendition; 0: not known yet
    untold: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SkippedRung:
    """A rung that was asked for and is not made, and why."""

    path: str  # format[1].stream[0]
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class OutputPlan:
    """One entry of ``format``, resolved; ``index`` is its place in the request.

    ``root`` is the folder of its own below the destination ("" for none), ``name`` the file it
    makes there (the manifest's, for ladders; "" for one that has none).

    Of ladders: without ``separate_audio`` sound is inside the segments of the picture, which are
    MPEG-TS then; else ``fmp4`` tells fragmented MP4 from MPEG-TS. ``one_folder``: renditions have
    no folders of their own. ``i_frames``: HLS lists keyframes too. ``hls_name``: the HLS playlist
    beside an MPD, "" for none.
    """

    index: int
    output: str  # mp4, advanced_hls, advanced_dash, thumbnail, thumbnails, gif
    root: str
    name: str
    rungs: tuple[RungPlan, ...] = ()
    tracks: tuple[TrackPlan, ...] = ()
    texts: tuple[TextPlan, ...] = ()
    entries: tuple[
        str, ...
    ] = ()  # files that users open: `name`, or one for each of several stills
    images: tuple[str, ...] = ()  # ids: stills, or a GIF, or a series of thumbnails
    speech: RecognitionPlan | None = None
    text_files: tuple[tuple[str, str], ...] = ()  # (what is in it, its name)
    document: dict[str, Any] | None = None  # JSON to write
    repack: RepackPlan | None = None
    scores: tuple[ScorePlan, ...] = ()
    segment_s: Fraction | None = None
    separate_audio: bool = True
    fmp4: bool = True
    one_folder: bool = False
    i_frames: bool = False
    hls_name: str = ""
    protection: Protection | None = None
    allow_soft_fail: bool = False
    skipped: tuple[SkippedRung, ...] = ()
    error: dict[str, str] | None = None  # set: this output fails without being tried

    @property
    def renditions(self) -> list[str]:
        """The ids of all renditions of the engine's plan that it shows."""
        ids = [rung.video for rung in self.rungs] + [track.audio for track in self.tracks]
        ids += [text.rendition for text in self.texts if text.rendition]
        return [*ids, *self.images]


@dataclass(frozen=True, kw_only=True)
class PackagedFile:
    """A finished local file and the key it is to have below the output's destination.

    ``manifest`` files are uploaded last, so that no player ever sees a list of segments that are
    not there yet.
    """

    path: str
    key: str
    content_type: str
    manifest: bool = False


@dataclass(kw_only=True)
class OutputReport:
    """One output as `GET /jobs/{id}` shows it."""

    index: int
    output: str
    status: str  # queued, processing, completed, failed, skipped, canceled
    progress: float = 0.0
    urls: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    duration: float = 0.0
    size: int = 0
    renditions: list[dict[str, Any]] = field(default_factory=list)
    detected_language: str = ""  # of speech, ISO 639-1
    error: dict[str, str] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    tag: str | None = None
    user_tag: str | None = None
    destinations: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return dict(vars(self))
