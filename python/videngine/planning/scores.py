"""Which renditions are scored against the source, for `vmaf` outputs and `metrics`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from videngine.media import Color, MediaInfo, Stream
from videngine.outputs import OutputPlan, ScorePlan
from videngine.planning.draft import Draft
from videngine.planning.pictures import Picture
from videngine.spec.facts import VMAF_MODELS, VmafOutput


def with_scores(
    outputs: Sequence[OutputPlan],
    drafts: Sequence[Draft],
    pictures: Mapping[str, Picture],
    media: MediaInfo,
    work_dir: str,
) -> tuple[OutputPlan, ...]:
    """The outputs with the scores that they are to tell of.

    Args:
        outputs: all of the job.
        drafts: theirs.
        pictures: of each rendition, by its id.
        media: facts about the source.
        work_dir: where scores are kept; outputs that want the same share it.
    """
    planned = []
    for output, draft in zip(outputs, drafts, strict=True):
        spec = draft.output
        if isinstance(spec, VmafOutput):
            chosen = spec.distorted or range(len(outputs))
            videos = [r.video for i in chosen for r in outputs[i].rungs if not outputs[i].error]
            model, subsample = spec.vmaf_model or VMAF_MODELS[0], spec.n_subsample or 1
        else:
            wanted = {rung.wish.picture for rung in draft.rungs if rung.entry.metrics}
            videos = [r.video for r in output.rungs if pictures[r.video] in wanted]
            model, subsample = VMAF_MODELS[0], 1
        scores = tuple(
            _score(video, pictures[video], media, model=model, n_subsample=subsample, kept=work_dir)
            for video in dict.fromkeys(videos)
        )
        error = output.error
        if isinstance(spec, VmafOutput) and not error and all(s.reason for s in scores):
            reason = scores[0].reason if scores else "There is no picture to score."
            error = {"code": "not_comparable", "message": reason}
        planned.append(replace(output, scores=scores, error=error))
    return tuple(planned)


def _score(
    video: str, picture: Picture, media: MediaInfo, *, model: str, n_subsample: int, kept: str
) -> ScorePlan:
    stream = media.video
    assert stream is not None, "there is no rendition of a picture without one"
    width, height = stream.display_size
    return ScorePlan(
        video=video,
        stream=stream.index,
        width_px=width,
        height_px=height,
        frame_rate=picture.frame_rate,
        origin_s=media.start_s,
        start_s=picture.clip.start_s,
        model=model,
        n_subsample=n_subsample,
        path=f"{kept}/score_{video}_{model}_{n_subsample}.json",
        untold=_untold(stream.color),
        reason=_reason(picture, stream),
    )


def _untold(color: Color) -> tuple[str, ...]:
    facts = {
        "range": color.range,
        "color_primaries": color.primaries,
        "color_trc": color.transfer,
        "colorspace": color.matrix,
    }
    return tuple(name for name, value in facts.items() if value == "unknown")


def _reason(picture: Picture, stream: Stream) -> str:
    """Why a picture cannot be compared with the source; empty if it can."""
    if stream.dynamic_range != "SDR":
        return f"The source is {stream.dynamic_range}; the models judge SDR only."
    geometry = picture.geometry
    whole = geometry.kept_width == 1 and geometry.kept_height == 1
    if geometry.rotation_deg or geometry.bars_x_px or geometry.bars_y_px or not whole:
        return "The picture is turned, cropped or has bars: it does not lie on the source's."
    return ""
