"""What S3 says went wrong, in the words of the API; no message ever holds a credential."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    EndpointProviderError,
    ParamValidationError,
    SSLError,
    ValidationError,
)
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError
from ssrfguard import SSRFGuardError

from videngine.errors import InputError, OutputError
from videngine.storage.transfer import TransferTooSlow

log = logging.getLogger("videngine.storage")

_CODES = {
    "not_found": ("source_not_found", "destination_not_found"),
    "forbidden": ("source_forbidden", "destination_forbidden"),
    "timeout": ("source_timeout", "destination_timeout"),
    "failed": ("source_timeout", "upload_failed"),
}
_MESSAGES = {
    "NoSuchKey": ("not_found", "There is no object {key} in the bucket {bucket}."),
    "NoSuchBucket": ("not_found", "There is no bucket {bucket} at {host}."),
    "InvalidBucketName": ("not_found", "{bucket} cannot be the name of a bucket."),
    "PermanentRedirect": ("not_found", "The bucket {bucket} is in another region: set `region`."),
    "AuthorizationHeaderMalformed": (
        "not_found",
        "The bucket {bucket} is in another region: set `region`.",
    ),
    "InvalidAccessKeyId": ("forbidden", "{host} does not know the access key: check `key`."),
    "SignatureDoesNotMatch": (
        "forbidden",
        "The secret is not that of the access key: check `secret`.",
    ),
    "RequestTimeTooSkewed": ("forbidden", "The clocks of this server and of {host} differ."),
    "InvalidObjectState": ("forbidden", "The object {key} is archived: restore it first."),
    "RequestTimeout": ("timeout", "{host} gave up waiting for data."),
}
_Kind = Literal["source", "destination"]


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """What messages may say about an object's place."""

    bucket: str
    key: str
    host: str

    @property
    def subject(self) -> str:
        """The object, as a URL without credentials."""
        return f"s3://{self.bucket}/{self.key}"


@contextlib.contextmanager
def translated(kind: _Kind, where: Whereabouts) -> Iterator[None]:
    """Turn the exceptions of botocore and s3transfer into `InputError` or `OutputError`.

    The originals are not chained: their texts are not ours to vouch for.
    """
    try:
        yield
    except (BotoCoreError, ClientError, SSRFGuardError, TransferTooSlow) as error:
        raise _translate(kind, where, error) from None
    except RetriesExceededError as error:
        raise _translate(kind, where, error.last_exception) from None
    except S3DownloadFailedError:
        message = "The object changed while it was read."
        raise _error(kind, where, "failed", message, retryable=True) from None


def _translate(kind: _Kind, where: Whereabouts, error: BaseException) -> InputError | OutputError:
    if isinstance(error, ClientError):
        return _from_answer(kind, where, error)
    if isinstance(error, SSRFGuardError):
        log.info("did not connect to %s: %s", where.host, getattr(error, "reason", error))
        message = (
            f"{where.host} is not an address that this server may reach; its operator can open it "
            "with VIDENGINE_S3_ENDPOINTS."
        )
        return _error(kind, where, "forbidden", message)
    log.info("S3 at %s: %s", where.host, type(error).__name__)
    if isinstance(error, SSLError):
        message = f"{where.host} has no certificate that this server trusts."
        return _error(kind, where, "forbidden", message)
    if isinstance(error, ParamValidationError | ValidationError | EndpointProviderError):
        message = "Endpoint, region, bucket or key is not one that S3 can have."
        return _error(kind, where, "not_found", message)
    if isinstance(error, TransferTooSlow):
        message = f"The transfer with {where.host} was given up: {error}."
    elif isinstance(error, EndpointConnectionError):
        message = f"No connection to {where.host} could be made."
    else:
        message = f"The connection to {where.host} broke or got no answer."
    return _error(kind, where, "timeout", message, retryable=True)


def _from_answer(kind: _Kind, where: Whereabouts, error: ClientError) -> InputError | OutputError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    log.info("S3 at %s answered %s %s to %s", where.host, status, code, error.operation_name)
    if code in _MESSAGES:
        what, text = _MESSAGES[code]
        message = text.format(bucket=where.bucket, key=where.key, host=where.host)
        return _error(kind, where, what, message, retryable=what == "timeout")
    if status in (401, 403):
        verb = "read" if kind == "source" else "write to"
        message = f"These credentials may not {verb} {where.key} in the bucket {where.bucket}."
        return _error(kind, where, "forbidden", message)
    if status == 404:
        message = f"There is no object {where.key} in a bucket {where.bucket} at {where.host}."
        return _error(kind, where, "not_found", message)
    message = f"{where.host} answered {status} {code[:40]}".rstrip() + "."
    later = status >= 500 or status == 429 or code in ("SlowDown", "OperationAborted")
    what = "failed" if later or kind == "destination" else "forbidden"
    return _error(kind, where, what, message, retryable=later)


def _error(
    kind: _Kind, where: Whereabouts, what: str, message: str, *, retryable: bool = False
) -> InputError | OutputError:
    source, destination = _CODES[what]
    if kind == "source":
        return InputError(source, message, subject=where.subject, retryable=retryable)
    return OutputError(destination, message, subject=where.subject, retryable=retryable)
