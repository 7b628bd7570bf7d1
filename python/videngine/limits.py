"""What an operator's settings allow of a request, judged when it comes in."""

from __future__ import annotations

from fractions import Fraction

from videngine.errors import Fault, SpecError
from videngine.settings import Settings
from videngine.spec import JobSpec
from videngine.spec.images import GifOutput


def require_within_limits(spec: JobSpec, settings: Settings) -> None:
    """Refuse what would only be cut after the source has come.

    Raises:
        SpecError: ``conflicting_fields`` for every GIF that asks for more than ``gif_max_seconds``.
    """
    longest_s = Fraction(str(settings.gif_max_seconds))
    faults = [
        Fault(
            path=f"format[{index}].duration",
            code="conflicting_fields",
            message=f"`duration` of a GIF is at most {float(longest_s):g} s on this server.",
        )
        for index, output in enumerate(spec.format)
        if isinstance(output, GifOutput) and output.duration and output.duration > longest_s
    ]
    if faults:
        raise SpecError(faults)
