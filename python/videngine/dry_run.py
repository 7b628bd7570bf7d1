"""What a job would make, without making it: rungs, names, warnings, and about what it costs."""

from __future__ import annotations

import posixpath
from fractions import Fraction
from typing import Any

from videngine.media import MediaInfo
from videngine.outputs import OutputPlan
from videngine.packaging.layout import Layout
from videngine.plan import PicturePlan, Plan, VideoRenditionPlan
from videngine.planning import JobPlan
from videngine.spec import JobSpec, OutputPlace, place_outputs

JSON = dict[str, Any]

# Megapixels that one core encodes in a second, by encoder, at x264's and x265's `medium` and the
# defaults of the others: measured on one machine, so a scale, not a promise.
_MEGAPIXELS_S = {"libx264": 20, "libx265": 8, "libsvtav1": 15, "libvpx": 10, "libvpx-vp9": 5}
_OTHERS = 200  # encoders of a device cost a core next to nothing
_PRESETS = {
    "ultrafast": 6.0, "superfast": 4.0, "veryfast": 2.5, "faster": 1.7, "fast": 1.3, "medium": 1.0,
    "slow": 0.6, "slower": 0.35, "veryslow": 0.2, "placebo": 0.1,
}  # fmt: skip
_BITS_PER_PIXEL = 0.08  # of a picture of CRF 23; each 6 more halve it
_USUAL_CRF = 23


def preview(spec: JobSpec, plan: JobPlan, media: MediaInfo) -> JSON:
    """The plan of a job, as answers show it: no secret, no path of this machine."""
    places, _ = place_outputs(spec)
    rates = {picture.id: picture for picture in plan.engine.pictures}
    video = {v.id: _video(v, rates[v.picture], media) for v in plan.engine.video}
    audio = {a.id: _audio(a, media) for a in plan.engine.audio}
    renditions = video | audio
    return {
        "source_info": media.to_json(),
        "outputs": [
            _output(output, place, labels=spec.format[output.index].labels)
            for output, place in zip(plan.outputs, places, strict=True)
        ],
        "renditions": list(renditions.values()),
        "warnings": [warning.to_json() for warning in plan.warnings],
        "estimate": {
            "cpu_s": round(sum(_cpu_s(v, rates[v.picture], media) for v in plan.engine.video), 1),
            "encodes": len(plan.engine.video) + len(plan.engine.audio),
            "decodes": 1 if _decodes(plan.engine) else 0,
            "size": sum(
                renditions[name]["size"]
                for output in plan.outputs
                if not output.error
                for name in output.renditions
                if name in renditions
            ),
        },
    }


def _output(
    output: OutputPlan, place: OutputPlace, *, labels: tuple[str | None, str | None]
) -> JSON:
    return {
        "index": output.index,
        "output": output.output,
        "tag": labels[0],
        "user_tag": labels[1],
        "error": output.error,
        "renditions": output.renditions,
        "skipped": [vars(skipped) for skipped in output.skipped],
        "folders": list(place.folders),
        "keys": [] if output.error else _keys(output),
    }


def _keys(output: OutputPlan) -> list[str]:
    """Names below the destination's folder; ``*`` stands for the numbers of segments."""
    names = [output.name] if output.name else []
    if output.hls_name not in ("", output.name):
        names.append(output.hls_name)
    names += [name for _, name in output.text_files]
    if output.segment_s is not None:
        layout = Layout(
            mpeg_ts=not output.fmp4,
            one_file=output.output == "advanced_mp4",
            one_folder=output.one_folder,
        )
        folders = [f"video_{n + 1}" for n in range(len(output.rungs))]
        if output.separate_audio:
            folders += [f"audio_{n + 1}" for n in range(len(output.tracks))]
        for folder in folders:
            names.append(layout.file(folder) if layout.one_file else layout.segment(folder, "*"))
    return [posixpath.join(output.root, name) for name in names]


def _video(video: VideoRenditionPlan, picture: PicturePlan, media: MediaInfo) -> JSON:
    seconds = _seconds(picture.duration_s, picture.start_s, media)
    return {
        "id": video.id,
        "kind": "video",
        "codec": video.codec,
        "width": picture.width_px,
        "height": picture.height_px,
        "frame_rate": str(picture.frame_rate),
        "crf": video.crf,
        "bitrate": video.bitrate_bps,
        "duration": round(seconds, 3),
        "size": round(_rate_bps(video, picture) * seconds / 8),
    }


def _audio(audio: Any, media: MediaInfo) -> JSON:
    seconds = _seconds(audio.duration_s, audio.start_s, media)
    rate = audio.bitrate_bps or audio.sample_rate_hz * audio.sample_bits  # lossless: about half
    return {
        "id": audio.id,
        "kind": "audio",
        "codec": audio.codec,
        "layout": audio.layout,
        "sample_rate": audio.sample_rate_hz,
        "bitrate": audio.bitrate_bps,
        "duration": round(seconds, 3),
        "size": round(rate * seconds / 8),
    }


def _seconds(duration_s: Fraction | None, start_s: Fraction, media: MediaInfo) -> float:
    return float(max(media.duration_s - start_s, Fraction(0)) if duration_s is None else duration_s)


def _rate_bps(video: VideoRenditionPlan, picture: PicturePlan) -> float:
    """What the rate control says, or what a picture of this CRF usually takes."""
    if video.bitrate_bps is not None:
        return video.bitrate_bps
    pixels_s = picture.width_px * picture.height_px * float(picture.frame_rate)
    crf = _USUAL_CRF if video.crf is None else video.crf
    usual = pixels_s * _BITS_PER_PIXEL * 2 ** ((_USUAL_CRF - crf) / 6)
    return min(usual, video.max_bitrate_bps or usual)


def _cpu_s(video: VideoRenditionPlan, picture: PicturePlan, media: MediaInfo) -> float:
    frames = _seconds(picture.duration_s, picture.start_s, media) * float(picture.frame_rate)
    megapixels = picture.width_px * picture.height_px * frames / 1e6
    speed = _MEGAPIXELS_S.get(video.codec, _OTHERS) * _PRESETS.get(video.preset, 1.0)
    return megapixels / speed


def _decodes(plan: Plan) -> bool:
    return bool(plan.video or plan.stills or plan.gifs or plan.thumbnails)
