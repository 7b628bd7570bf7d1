"""What went wrong on the way to a user's URL, in the words of the API.

Messages name the host at most: a URL may be signed, and an address or the text of a lower layer's
exception would tell a stranger about the network that this server stands in. For that reason the
originals are not chained either.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
from ssrfguard import SSRFGuardError
from urllib3.exceptions import HTTPError, NameResolutionError, SSLError

from videngine.errors import InputError

log = logging.getLogger("videngine.storage")

_NOT_THERE = {404, 410}
_TRY_LATER = {408, 425, 429}
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


@contextlib.contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn the exceptions of the network's layers into an `InputError`; others pass."""
    try:
        yield
    except SSRFGuardError as error:
        raise forbidden(url, refusal(url, error)) from None
    except (requests.RequestException, HTTPError) as error:
        raise _from_failure(url, error) from None


def from_status(url: str, status: int) -> InputError:
    """The error for an answer that is not the file."""
    text = f"{host_of(url)} answered {status}"
    if status in _NOT_THERE:
        return InputError("source_not_found", f"{text}: check the path.", subject=subject_of(url))
    if status in _TRY_LATER or status >= 500:
        return timed_out(url, f"it answered {status}")
    return forbidden(url, f"{text}: check that the URL can be read without logging in.")


def timed_out(url: str, reason: str) -> InputError:
    """The error for a server that is away, slow or broken: it may be better later."""
    return InputError(
        "source_timeout",
        f"{host_of(url)} could not be read: {reason}.",
        subject=subject_of(url),
        retryable=True,
    )


def too_large(url: str, max_bytes: int) -> InputError:
    """The error for more bytes than are taken."""
    return InputError(
        "source_too_large",
        f"The file at {host_of(url)} is larger than the limit of {max_bytes} bytes.",
        subject=subject_of(url),
    )


def forbidden(url: str, message: str) -> InputError:
    """The error for what this server will not, or is not let, read."""
    return InputError("source_forbidden", message, subject=subject_of(url))


def refusal(url: str, error: SSRFGuardError) -> str:
    """Why a URL is not followed: for the user the rule, for the operator's log the address too."""
    log.info("did not connect to %s: %s", host_of(url), getattr(error, "reason", error))
    with contextlib.suppress(ValueError):
        if urlsplit(url).scheme.lower() not in ("http", "https"):
            return "Only http and https URLs are followed."
        if "@" in urlsplit(url).netloc:
            return "A URL must not hold a user name or a password."
    return (
        f"{host_of(url)} is not an address that this server may reach; its operator can open it "
        "with VIDENGINE_ALLOW_ADDRESSES."
    )


def host_of(url: str) -> str:
    """The host and port of a URL, for messages."""
    with contextlib.suppress(ValueError):
        return urlsplit(url).netloc.rpartition("@")[2] or "The URL"
    return "The URL"


def subject_of(url: str) -> str:
    """The URL without user info, query and fragment, any of which may hold a secret."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return ""


def _from_failure(url: str, error: BaseException) -> InputError:
    causes = list(_causes(error))
    log.info("could not read %s: %s", host_of(url), type(causes[-1]).__name__)
    if any(isinstance(c, SSLError | requests.exceptions.SSLError) for c in causes):
        return forbidden(url, f"{host_of(url)} has no certificate that this server trusts.")
    if any(isinstance(c, socket.gaierror) and c.errno in _NO_SUCH_NAME for c in causes):
        return InputError(
            "source_not_found", f"There is no host {host_of(url)}.", subject=subject_of(url)
        )
    if any(isinstance(c, NameResolutionError) for c in causes):
        return timed_out(url, "its name could not be looked up")
    if any(isinstance(c, requests.exceptions.InvalidURL) for c in causes):
        return forbidden(url, "The URL cannot be read.")
    if any(isinstance(c, TimeoutError) for c in causes):
        return timed_out(url, "it did not answer in time")
    return timed_out(url, "the connection could not be made or broke")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, outermost first."""
    while error is not None:
        yield error
        inner = error.args[0] if error.args else None
        reason = getattr(inner, "reason", None)  # urllib3's MaxRetryError inside requests'
        error = (
            error.__cause__
            or error.__context__
            or (reason if isinstance(reason, BaseException) else None)
        )
