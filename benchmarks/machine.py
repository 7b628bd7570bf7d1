"""What is measured on: facts that a record carries, and how busy others keep the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import imageio_ffmpeg

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"


@cache
def ffmpeg() -> str:
    """The newest FFmpeg that the registries ship: the peer, and the one that has libvmaf."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


@cache
def cpu_model() -> str:
    """The processor's name."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def kind() -> str:
    """Machines of one kind may be compared: model of the processor and number of cores."""
    return re.sub(r"[^a-z0-9]+", "-", f"{cpu_model()} {cores()} cores".lower()).strip("-")


def busy_s() -> float:
    """CPU seconds that all processes of this machine have taken since it was started."""
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    ticks = dict(zip(names, map(int, _first_line("/proc/stat").split()[1:]), strict=False))
    idle = ticks.get("idle", 0) + ticks.get("iowait", 0)
    return (sum(ticks.values()) - idle) / os.sysconf("SC_CLK_TCK")


def _first_line(path: str) -> str:
    return Path(path).read_text().splitlines()[0]


@cache
def facts() -> dict[str, Any]:
    """The machine and the versions of all that is compared."""
    engine = find_spec("videngine._engine")
    if engine is None or engine.origin is None:
        raise RuntimeError("videngine is not installed here: script/setup --dev")
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    flags = Path("/proc/cpuinfo").read_text()
    return {
        "kind": kind(),
        "cpu": cpu_model(),
        "cores": cores(),
        "vectors": [name for name in ("avx2", "avx512f", "asimd") if f" {name}" in flags],
        "memory_mb": int(memory[1]) // 1024 if memory else 0,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "governor": _governor(),
        "git": _output(["git", "-C", str(ROOT), "rev-parse", "HEAD"]),
        "git_changed": bool(_output(["git", "-C", str(ROOT), "status", "--porcelain", "-uno"])),
        "engine": hashlib.sha256(Path(engine.origin).read_bytes()).hexdigest()[:12],
        "libavcodec": _output(["pkg-config", "--modversion", "libavcodec"]),
        "x264": _output(["pkg-config", "--modversion", "x264"])
        or _output(["dpkg-query", "-W", "-f=${Version}", "libx264-*"]),
        "peer": _first_words(_output([ffmpeg(), "-version"])),
    }


def _governor() -> str:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else "unknown"


def _first_words(text: str) -> str:
    return " ".join(text.split()[:3])


def _output(command: list[str]) -> str:
    """What a command prints; nothing if there is no such command or it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
