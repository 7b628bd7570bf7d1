"""Speech to text: a rendition of the sound → words with their times → text files."""

from __future__ import annotations

from videngine.errors import EncoderUnavailable, InputError


def unavailable(reason: str) -> EncoderUnavailable:
    """``stt_unavailable``: what is missing, for the operator."""
    return EncoderUnavailable("stt_unavailable", f"Speech cannot be recognised here: {reason}.")


def no_speech() -> InputError:
    """``no_speech``."""
    return InputError("no_speech", "Nothing is said in the source's sound.")
