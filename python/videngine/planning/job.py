"""The whole plan: each output is fitted to the source, then equal renditions become one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from videngine.errors import Fault
from videngine.media import MediaInfo, Stream
from videngine.outputs import OutputPlan, RecognitionPlan, RungPlan, SkippedRung
from videngine.plan import Plan
from videngine.planning.assets import Assets
from videngine.planning.draft import Draft
from videngine.planning.drafts import Drafter
from videngine.planning.per_title import Curves
from videngine.planning.pictures import Picture
from videngine.planning.protection import protection_of
from videngine.planning.renditions import LoudnessTarget, Renditions, keyframe_frames
from videngine.planning.scores import with_scores
from videngine.planning.speech import Speech, recognitions
from videngine.planning.trials import Trial
from videngine.spec.job import JobSpec
from videngine.spec.keys import OutputPlace, place_outputs
from videngine.spec.outputs import AdaptiveOutput, Output, Rung, SpeechToTextOutput, ThumbnailOutput


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """What the engine makes, what each output shows of it, and what is not as it was asked.

    ``loudness``: what sounds are to be brought to, by their ids; `loudness.measure_gains` finds the
    gains that `with_gains` puts into the engine's plan. ``trials``: what would tell how to encode
    rungs that are to suit the title; `sampling.sample` makes them.
    """

    engine: Plan
    outputs: tuple[OutputPlan, ...]
    warnings: tuple[Fault, ...]
    loudness: Mapping[str, LoudnessTarget] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()


def plan_job(
    spec: JobSpec,
    media: MediaInfo,
    *,
    source_path: str,
    work_dir: str,
    default_preset: str,
    cores: int,
    assets: Assets | None = None,
    gif_max_s: Fraction = Fraction(30),
    curves: Curves | None = None,
) -> JobPlan:
    """Decide all that can be decided before a frame is decoded.

    Outputs that cannot be made of this source carry an ``error``; whether that fails the job is not
    decided here.

    Args:
        spec: the request.
        media: facts about its source.
        source_path: the source as a local file.
        work_dir: folder of the renditions' files, without a slash at its end.
        default_preset: x264's preset for every rendition.
        cores: processors, shared out among the encoders by their pixels a second.
        assets: every subtitle file and logo that `named_assets` found; none by default.
        gif_max_s: the longest animation.
        curves: what the trials of an earlier plan of the job came to. Without them rungs that are
            to suit the title have their codec's usual CRF.
    """
    places, _ = place_outputs(spec)  # their warnings were given with the answer to the request
    drafter = Drafter(
        spec,
        media,
        source_path=source_path,
        preset=default_preset,
        assets=assets or {},
        gif_max_s=gif_max_s,
        curves=curves or {},
    )
    drafts = [drafter.draft(index, output) for index, output in enumerate(spec.format)]
    renditions = Renditions([rung.wish for draft in drafts for rung in draft.rungs])
    source_range = media.video.dynamic_range if media.video else "SDR"
    speeches = recognitions((d.speech for d in drafts if d.speech), work_dir)
    outputs = tuple(
        _finish(draft, place, renditions, speeches, source_range=source_range)
        for draft, place in zip(drafts, places, strict=True)
    )
    pictures = {renditions.video(r.wish): r.wish.picture for d in drafts for r in d.rungs}
    outputs = with_scores(outputs, drafts, pictures, media, work_dir)
    return JobPlan(
        engine=renditions.plan(media, source_path=source_path, work_dir=work_dir, cores=cores),
        outputs=outputs,
        loudness=renditions.loudness,
        trials=tuple(dict.fromkeys(trial for draft in drafts for trial in draft.trials)),
        warnings=(
            *_source_warnings(media, drafts),
            *drafter.warnings,
            *(fault for draft in drafts for fault in _keyframe_warnings(draft, renditions)),
        ),
    )


def with_gains(plan: JobPlan, gains: Mapping[str, float]) -> JobPlan:
    """The plan with its sounds amplified, by their ids, in dB, and limited to their peaks."""
    audio = tuple(
        replace(
            sound,
            gain_db=gains[sound.id],
            true_peak_dbtp=plan.loudness[sound.id].true_peak_dbtp,
        )
        if sound.id in gains
        else sound
        for sound in plan.engine.audio
    )
    return replace(plan, engine=replace(plan.engine, audio=audio))


def _finish(
    draft: Draft,
    place: OutputPlace,
    renditions: Renditions,
    speeches: Mapping[Speech, RecognitionPlan],
    *,
    source_range: str,
) -> OutputPlan:
    """An output with the ids of its renditions; rungs that equal earlier ones are left out."""
    output = draft.output
    rungs: dict[str, RungPlan] = {}
    skipped = list(draft.skipped)
    for rung in draft.rungs:
        video, picture = renditions.video(rung.wish), rung.wish.picture
        if video in rungs:
            message = "The rung is the same as an earlier one of this output."
            skipped.append(SkippedRung(path=rung.path, code="duplicate_rung", message=message))
            continue
        rungs[video] = RungPlan(
            video=video,
            width_px=picture.width_px,
            height_px=picture.height_px,
            frame_rate=picture.frame_rate,
            dynamic_range="SDR" if picture.look.tonemap else source_range,
            chunklist=(isinstance(rung.entry, Rung) and rung.entry.chunklist_name) or "",
            sounds=rung.sounds,
            captions=rung.wish.captions,
            chosen=rung.chosen,
        )
    tracks = tuple(track.plan(renditions.audio(track.sound)) for track in draft.tracks)
    packaging = _packaging(output)
    segment_s = draft.segment_s
    if packaging["protection"] is not None and draft.rungs:
        segment_s = draft.rungs[0].wish.segment_s
    return OutputPlan(
        index=draft.index,
        output=output.kind,
        root=place.root,
        name=place.name,
        rungs=tuple(rungs.values()),
        tracks=tracks,
        texts=tuple(text.plan(renditions.text) for text in draft.texts),
        entries=output.file_names if isinstance(output, ThumbnailOutput) else (place.name,),
        images=tuple(renditions.images.id(image) for image in draft.images),
        speech=speeches[draft.speech] if draft.speech else None,
        text_files=tuple(output.names_by_kind.items())
        if isinstance(output, SpeechToTextOutput)
        else (),
        document=draft.document,
        repack=draft.repack,
        segment_s=segment_s,
        separate_audio=draft.separate_audio,
        **packaging,
        allow_soft_fail=bool(output.allow_soft_fail),
        skipped=tuple(sorted(skipped, key=lambda s: (len(s.path), s.path))),
        error=draft.error,
    )


def _packaging(output: Output) -> dict[str, Any]:
    """The fields of `OutputPlan` that say how a ladder is packaged."""
    protection = protection_of(output)
    if not isinstance(output, AdaptiveOutput):
        return {"protection": protection}
    return {
        "protection": protection,
        "fmp4": output.makes_fmp4,
        "one_folder": bool(output.single_folder),
        "i_frames": bool(output.i_frames_only),
        "hls_name": output.hls_name,
    }


def _source_warnings(media: MediaInfo, drafts: list[Draft]) -> Iterator[Fault]:
    stream = media.video
    pictures = [rung.wish.picture for draft in drafts for rung in draft.rungs]
    if stream is None or not pictures:
        return
    if any(_washed_out(picture, stream) for picture in pictures):
        message = (
            f"The source is {stream.dynamic_range}; in 8-bit H.264 its colours will look washed "
            "out. Set `hdr_to_sdr`."
        )
        yield Fault(path="source", code="hdr_to_8bit", message=message)
    if stream.interlaced and any(not picture.look.deinterlace for picture in pictures):
        message = (
            "The source is interlaced and is encoded as it is; fine lines will comb. Set "
            "`deinterlace`."
        )
        yield Fault(path="source", code="interlaced_source", message=message)


def _washed_out(picture: Picture, stream: Stream) -> bool:
    kept = stream.dynamic_range != "SDR" and picture.look.tonemap is None
    return kept and picture.pixel_format == "yuv420p"


def _keyframe_warnings(draft: Draft, renditions: Renditions) -> Iterator[Fault]:
    """Where a keyframe interval that was asked for does not divide the segments."""
    for rung in draft.rungs:
        wish = rung.wish
        if wish.keyframe is None:
            continue
        frames = keyframe_frames(wish.keyframe, wish.picture.frame_rate)
        segment = renditions.segment_frames(wish)
        if frames > segment:
            message = (
                f"A segment has {segment} frames and starts with a keyframe; {segment} is used."
            )
            yield Fault(path=f"{rung.path}.keyframe", code="keyframe_clamped", message=message)
        elif segment % frames:
            message = (
                f"A segment has {segment} frames, which is no multiple of {frames}; its last GOP "
                "is shorter."
            )
            yield Fault(path=f"{rung.path}.keyframe", code="uneven_gop", message=message)
