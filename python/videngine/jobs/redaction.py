"""Keeps credentials out of logs: the last net, below types that do not print what they hold."""

from __future__ import annotations

import logging
import re

_MASK = "********"
_PATTERNS = (
    # Header lines and dictionaries of them.
    re.compile(
        r"(?i)(?P<keep>\b(?:proxy-)?(?:authorization|cookie|x-api-key|x-amz-security-token)"
        r"[\"']?\s*[:=]\s*[\"']?)(?P<mask>(?:bearer\s+|basic\s+|aws4-hmac-sha256\s+)?[^\s\"',;}]+)"
    ),
    re.compile(r"(?P<keep>(?i:\bbearer\s+))(?P<mask>[A-Za-z0-9._~+/=-]{8,})"),
    # user:password@ of any URL.
    re.compile(r"(?P<keep>\b[A-Za-z][A-Za-z0-9+.-]*://)(?P<mask>[^/\s@\"']+)(?=@)"),
    # Signatures and tokens in queries of signed URLs.
    re.compile(
        r"(?i)(?P<keep>[?&;](?:x-amz-[a-z-]+|x-goog-[a-z-]+|signature|sig|awsaccesskeyid|"
        r"key-pair-id|policy|token|access_token|secret|password|key|hdnts)=)(?P<mask>[^&\s\"']*)"
    ),
    re.compile(r"(?P<keep>\b)(?P<mask>vg_[A-Za-z0-9_-]{20,})"),
    re.compile(r"(?P<keep>\b)(?P<mask>whsec_[A-Za-z0-9+/=]{8,})"),
    re.compile(r"(?P<keep>/outputs/[0-9a-f-]{36}/)(?P<mask>[0-9a-f]{32})"),
)


def redact(text: str) -> str:
    """``text`` with everything that looks like a credential masked."""
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: match["keep"] + _MASK, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and masks credentials in the result."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one redacted text."""
        return redact(super().format(record))


def set_up_logging(level: int = logging.INFO) -> None:
    """Log to standard error through the redacting formatter, whoever logs."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    queue_log = logging.getLogger("dbos")
    queue_log.handlers = [handler]  # it would bring a handler of its own otherwise
    queue_log.propagate = False
    for chatty in ("botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
