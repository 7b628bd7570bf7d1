"""DASH: segments and the MPD, all by Shaka Packager, checked against the plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from videngine.outputs import PackagedFile
from videngine.packaging import cenc, shaka
from videngine.packaging.cmaf import check_segments, read_segments
from videngine.packaging.files import packaged_folder
from videngine.packaging.renditions import Renditions
from videngine.packaging.texts import add_to_mpd


def package_dash(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package one DASH output: every rung in one adaptation set, each sound in one of its own."""
    output = renditions.output
    streams = shaka.streams(renditions)
    encryption = renditions.common_encryption
    shaka.run(
        streams,
        folder,
        segment_s=renditions.segment_s,
        mpd=output.name,
        secret_flags=cenc.packager_flags(encryption) if encryption else (),
        stop=stop,
    )
    for stream in streams:
        check_segments(renditions, stream.rendition, read_segments(folder / stream.name))
    mpd = folder / output.name
    text = _tidied(mpd.read_text(), {stream.language for stream in streams})
    if encryption:
        text = cenc.with_licence_url(text, encryption)
    mpd.write_text(add_to_mpd(text, renditions, folder))
    return packaged_folder(output, folder)


def _tidied(text: str, languages: set[str]) -> str:
    """Tidy what the packager takes from track files as it stands there.

    That is, for a sound of unknown language, what a muxer wrote there; and frame rates in ticks.
    """
    text = re.sub(r' lang="([^"]*)"', lambda lang: lang[0] if lang[1] in languages else "", text)
    return re.sub(r' frameRate="(\d+/\d+)"', lambda rate: f' frameRate="{Fraction(rate[1])}"', text)
