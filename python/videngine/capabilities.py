"""What this machine can make, judged by trying it; see the command `videngine capabilities`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache
from typing import Any

from videngine import engine
from videngine.errors import VidengineError
from videngine.plan import AudioRenditionPlan, VideoRenditionPlan
from videngine.planning.encoder_options import preset
from videngine.quality.vmaf import ffmpeg_with_vmaf
from videngine.settings import Settings
from videngine.spec.codecs import CODECS, Codec
from videngine.spec.outputs import KINDS
from videngine.spec.sound_codecs import SOUND_CODECS, SoundCodec

_AT_ONCE = 2  # children: each takes a processor for some tenths of a second


def capabilities(settings: Settings | None = None) -> dict[str, Any]:
    """Codecs, outputs and VMAF; what is not there says why. Takes some seconds.

    Every encoder is tried in a process of its own: drivers have been known to take theirs along.
    """
    encoders = list({codec.name: codec for codec in CODECS.values()}.values())
    plans: list[VideoRenditionPlan | AudioRenditionPlan] = [_video(codec) for codec in encoders]
    plans += [_audio(codec) for codec in SOUND_CODECS.values()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        verdicts = dict(zip((plan.codec for plan in plans), pool.map(_verdict, plans), strict=True))
    return {
        "video_codecs": {
            codec.name: {
                "names": sorted(name for name, one in CODECS.items() if one == codec),
                **verdicts[codec.name],
            }
            for codec in encoders
        },
        "audio_codecs": {codec.name: verdicts[_encoder(codec)] for codec in SOUND_CODECS.values()},
        "outputs": list(dict.fromkeys(KINDS.values())),
        "vmaf": _vmaf(settings or Settings()),
    }


@cache
def known_capabilities() -> dict[str, Any]:
    """The same, tried once in the life of this process."""
    return capabilities()


def _vmaf(settings: Settings) -> dict[str, Any]:
    """Whether pictures can be judged: for `vmaf`, `metrics` and `optimize_bitrate`."""
    try:
        ffmpeg_with_vmaf(settings)
    except VidengineError as error:
        return _not_there(error)
    return {"available": True}


def _not_there(error: VidengineError) -> dict[str, Any]:
    return {"available": False, "code": error.code, "reason": error.message}


def _encoder(codec: SoundCodec) -> str:
    return "pcm_s16le" if codec.encoder == "pcm" else codec.encoder


def _verdict(plan: VideoRenditionPlan | AudioRenditionPlan) -> dict[str, Any]:
    try:
        engine.try_encoder(plan)
    except VidengineError as error:
        return _not_there(error)
    return {"available": True}


def _video(codec: Codec) -> VideoRenditionPlan:
    name, options = preset("ultrafast", codec) or ("", {})
    return VideoRenditionPlan(
        id=codec.name,
        picture="",
        codec=codec.name,
        preset=name,
        crf=float(codec.default_crf),
        bitrate_bps=None,
        max_bitrate_bps=None,
        buffer_size_bits=None,
        gop_frames=25,
        segment_s=Fraction(1),
        grid_rate=Fraction(25),
        threads=1,
        path="",
        options=tuple(options.items()),
    )


def _audio(codec: SoundCodec) -> AudioRenditionPlan:
    return AudioRenditionPlan(
        id=codec.name,
        stream=None,
        codec=_encoder(codec),
        bitrate_bps=0 if codec.lossless else 96_000,
        sample_rate_hz=48_000,
        layout="stereo",
        segment_s=Fraction(1),
        language="",
        path="",
    )
