"""A note on disk of every multipart upload that is open, so that none outlives a crash.

A store keeps, and bills, the parts of an upload that was neither completed nor aborted. A transfer
that fails aborts its upload; what a killed worker or a store that was away left open is aborted
before the same file is uploaded again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError

from videngine.storage.transfer import TransferStopped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("videngine.storage")


class OpenUploads:
    """The notes of one client: files beside those that are uploaded. Thread-safe.

    Args:
        client: tells of the uploads that it begins.
    """

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._notes: dict[tuple[str, str], Path] = {}
        events = client.meta.events
        events.register("after-call.s3.CreateMultipartUpload", self._begun)
        events.register("provide-client-params.s3.AbortMultipartUpload", self._aborting)
        events.register("after-call.s3.AbortMultipartUpload", self._aborted)

    @contextlib.contextmanager
    def noted(self, local: Path, bucket: str, key: str) -> Iterator[None]:
        """Around the upload of ``local``; aborts first what an earlier attempt left open."""
        place = f"{self._client.meta.endpoint_url}/{bucket}/{key}"
        digest = hashlib.sha256(place.encode()).hexdigest()[:8]
        note = local.with_name(f".{local.name[:200]}.{digest}.upload")
        self._notes[bucket, key] = note
        try:
            self._abort(note, bucket, key)
            yield
            note.unlink(missing_ok=True)
        finally:
            self._notes.pop((bucket, key), None)

    def _begun(self, parsed: dict[str, Any], **_: Any) -> None:
        note = self._notes.get((parsed.get("Bucket", ""), parsed.get("Key", "")))
        if note is not None and "UploadId" in parsed:
            note.write_text(parsed["UploadId"], encoding="utf-8")

    def _aborting(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["videngine"] = params["Bucket"], params["Key"]  # the answer does not repeat them

    def _aborted(self, http_response: AWSResponse, context: dict[str, Any], **_: Any) -> None:
        note = self._notes.get(context["videngine"])
        if note is not None and http_response.status_code in (200, 204, 404):
            note.unlink(missing_ok=True)

    def _abort(self, note: Path, bucket: str, key: str) -> None:
        if not note.exists():
            return
        upload = note.read_text(encoding="utf-8")
        try:
            self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        except (ClientError, BotoCoreError, TransferStopped) as error:
            if note.exists():
                log.warning("an upload of %s stays open: %s", key, type(error).__name__)
