"""Every way in which videngine fails, by what the caller can do about it.

::

    VidengineError
    ├── SpecError            the request is wrong: every fault at once, each with its path
    ├── InputError           the source is at fault: never retried
    │   └── DamagedSource    from one of its pictures on
    ├── EncoderUnavailable   this machine cannot encode that
    ├── DeviceError          the device was lost: try again elsewhere
    ├── OutputError          a destination refused or went away
    ├── ResourceError        disk full, time limit: the operator has to act
    ├── WorkerLost           a process died under the work: retried
    └── Cancelled            somebody asked for it

Errors are classified by ``code`` (stable, documented in ``docs/errors.md``), never by message text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with a request: where (``format[0].height``), which rule, and what to do."""

    path: str
    code: str
    message: str

    def to_json(self) -> dict[str, str]:
        """The fault as the API prints it."""
        return asdict(self)


class VidengineError(Exception):
    """Base of all errors of this package.

    Args:
        code: stable, machine readable, e.g. ``source_not_found``.
        message: one sentence for a person: what is wrong and what to do.
        subject: the rendition, output, path or URL (without credentials) it is about.
        retryable: whether the same work may succeed later; defaults to the class's own answer.
        log: the last lines that native libraries logged, oldest first.
    """

    retryable_by_default: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: str,
        *,
        subject: str = "",
        retryable: bool | None = None,
        log: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subject = subject
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.log = tuple(log)

    def to_json(self) -> dict[str, Any]:
        """The error as it crosses a process or is stored; `from_json` is the way back."""
        return {
            "class": type(self).__name__,
            "code": self.code,
            "message": self.message,
            "subject": self.subject,
            "retryable": self.retryable,
            "log": list(self.log),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> VidengineError:
        """Rebuild an error written by `to_json`, as the class that it was."""
        return ERROR_CLASSES.get(data["class"], VidengineError)(
            data["code"],
            data["message"],
            subject=data["subject"],
            retryable=data["retryable"],
            log=tuple(data["log"]),
        )


class SpecError(VidengineError):
    """The request is wrong. ``faults`` holds every fault, in the order of the request."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = list(faults)
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(first.code, f"{first.path}: {first.message}{more}", subject=first.path)


class InputError(VidengineError):
    """The source is missing, forbidden, damaged or has not what an output needs."""


class DamagedSource(InputError):
    """A source breaks off or cannot be decoded from some picture on; those before it are good.

    Args:
        code: ``source_corrupt``.
        message: which picture, and what libav says.
        pts: of the first picture that cannot be had, in ticks of its stream's time base.
        time: the same in seconds from the source's origin.
        more: as of `VidengineError`.
    """

    def __init__(self, code: str, message: str, *, pts: int, time: float, **more: Any) -> None:
        super().__init__(code, message, **more)
        self.pts = pts
        self.time = time


class EncoderUnavailable(VidengineError):
    """An encoder is missing on this machine or refuses these parameters."""


class DeviceError(VidengineError):
    """A device was lost or has no session left."""

    retryable_by_default = True


class OutputError(VidengineError):
    """A destination refused an object or went away."""


class ResourceError(VidengineError):
    """Disk, memory or time ran out."""


class WorkerLost(VidengineError):
    """A worker or its encode child died while it held the work."""

    retryable_by_default = True


class Cancelled(VidengineError):
    """The job was cancelled."""

    def __init__(
        self, code: str = "canceled", message: str = "The job was cancelled.", **more: Any
    ) -> None:
        super().__init__(code, message, **more)


ERROR_CLASSES: dict[str, type[VidengineError]] = {
    cls.__name__: cls
    for cls in (
        VidengineError,
        InputError,
        EncoderUnavailable,
        DeviceError,
        OutputError,
        ResourceError,
        WorkerLost,
        Cancelled,
    )
}
