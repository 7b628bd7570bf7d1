"""videngine: one source in, every rendition out, in one decode.

`transcode` runs a job with no service, `probe` reads the facts of a file; the command ``videngine``
does both and runs the service. What can go wrong is in `videngine.errors`.
"""

from __future__ import annotations

from importlib.metadata import version

from videngine.errors import (
    Cancelled,
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
from videngine.local import probe, transcode
from videngine.media import MediaInfo
from videngine.report import Progress, Report
from videngine.settings import Settings

__version__ = version("videngine")

__all__ = [
    "Cancelled",
    "DeviceError",
    "EncoderUnavailable",
    "Fault",
    "InputError",
    "MediaInfo",
    "OutputError",
    "Progress",
    "Report",
    "ResourceError",
    "Settings",
    "SpecError",
    "VidengineError",
    "WorkerLost",
    "__version__",
    "probe",
    "transcode",
]
