"""Packaging: the engine's clear track files become the files of one output, each with its key."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from videngine.errors import VidengineError
from videngine.outputs import OutputPlan, PackagedFile
from videngine.packaging.advanced_mp4 import package_advanced_mp4
from videngine.packaging.copies import package_document, package_repack, package_scores
from videngine.packaging.dash import package_dash
from videngine.packaging.file import package_file
from videngine.packaging.guard import check_protected
from videngine.packaging.hls import package_hls
from videngine.packaging.hls_audio import package_hls_audio
from videngine.packaging.images import package_sound, package_stills, package_thumbnails
from videngine.packaging.renditions import Renditions
from videngine.packaging.shaka import disk_full
from videngine.packaging.speech import package_speech
from videngine.plan import Plan, RenditionResult

__all__ = ["package"]

_BY_OUTPUT: dict[str, Callable[[Renditions, Path, Callable[[], bool]], list[PackagedFile]]] = {
    "advanced_hls": package_hls,
    "advanced_dash": package_dash,
    "advanced_mp4": package_advanced_mp4,
    "mp4": package_file,
    "webm": package_file,
    "thumbnail": package_stills,
    "thumbnails": package_thumbnails,
    "gif": package_stills,
    "speech_to_text": package_speech,
    "metadata": package_document,
    "repack": package_repack,
    "vmaf": package_scores,
    "hls_audio": package_hls_audio,
    **dict.fromkeys(("mp3", "m4a", "opus", "flac", "wav"), package_sound),
}


def package(
    output: OutputPlan,
    plan: Plan,
    results: Mapping[str, RenditionResult],
    folder: Path,
    *,
    stop: Callable[[], bool],
) -> list[PackagedFile]:
    """Make one output from finished renditions.

    Args:
        output: the output, resolved.
        plan: what the engine was told; the segments are checked against its grid.
        results: finished renditions by id.
        folder: where the files go; whatever an earlier attempt left there is removed first.
        stop: polled several times a second; True ends the work.

    Returns:
        The files in the order of upload: what a manifest names comes before it.

    Raises:
        Cancelled: ``stop`` said so.
        ResourceError: ``disk_full``, ``timeout``.
        WorkerLost: a child process died; the work may be retried.
        VidengineError: ``packaging_failed``: the renditions cannot be packaged, or what came out is
            not what the plan says.
    """
    make = _BY_OUTPUT.get(output.output)
    if make is None:
        raise VidengineError(
            "unknown_output", f"Nothing is known about packaging {output.output!r} outputs."
        )
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        files = make(Renditions(output, plan, results), folder, stop)
        if output.protection is not None:
            check_protected(output.protection, files)
        return files
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise disk_full() from error
