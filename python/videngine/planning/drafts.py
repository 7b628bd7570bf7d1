"""One output at a time, fitted to this source: its range, sizes, rates and sounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from videngine.errors import Fault
from videngine.media import MediaInfo, Stream
from videngine.plan import Geometry, LogoPlan, Look
from videngine.planning.assets import Assets, AssetSource
from videngine.planning.draft import Draft, DraftRung, Entry
from videngine.planning.encoding import encoding
from videngine.planning.image_drafts import gif, stills, thumbnails
from videngine.planning.images import Image
from videngine.planning.light import logo_plan, look, unsupported, wants_sdr
from videngine.planning.metadata import metadata_document
from videngine.planning.per_title import Curves, auto_rungs, chosen, wanted_trials
from videngine.planning.pictures import (
    Clip,
    Picture,
    frame_rate,
    limited_rate,
)
from videngine.planning.protection import UNUSABLE, is_unusable
from videngine.planning.repack import NotTaken, repack_plan
from videngine.planning.sizes import sized
from videngine.planning.sounds import Target, Tracks, tracks
from videngine.planning.speech import speech, spoken
from videngine.planning.texts import TextFailed, texts
from videngine.planning.video import VideoWish
from videngine.spec.images import GifOutput, ImageOutput, ThumbnailsOutput
from videngine.spec.job import JobSpec
from videngine.spec.logo import Logo
from videngine.spec.outputs import (
    AdaptiveOutput,
    FileOutput,
    HlsAudioOutput,
    MetadataOutput,
    Mp4Output,
    Output,
    RepackOutput,
    SoundOutput,
    SpeechToTextOutput,
    ThumbnailOutput,
    VmafOutput,
)
from videngine.spec.rendition import ClipFields, VideoFields
from videngine.spec.sound import AudioFields
from videngine.spec.subtitles import TextFields

# What a source says of itself that files of sound say too.
CARRIED_TAGS = (
    *("title", "artist", "album", "album_artist", "composer", "genre", "date", "track"),
    *("comment", "copyright"),
)
DEFAULT_SEGMENT_S = Fraction(6)


class Drafter:
    """Fits the outputs of one job to its source. ``warnings`` grow as it goes."""

    def __init__(
        self,
        spec: JobSpec,
        media: MediaInfo,
        *,
        source_path: str,
        preset: str,
        assets: Assets,
        gif_max_s: Fraction,
        curves: Curves,
    ) -> None:
        self.warnings: list[Fault] = []
        self._upscale = bool(spec.upscale)
        self._media = media
        self._preset = preset
        self._source_path = source_path
        self._assets = assets
        self._gif_max_s = gif_max_s
        self._curves = curves
        adaptive = [o for o in spec.format if isinstance(o, AdaptiveOutput)]
        self._segment_s = (adaptive and adaptive[0].segment_duration) or DEFAULT_SEGMENT_S

    def draft(self, index: int, output: Output) -> Draft:
        """Fit one output."""
        draft = Draft(index=index, output=output)
        if is_unusable(output):
            draft.error = UNUSABLE
            return draft
        match output:
            case SpeechToTextOutput():
                self._listen(draft, output)
                return draft
            case MetadataOutput():
                draft.document = metadata_document(self._media)
                return draft
            case VmafOutput():
                return draft
            case RepackOutput():
                self._repack(draft, output)
                return draft
            case SoundOutput() | HlsAudioOutput():
                self._sounds_alone(draft, output)
                return draft
        stream = self._media.video
        if stream is None or not all(stream.display_size):
            message = "The source has no picture to make this output of."
            draft.error = {"code": "source_no_streams", "message": message}
            return draft
        if reason := unsupported(stream, hdr_to_sdr=_wants_sdr(output)):
            draft.error = {"code": "unsupported_hdr", "message": reason}
            return draft
        clip = self._clip(draft, stream)
        if clip is None or not self._take_texts(draft, clip):
            return draft
        if isinstance(output, ImageOutput):
            draft.images = self._images(draft, output, stream, clip)
        elif isinstance(output, FileOutput):
            self._fill(draft, [(draft.path, output)], stream, clip, self._segment_s)
        else:
            rungs = output.rungs if output.stream else auto_rungs(output.rungs[0], stream)
            entries = [(f"{draft.path}.stream[{i}]", rung) for i, rung in enumerate(rungs)]
            segment_s = output.segment_duration or DEFAULT_SEGMENT_S
            self._fill(draft, entries, stream, clip, segment_s)
        if draft.error:  # a logo that is not there: nothing is encoded for it
            draft.rungs, draft.tracks = [], ()
        return draft

    def _take_texts(self, draft: Draft, clip: Clip) -> bool:
        """Give a draft its subtitles, or an error before anything is made for it."""
        if not isinstance(draft.output, TextFields):
            return True

        def warn(below: str, code: str, message: str) -> None:
            self._warn(f"{draft.path}.{below}", code, message)

        try:
            draft.texts = texts(
                draft.output, self._media.subtitles, clip=clip, assets=self._assets, warn=warn
            )
            if draft.texts and isinstance(draft.output, Mp4Output) and draft.output.cenc_drm:
                draft.texts = ()
                message = "An encrypted MP4 has no place for subtitles."
                warn("subtitles", "subtitles_left_out", message)
        except TextFailed as failure:
            draft.error = {"code": failure.code, "message": failure.message}
        return draft.error is None

    def _images(self, draft: Draft, output: ImageOutput, stream: Stream, clip: Clip) -> list[Image]:
        """The images of an output that has no other pictures."""

        def warn(below: str, code: str, message: str) -> None:
            self._warn(f"{draft.path}.{below}" if below else draft.path, code, message)

        images: list[Image] = []
        upscale = self._upscale
        match output:
            case GifOutput():
                longest_s = self._gif_max_s
                images = [
                    gif(output, stream, clip, longest_s=longest_s, upscale=upscale, warn=warn)
                ]
            case ThumbnailsOutput():
                images = [thumbnails(output, stream, clip, upscale=upscale, warn=warn)]
            case ThumbnailOutput():
                images = [*stills(output, stream, clip, upscale=upscale, warn=warn)]
        look = self._look(draft.path, output, stream)
        return [replace(image, look=look) for image in images]

    def _asset(self, draft: Draft, place: AssetSource, *, code: str) -> Path | None:
        """The local file of a logo or of subtitles; without one the draft gets an error."""
        asset = self._assets[place]
        if asset.path is not None and not asset.error:
            return asset.path
        if draft.error is None:
            draft.error = {"code": code, "message": asset.error}
        return None

    def _warn(self, path: str, code: str, message: str) -> None:
        fault = Fault(path=path, code=code, message=message)
        if fault not in self.warnings:
            self.warnings.append(fault)

    def _warner(self, path: str) -> Callable[[str, str, str], None]:
        """Warns of what stands below a path, or of itself."""
        return lambda below, code, message: self._warn(
            f"{path}.{below}" if below else path, code, message
        )

    def _clip(self, draft: Draft, stream: Stream) -> Clip | None:
        """The part of the source that an output takes, or None and an error in the draft."""
        fields = draft.output
        assert isinstance(fields, ClipFields), "what takes no part of the source has no clip"
        start, asked = fields.start_time or Fraction(0), fields.duration
        whole = stream.duration_s or self._media.duration_s
        if whole <= 0:
            return Clip(start_s=start, duration_s=asked, length_s=asked)
        left = whole - start
        if left <= 0:
            message = (
                f"start_time is {float(start):g} s, but the source ends at {float(whole):g} s."
            )
            draft.error = {"code": "range_outside_source", "message": message}
            return None
        if asked is not None and asked < left:
            return Clip(start_s=start, duration_s=asked, length_s=asked)
        if asked is not None and asked > left:
            message = (
                f"The source has {float(left):g} s left from start_time on; the output ends there."
            )
            self._warn(f"{draft.path}.duration", "duration_clipped", message)
        return Clip(start_s=start, length_s=left)

    def _fill(
        self,
        draft: Draft,
        entries: Sequence[tuple[str, Entry]],
        stream: Stream,
        clip: Clip,
        segment_s: Fraction,
    ) -> None:
        """Rungs and sounds of an output with pictures."""
        adaptive = isinstance(draft.output, AdaptiveOutput)
        made, skipped = sized(entries, stream.display_size, upscale=self._upscale, warn=self._warn)
        draft.skipped += skipped
        for path, entry, frame in made:
            rate = limited_rate(entry.framerate or frame_rate(stream), entry.framerate_limit)
            own_look = self._look(path, entry, stream)
            picture = Picture(
                width_px=frame.size[0],
                height_px=frame.size[1],
                frame_rate=rate,
                clip=clip,
                geometry=_filtered(frame.geometry, entry),
                look=replace(own_look, logos=self._logos(draft, entry, rate)),
                pixel_format=_pixel_format(entry, stream, own_look),
            )
            wish = VideoWish(
                picture=picture,
                encoding=encoding(
                    entry,
                    picture,
                    default_preset=self._preset,
                    adaptive=adaptive,
                    warn=self._warner(path),
                ),
                keyframe=entry.keyframe,
                segment_s=segment_s,
                adaptive=adaptive,
                captions=isinstance(draft.output, TextFields) and draft.output.keeps_captions,
            )
            draft.rungs.append(DraftRung(path=path, entry=entry, wish=wish))
        self._choose(draft, stream)
        target = Target(
            codecs=draft.output.sound_codecs,
            several=draft.separate_audio,
            groups=draft.separate_audio,
            clip=clip,
            segment_s=segment_s,
        )
        found = self._tracks(draft, [rung.entry for rung in draft.rungs], target)
        draft.tracks = found.tracks
        draft.rungs = [
            replace(rung, sounds=group)
            for rung, group in zip(draft.rungs, found.groups, strict=True)
        ]
        if isinstance(draft.output, AdaptiveOutput):
            draft.segment_s = segment_s

    def _choose(self, draft: Draft, stream: Stream) -> None:
        """Give rungs that are to suit the title their CRFs, as far as trials have told of it."""
        judged = [r for r in draft.rungs if stream.dynamic_range == "SDR" or r.is_tonemapped]
        draft.trials = wanted_trials(judged)
        for rung in draft.rungs:
            if rung.entry.optimize_bitrate and rung not in judged:
                message = "VMAF judges SDR only; the codec's default CRF is used."
                self._warn(f"{rung.path}.optimize_bitrate", "title_not_analysed", message)
        draft.rungs, useless = chosen(
            draft.rungs,
            self._curves,
            source_px=stream.display_size,
            auto=isinstance(draft.output, AdaptiveOutput) and not draft.output.stream,
        )
        draft.skipped += useless

    def _tracks(self, draft: Draft, settings: Sequence[AudioFields], target: Target) -> Tracks:
        return tracks(settings, self._media.audio, target=target, warn=self._warner(draft.path))

    def _sounds_alone(self, draft: Draft, output: SoundOutput | HlsAudioOutput) -> None:
        """An output without pictures: its sounds last as long as they do."""
        streams = self._media.audio
        if not streams and output.audio_mute is not True:
            message = "The source has no sound to make this output of."
            draft.error = {"code": "source_no_streams", "message": message}
            return
        stream = streams[0] if streams else self._media.video
        clip = self._clip(draft, stream) if stream else None
        if clip is None:
            return
        if isinstance(output, SoundOutput):
            target = Target(
                codecs=output.sound_codecs,
                several=False,
                groups=False,
                clip=clip,
                segment_s=DEFAULT_SEGMENT_S,
                container=output.container,
                with_picture=False,
                tags=tuple(
                    (key, self._media.tags[key]) for key in CARRIED_TAGS if key in self._media.tags
                ),
            )
            settings: Sequence[AudioFields] = [output]
        else:
            draft.segment_s = output.segment_duration or DEFAULT_SEGMENT_S
            target = Target(
                codecs=output.sound_codecs,
                several=True,
                groups=True,
                clip=clip,
                segment_s=draft.segment_s,
                with_picture=False,
            )
            settings = output.rungs
        found = self._tracks(draft, settings, target)
        draft.tracks = found.tracks[:1] if isinstance(output, SoundOutput) else found.tracks
        if not draft.tracks:
            message = "The source has none of the sounds that audio_tracks names."
            draft.error = {"code": "source_no_streams", "message": message}

    def _listen(self, draft: Draft, output: SpeechToTextOutput) -> None:
        stream = spoken(output, self._media.audio)
        if stream is None:
            draft.error = {"code": "no_speech", "message": "The source has no sound."}
        elif clip := self._clip(draft, stream):
            draft.speech = speech(output, stream, clip)

    def _repack(self, draft: Draft, output: RepackOutput) -> None:
        longest = self._media.video or next(iter(self._media.audio), None)
        clip = self._clip(draft, longest) if longest else Clip()
        if clip is None:
            return
        try:
            draft.repack = repack_plan(
                output,
                self._media,
                clip,
                source_path=self._source_path,
                warn=lambda code, message: self._warn(draft.path, code, message),
            )
        except NotTaken as error:
            draft.error = {"code": "codec_not_in_container", "message": str(error)}

    def _look(self, path: str, entry: Entry | ImageOutput, stream: Stream) -> Look:
        return look(
            entry, stream, lambda field, code, text: self._warn(f"{path}.{field}", code, text)
        )

    def _logos(self, draft: Draft, entry: Entry, rate: Fraction) -> tuple[LogoPlan, ...]:
        """The logos of a rung; without one of them the draft gets an error."""
        asked = entry.logo or ()
        plans = []
        for logo in (asked,) if isinstance(asked, Logo) else asked:
            file = self._asset(draft, logo.source, code="logo_fetch_failed")
            if file:
                plans.append(logo_plan(logo, file, rate))
        return tuple(plans)


def _wants_sdr(output: Output) -> bool:
    entries = output.rungs if isinstance(output, AdaptiveOutput) else (output,)
    return any(wants_sdr(e) for e in entries if isinstance(e, VideoFields | ImageOutput))


def _filtered(geometry: Geometry, entry: Entry) -> Geometry:
    parameters = entry.video_codec_parameters
    if parameters is None or not parameters.sws_flags:
        return geometry
    return replace(geometry, filter=parameters.sws_flags)


def _pixel_format(entry: Entry, stream: Stream, look: Look) -> str:
    """As asked; HDR that is kept has ten bits, where the codec has them."""
    if entry.codec.takes_ten_bits:
        kept = stream.dynamic_range != "SDR" and look.tonemap is None
        default = "yuv420p10le" if kept and entry.codec.standard != "h264" else "yuv420p"
        return entry.pix_format or default
    return "yuv420p"
