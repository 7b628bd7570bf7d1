"""What becomes of a picture's light: HDR made SDR, or kept and said so."""

from __future__ import annotations

from videngine.media import Stream
from videngine.plan import TonemapPlan

# BT.2408's reference white: no curve is needed up to here. PQ ends at 10 000 nits.
_LOWEST_PEAK_NITS, _HIGHEST_PEAK_NITS = 203.0, 10_000.0
# What HDR10 is usually mastered for, and what HLG is defined on (BT.2100).
_USUAL_PEAK_NITS = 1000.0
_UNDECODABLE_MATRICES = ("ictcp", "bt2020c")


def tonemap(stream: Stream) -> TonemapPlan | None:
    """How a source becomes SDR; None if it is.

    The curve makes room for the brightest light that the metadata tells of: MaxCLL, else the
    mastering display's peak.
    """
    if stream.dynamic_range == "HLG":
        return TonemapPlan(transfer="hlg", peak_nits=_USUAL_PEAK_NITS)
    if stream.dynamic_range == "SDR":
        return None
    told = stream.max_content_nits or stream.mastering_peak_nits or _USUAL_PEAK_NITS
    peak = min(max(float(told), _LOWEST_PEAK_NITS), _HIGHEST_PEAK_NITS)
    return TonemapPlan(transfer="pq", peak_nits=peak)


def unsupported(stream: Stream, *, hdr_to_sdr: bool) -> str | None:
    """Why no right picture can be made of a source's kind of HDR, if so.

    Dolby Vision's profile 5 (and 10 and 20 without a compatible base layer) is coded in a space of
    its own that only its metadata undoes: shown as anything else it is green and purple.
    """
    profile = stream.dolby_vision_profile
    alone = profile in (10, 20) and stream.dolby_vision_compatibility == 0
    if profile == 5 or alone:
        return (
            f"The source is Dolby Vision profile {profile}, which has no picture that other "
            "decoders can show; send a version with an HDR10, HLG or SDR base layer."
        )
    if hdr_to_sdr and stream.color.matrix in _UNDECODABLE_MATRICES:
        return f"HDR with the matrix {stream.color.matrix} cannot be brought to SDR."
    return None
