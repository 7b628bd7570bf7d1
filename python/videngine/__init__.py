"""videngine: one source in, every rendition out, in one decode.

`transcode` runs a job with no service, `probe` reads the facts of a file, `open` its frames; the
command ``videngine`` does the first two and runs the service. What can go wrong is in
`videngine.errors`.

Names are loaded when they are first used: every encode starts a process that imports this package
and needs next to nothing of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videngine.errors import (
        Cancelled,
        DamagedSource,
        DeviceError,
        EncoderUnavailable,
        Fault,
        InputError,
        OutputError,
        ResourceError,
        SpecError,
        VidengineError,
        WorkerLost,
    )
    from videngine.frames import Frame, Reader, open
    from videngine.frames.encoder import Encoder
    from videngine.frames.tap import Tap, tap
    from videngine.local import probe, transcode
    from videngine.media import MediaInfo
    from videngine.report import Progress, Report
    from videngine.settings import Settings

    __version__: str

__all__ = [
    "Cancelled",
    "DamagedSource",
    "DeviceError",
    "Encoder",
    "EncoderUnavailable",
    "Fault",
    "Frame",
    "InputError",
    "MediaInfo",
    "OutputError",
    "Progress",
    "Reader",
    "Report",
    "ResourceError",
    "Settings",
    "SpecError",
    "Tap",
    "VidengineError",
    "WorkerLost",
    "__version__",
    "open",
    "probe",
    "tap",
    "transcode",
]

_HOMES = {
    "Encoder": "frames.encoder",
    "Frame": "frames",
    "MediaInfo": "media",
    "Progress": "report",
    "Reader": "frames",
    "Report": "report",
    "Settings": "settings",
    "Tap": "frames.tap",
    "open": "frames",
    "probe": "local",
    "tap": "frames.tap",
    "transcode": "local",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'videngine' has no attribute {name!r}")
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("videngine")
    else:
        value = getattr(import_module(f"videngine.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
