"""How one picture is encoded: codec, rate control, and the encoder's options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from videngine.planning.encoder_options import preset, translate
from videngine.planning.levels import legal_level
from videngine.planning.pictures import Picture
from videngine.spec.codec_parameters import CodecParameters
from videngine.spec.codecs import Codec
from videngine.spec.encoding import EncodingFields

Warn = Callable[[str, str, str], None]
"""Takes the path below the rung, the code and the message of a warning."""

HIGHEST_CRF = 51
_TAGS = {"hevc": "hvc1"}
_EIGHT_BIT_PROFILES = ("baseline", "main", "high")
_TEN_BIT_PROFILES = {"h264": "high10", "hevc": "main10"}
_PARAMETERS = "video_codec_parameters"


@dataclass(frozen=True, kw_only=True)
class RateControl:
    """How bits are spent; the fields are those of `VideoRenditionPlan`."""

    crf: float | None = None
    bitrate_bps: int | None = None
    max_bitrate_bps: int | None = None
    buffer_size_bits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What an encoder is told, but for its key frames. Part of a rendition's identity."""

    codec: str
    preset: str
    rate_control: RateControl
    options: tuple[tuple[str, str], ...] = ()
    tag: str = ""
    two_pass: bool = False


def encoding(
    entry: EncodingFields, picture: Picture, *, default_preset: str, adaptive: bool, warn: Warn
) -> Encoding:
    """Decide how a rung is encoded.

    Args:
        entry: what was asked for.
        picture: what is encoded; its rate and size limit what can be.
        default_preset: by x264's names.
        adaptive: whether the rung switches with others, on one grid of key frames.
        warn: told of what cannot be as it was asked.
    """
    return _Decision(entry, picture, adaptive=adaptive, warn=warn).made(default_preset)


class _Decision:
    """One rung's. Not reusable."""

    def __init__(
        self, entry: EncodingFields, picture: Picture, *, adaptive: bool, warn: Warn
    ) -> None:
        self._entry = entry
        self._picture = picture
        self._adaptive = adaptive
        self._warn = warn
        self._codec: Codec = entry.codec
        asked = (entry.video_codec_parameters or CodecParameters()).settled
        self._asked = asked.model_copy(update={"vprofile": asked.vprofile or entry.profile})

    def made(self, default_preset: str) -> Encoding:
        rate_control = self._rate_control()
        name, options = self._preset(default_preset)
        two_pass, more = self._two_pass(rate_control)
        options |= self._options() | more
        return Encoding(
            codec=self._codec.name,
            preset=name,
            rate_control=rate_control,
            options=tuple(sorted(options.items())),
            tag=self._entry.tag_video or _TAGS.get(self._codec.standard, ""),
            two_pass=two_pass,
        )

    def _rate_control(self) -> RateControl:
        """The precedence: optimized, then quality (capped by the rate), then the rate."""
        entry, asked = self._entry, self._asked
        rate = entry.bitrate and 1000 * entry.bitrate
        peak = asked.max_rate and 1000 * asked.max_rate
        crf = self._optimized_crf()
        if crf is None:
            crf = None if entry.quality is None else float(entry.quality)
            if crf is None and not rate:
                crf = float(self._codec.default_crf)
        cap = peak or rate
        if crf == 0 and cap:
            message = "A lossless picture cannot be capped; the rate alone is used."
            self._warn("quality", "conflicting_fields", message)
            crf, rate = None, rate or cap
        if crf is not None:
            return RateControl(crf=crf, max_bitrate_bps=cap, buffer_size_bits=self._buffer(cap))
        assert rate
        if peak and peak < rate:
            message = "`max_rate` is below the average `bitrate`, which is used."
            self._warn(f"{_PARAMETERS}.max_rate", "conflicting_fields", message)
        most = max(peak or 3 * rate // 2, rate)
        buffer = self._buffer(most) if asked.bufsize else 2 * rate
        return RateControl(bitrate_bps=rate, max_bitrate_bps=most, buffer_size_bits=buffer)

    def _buffer(self, peak: int | None) -> int | None:
        """In bits; at least what one frame may take."""
        asked = self._asked.bufsize
        if peak is None:
            if asked:
                message = "A buffer means nothing without `max_rate` or `bitrate`."
                self._warn(f"{_PARAMETERS}.bufsize", "parameter_ignored", message)
            return None
        if not asked:
            return 2 * peak
        return max(1000 * asked, ceil(peak / self._picture.frame_rate))

    def _optimized_crf(self) -> float | None:
        """The CRF of `optimize_bitrate`, or None. `per_title` finds a better one by trials."""
        entry = self._entry
        if not entry.optimize_bitrate:
            for name in ("min_crf", "max_crf", "adjust_crf"):
                asked = getattr(entry, name)
                if asked and (name, asked) != ("max_crf", HIGHEST_CRF):
                    message = "It means nothing without `optimize_bitrate`."
                    self._warn(name, "parameter_ignored", message)
            return None
        if self._codec.standard not in ("h264", "hevc"):
            message = f"It is for H.264 and HEVC, not for {self._codec.name}."
            self._warn("optimize_bitrate", "parameter_ignored", message)
            return None
        crf = self._codec.default_crf + (entry.adjust_crf or 0)
        highest = HIGHEST_CRF if entry.max_crf is None else min(entry.max_crf, HIGHEST_CRF)
        return float(max(entry.min_crf or 0, min(crf, highest)))

    def _preset(self, default: str) -> tuple[str, dict[str, str]]:
        if asked := self._asked.preset:
            if found := preset(asked, self._codec):
                return found
            message = f"{self._codec.name} has no preset {asked}; {default} is used."
            self._warn(f"{_PARAMETERS}.preset", "parameter_ignored", message)
        return preset(default, self._codec) or (default, {})

    def _two_pass(self, rate_control: RateControl) -> tuple[bool, dict[str, str]]:
        if not self._entry.two_pass:
            return False, {}
        if rate_control.bitrate_bps is None:
            message = "Two passes are for an average `bitrate`; one pass keeps a quality."
            self._warn("two_pass", "parameter_ignored", message)
        elif self._codec.family == "svt":
            message = "SVT-AV1 makes one pass here."
            self._warn("two_pass", "parameter_ignored", message)
        elif self._codec.family == "nvenc":
            return False, {"multipass": "fullres"}
        else:
            return True, {}
        return False, {}

    def _options(self) -> dict[str, str]:
        parameters = self._legal(self._asked)
        translation = translate(parameters, self._codec)
        for name in translation.unknown:
            message = f"{self._codec.name} has no such parameter; it is left out."
            self._warn(f"{_PARAMETERS}.{name}", "parameter_ignored", message)
        options = translation.options
        if parameters.sc_threshold:
            options["keyint_min"] = "1"  # else the encoder makes no key frame of a scene cut
        return options

    def _legal(self, asked: CodecParameters) -> CodecParameters:
        """The parameters without what this picture cannot have."""
        update: dict[str, str | None] = {}
        if asked.sc_threshold and self._adaptive:
            message = "All rungs of a ladder have key frames at the same cuts, or none has any."
            self._warn(f"{_PARAMETERS}.sc_threshold", "parameter_ignored", message)
            update["sc_threshold"] = None
        if asked.level:
            level = legal_level(
                asked.level,
                self._codec.standard,
                width_px=self._picture.width_px,
                height_px=self._picture.height_px,
                frame_rate=self._picture.frame_rate,
            )
            if self._codec.standard in ("h264", "hevc") and level != asked.level:
                message = (
                    f"Level {asked.level} does not take this picture; {level or 'none'} is used."
                )
                self._warn(f"{_PARAMETERS}.level", "level_raised", message)
                update["level"] = level
        ten_bits = self._picture.pixel_format != "yuv420p"
        if ten_bits and asked.vprofile in _EIGHT_BIT_PROFILES:
            better = _TEN_BIT_PROFILES.get(self._codec.standard)
            message = f"Ten bits are not in the profile {asked.vprofile}; {better} is used."
            self._warn(f"{_PARAMETERS}.vprofile", "profile_raised", message)
            update["vprofile"] = better
        return asked.model_copy(update=update)
