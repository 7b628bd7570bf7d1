"""Packaging: the engine's clear track files become the files of one output, each with its key."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from videngine.errors import VidengineError
from videngine.outputs import OutputPlan, PackagedFile
from videngine.packaging.guard import check_protected
from videngine.packaging.renditions import Renditions
from videngine.packaging.shaka import disk_full
from videngine.plan import Plan, RenditionResult

__all__ = ["package"]

_Maker = Callable[[Renditions, Path, Callable[[], bool]], list[PackagedFile]]


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
    make = _maker(output.output)
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


def _maker(output: str) -> _Maker:
    """What makes outputs of a kind; loaded now, since few jobs have more than one or two."""
    match output:
        case "mp4" | "webm":
            from videngine.packaging.file import package_file

            return package_file
        case "advanced_hls":
            from videngine.packaging.hls import package_hls

            return package_hls
        case "advanced_dash":
            from videngine.packaging.dash import package_dash

            return package_dash
        case "advanced_mp4":
            from videngine.packaging.advanced_mp4 import package_advanced_mp4

            return package_advanced_mp4
        case "hls_audio":
            from videngine.packaging.hls_audio import package_hls_audio

            return package_hls_audio
        case "speech_to_text":
            from videngine.packaging.speech import package_speech

            return package_speech
        case "thumbnail" | "gif":
            from videngine.packaging.images import package_stills

            return package_stills
        case "thumbnails":
            from videngine.packaging.images import package_thumbnails

            return package_thumbnails
        case "mp3" | "m4a" | "opus" | "flac" | "wav":
            from videngine.packaging.images import package_sound

            return package_sound
        case "metadata":
            from videngine.packaging.copies import package_document

            return package_document
        case "repack":
            from videngine.packaging.copies import package_repack

            return package_repack
        case "vmaf":
            from videngine.packaging.copies import package_scores

            return package_scores
    raise VidengineError("unknown_output", f"Nothing is known about packaging {output!r} outputs.")
