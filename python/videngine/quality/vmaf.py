"""VMAF and PSNR of one rendition, by an FFmpeg that has libvmaf.

Frames are paired by number, not by the containers' timestamps: Matroska rounds those to
milliseconds, and a pairing that slips by one frame now and then costs five points of VMAF. The
rendition's frames are numbered as they come, the source's put on the same grid of frames by the
rule of the engine (`filter/constant_rate.h`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import mean
from typing import Any

from videngine.child_environment import child_environment
from videngine.errors import (
    Cancelled,
    EncoderUnavailable,
    ResourceError,
    VidengineError,
    WorkerLost,
)
from videngine.outputs import ScorePlan
from videngine.settings import Settings

_POLL_S = 0.1
_LOG_LINES = 20
# The containers that the engine reads (`demux/input.cpp`): none of them opens a second file.
_FORMATS = (
    "mov,mp4,matroska,webm,mpegts,mpeg,avi,flv,asf,mxf,ogg,gxf,nut,ivf,h264,hevc,mpegvideo,m4v,dv,"
    "yuv4mpegpipe"
)
# A frame belongs to the slot of the grid that is nearest to it, and to the earlier of two that are
# equally near: the engine rounds at 0.55 of a slot, FFmpeg's filter at 0.5.
_EARLIER = Fraction(1, 20)
# Where only one of two tells its colours, FFmpeg would convert the other's pixels.
_UNTOLD = "setparams=range=tv:color_primaries=unknown:color_trc=unknown:colorspace=unknown"
_SEEK_FROM_S = 10
_SEEK_BACK_S = 5


def ffmpeg_with_vmaf(settings: Settings) -> str:
    """The program that measures.

    Raises:
        EncoderUnavailable: ``codec_unavailable``: there is none, or it has no libvmaf.
    """
    program = settings.vmaf_ffmpeg
    if not program:
        try:
            from imageio_ffmpeg import get_ffmpeg_exe

            program = str(get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            raise _unavailable(
                "no FFmpeg with libvmaf is installed; the operator can install videngine[quality] "
                "or set vmaf_ffmpeg"
            ) from None
    try:
        filters = subprocess.run(
            [program, "-hide_banner", "-filters"],
            capture_output=True,
            check=False,
            env=child_environment(),
            text=True,
            timeout=30,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unavailable(f"{program} cannot be started ({error})") from None
    if " libvmaf " not in filters:
        raise _unavailable(f"{program} has no libvmaf")
    return program


def _unavailable(reason: str) -> EncoderUnavailable:
    return EncoderUnavailable("codec_unavailable", f"Quality cannot be measured here: {reason}.")


def score(
    plan: ScorePlan,
    *,
    source: Path,
    rendition: Path,
    program: str,
    threads: int,
    stop: Callable[[], bool],
    timeout_s: float,
) -> dict[str, Any]:
    """Measure one rendition against its part of the source, at the source's size.

    Returns:
        ``frames`` that were compared, ``vmaf`` and ``psnr_y`` (dB), each with ``mean``,
        ``harmonic_mean``, ``min``, ``max`` and ``p1``, what 99 of 100 frames reach.

    Raises:
        VidengineError: ``metrics_failed``. WorkerLost, ResourceError (``timeout``), Cancelled.
    """
    with tempfile.TemporaryDirectory(dir=rendition.parent) as folder:
        command = [
            *(program, "-nostdin", "-hide_banner", "-v", "error", "-copyts"),
            *("-threads", str(threads), *_input(rendition)),
            *(*_seek(plan), *_input(source)),
            *("-filter_complex", _graph(plan, threads), "-f", "null", "-"),
        ]
        _run(command, Path(folder), stop=stop, timeout_s=timeout_s)
        log = json.loads((Path(folder) / "log.json").read_text())
    frames = log["frames"]
    if not frames:
        raise VidengineError("metrics_failed", "Rendition and source have no frame in common.")
    return {
        "frames": len(frames),
        "vmaf": _pooled(log, "vmaf"),
        "psnr_y": _pooled(log, "psnr_y"),
    }


def compare(
    reference: Path,
    renditions: Sequence[Path],
    *,
    size: tuple[int, int],
    n_subsample: int,
    program: str,
    stop: Callable[[], bool],
    timeout_s: float,
) -> list[float]:
    """The mean VMAF of renditions against one reference of as many frames.

    All are shown at ``size``; frames are paired by number. The reference is decoded once. One frame
    of ``n_subsample`` is judged, but not the first, which has nothing before it: the model takes it
    for a still picture and is up to 25 points too strict.

    Raises:
        VidengineError: ``metrics_failed``. WorkerLost, ResourceError (``timeout``), Cancelled.
    """
    shown = f"scale={size[0]}:{size[1]}:flags=bicubic,setsar=1,format=yuv420p,{_UNTOLD}"
    count = len(renditions)
    # A frame's score goes by how it moves from the one before and to the one behind it, in the
    # reference: no others are needed, and of the rendition's only those that are judged.
    near, step = "", n_subsample
    if n_subsample > 3:
        near, step = f"select='lt(mod(n+1,{n_subsample}),3)',", 3
    graph = [f"[0:v:0]{near}{shown},settb=1/25,setpts=N,split={count}"]
    graph[0] += "".join(f"[r{n}]" for n in range(count))
    judged = f"select='not(mod(n,{n_subsample}))',{shown},settb=1/25,setpts=N*{step},fps=25"
    outputs: list[str] = []
    for n in range(count):
        graph.append(f"[{n + 1}:v:0]{judged}[d{n}]")
        graph.append(
            f"[d{n}][r{n}]libvmaf=n_threads=1:n_subsample={step}:log_fmt=json"
            f":log_path=log{n}.json:shortest=1[o{n}]"
        )
        outputs += ["-map", f"[o{n}]", "-c:v", "wrapped_avframe"]
    inputs = [w for path in (reference, *renditions) for w in ("-threads", "1", *_input(path))]
    with tempfile.TemporaryDirectory(dir=reference.parent) as folder:
        _run(
            [
                *(program, "-nostdin", "-hide_banner", "-v", "error", *inputs),
                *("-filter_complex", ";".join(graph), *outputs, "-f", "null", "-"),
            ],
            Path(folder),
            stop=stop,
            timeout_s=timeout_s,
        )
        logs = [json.loads((Path(folder) / f"log{n}.json").read_text()) for n in range(count)]
    if not all(log["frames"] for log in logs):
        raise VidengineError("metrics_failed", "The trials have no frame in common.")
    scores = [[frame["metrics"]["vmaf"] for frame in log["frames"]] for log in logs]
    return [mean(of_frames[1:] or of_frames) for of_frames in scores]


def _input(path: Path) -> list[str]:
    """One input: a local file in a container that opens no other."""
    guard = ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS]
    return [*guard, "-i", f"file:{path.resolve()}"]


def _seek(plan: ScorePlan) -> list[str]:
    """To a keyframe well before the clip; what comes too early is left out by the graph."""
    if plan.start_s < _SEEK_FROM_S:
        return []
    return ["-noaccurate_seek", "-ss", f"{float(plan.start_s) - _SEEK_BACK_S:.3f}"]


def _graph(plan: ScorePlan, threads: int) -> str:
    rate = plan.frame_rate
    begins = float(plan.origin_s + plan.start_s - _EARLIER / rate)
    number = f"settb=AVTB,setpts=N*{rate.denominator}/{rate.numerator}/TB"
    size = f"scale={plan.width_px}:{plan.height_px}:flags=bicubic,setsar=1,format=yuv420p"
    if plan.untold:  # FFmpeg would convert the pixels of one to what the other says
        size = f"setparams={':'.join(f'{name}=unknown' for name in plan.untold)},{size}"
    frames = f"trim=end_frame={plan.frames}," if plan.frames else ""
    return (
        f"[0:v:0]{size},{number}[rendition];"
        f"[1:{plan.stream}]settb=AVTB,setpts=PTS-{begins:.6f}/TB,"
        f"fps=fps={rate.numerator}/{rate.denominator}:start_time=0,{frames}{size},{number}[source];"
        f"[rendition][source]libvmaf=model=version=vmaf_{plan.model}:n_threads={threads}:"
        f"n_subsample={plan.n_subsample}:feature=name=psnr:log_fmt=json:log_path=log.json:shortest=1"
    )


def _pooled(log: dict[str, Any], metric: str) -> dict[str, float]:
    pooled = log["pooled_metrics"][metric]
    values = sorted(frame["metrics"][metric] for frame in log["frames"])
    return {
        **{name: round(pooled[name], 3) for name in ("mean", "harmonic_mean", "min", "max")},
        "p1": round(values[len(values) // 100], 3),
    }


def _run(command: list[str], folder: Path, *, stop: Callable[[], bool], timeout_s: float) -> None:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
        try:
            status = _wait(process, stop=stop, timeout_s=timeout_s)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        log.seek(0)
        lines = tuple(log.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES:])
    if status < 0:
        raise WorkerLost("worker_lost", f"FFmpeg died of signal {-status}.", log=lines)
    if status > 0:
        raise VidengineError(
            "metrics_failed", f"FFmpeg could not compare them (exit status {status}).", log=lines
        )


def _wait(process: subprocess.Popen[bytes], *, stop: Callable[[], bool], timeout_s: float) -> int:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return process.wait(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            if stop():
                raise Cancelled from None
            if time.monotonic() > deadline:
                raise ResourceError(
                    "timeout", f"Measuring took more than {timeout_s:g} s."
                ) from None
