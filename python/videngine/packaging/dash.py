"""DASH: segments and the MPD, all by Shaka Packager, checked against the plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from videngine.outputs import PackagedFile
from videngine.packaging import captions, cenc
from videngine.packaging.files import packaged_folder
from videngine.packaging.hls import write_playlists
from videngine.packaging.ladder import cut_ladder
from videngine.packaging.renditions import Renditions
from videngine.packaging.texts import add_to_mpd


def package_dash(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package one DASH output: every rung in one adaptation set, each sound in one of its own.

    The HLS playlist beside it, if it was asked for, lists the same segments.
    """
    output = renditions.output
    ladder = cut_ladder(renditions, folder, mpd=output.name, hls=output.hls_name, stop=stop)
    mpd, encryption = folder / output.name, renditions.common_encryption
    text = _tidied(mpd.read_text(), {stream.language for stream in ladder.streams})
    if encryption:
        text = cenc.with_licence_url(text, encryption)
    text = captions.add_to_mpd(text, captions.carried(renditions))
    mpd.write_text(add_to_mpd(text, renditions, folder))
    if output.hls_name:
        write_playlists(renditions, folder, output.hls_name, ladder)
    return packaged_folder(output, folder)


def _tidied(text: str, languages: set[str]) -> str:
    """Tidy what the packager takes from track files as it stands there.

    That is, for a sound of unknown language, what a muxer wrote there; and frame rates in ticks.
    """
    text = re.sub(r' lang="([^"]*)"', lambda lang: lang[0] if lang[1] in languages else "", text)
    return re.sub(r' frameRate="(\d+/\d+)"', lambda rate: f' frameRate="{Fraction(rate[1])}"', text)
