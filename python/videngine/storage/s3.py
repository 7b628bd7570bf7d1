"""Buckets of S3, and of all that speaks its protocol, as source and sink."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from s3transfer.futures import TransferFuture
from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber
from ssrfguard import Resolver

from videngine.content_types import cache_control_of, split_path
from videngine.errors import InputError
from videngine.settings import Settings
from videngine.storage.base import Moved, StoredObject
from videngine.storage.partial import disk_full, partial_file
from videngine.storage.s3_client import GuardedS3, S3Place
from videngine.storage.s3_errors import Whereabouts, translated
from videngine.storage.s3_uploads import OpenUploads
from videngine.storage.transfer import Transfer, TransferStopped, watch

_CONFIG = TransferConfig(
    multipart_threshold=16 << 20,
    multipart_chunksize=8 << 20,
    max_request_concurrency=4,
    max_submission_concurrency=1,
    max_io_queue_size=64,  # of 256 KiB each
)
_AT_ONCE = 4  # segments are small: most of an upload is waiting for the store's answer
_ACL_REFUSED = {"AccessControlListNotSupported", "NotImplemented"}


class S3Folder(S3Place, Protocol):
    """A destination in a bucket, as `spec` describes it."""

    @property
    def acl(self) -> str | None:
        """The canned ACL to send, None to send none."""
        ...

    @property
    def storage_class(self) -> str | None:
        """The storage class to ask for, None for the bucket's."""
        ...

    @property
    def cache_control(self) -> str | None:
        """``Cache-Control`` of every object, None for what suits its kind."""
        ...


class S3Source:
    """One object.

    Args:
        place: the object and the way to it.
        settings: limits and what may be reached.
        anywhere: for the command line; see `GuardedS3`.
        resolver: stands in for `socket.getaddrinfo` (tests).
    """

    def __init__(
        self,
        place: S3Place,
        *,
        settings: Settings,
        anywhere: bool = False,
        resolver: Resolver | None = None,
    ) -> None:
        self._place = place
        self._settings = settings
        self._anywhere = anywhere
        self._resolver = resolver

    def fetch(self, scratch: Path, moved: Moved) -> Path:
        """Download the object by ranges, several at a time; see `Source.fetch`.

        Raises:
            InputError: ``source_not_found``, ``source_forbidden``, ``source_too_large`` (not
                retryable), ``source_timeout`` (retryable).
            ResourceError: ``disk_full``.
        """
        target = scratch / "source"
        where = _where(self._place, self._place.object_key)
        with (
            translated("source", where),
            contextlib.closing(
                GuardedS3(
                    self._place,
                    settings=self._settings,
                    anywhere=self._anywhere,
                    resolver=self._resolver,
                )
            ) as s3,
            partial_file(target) as partial,
        ):
            size = self._size(s3, where, partial)
            _run(
                s3,
                lambda manager, watcher: manager.download(
                    where.bucket, where.key, str(partial), subscribers=[watcher]
                ),
                settings=self._settings,
                size=size,
                moved=moved,
            )
            if partial.stat().st_size != size:
                message = "The object changed while it was read."
                raise InputError("source_timeout", message, subject=where.subject, retryable=True)
        return target

    def _size(self, s3: GuardedS3, where: Whereabouts, partial: Path) -> int:
        try:
            size = s3.client.head_object(Bucket=where.bucket, Key=where.key)["ContentLength"]
        except ClientError:
            # The answer to HEAD has no body that would say why; the answer to GET has.
            answer = s3.client.get_object(Bucket=where.bucket, Key=where.key)
            answer["Body"].close()
            size = answer["ContentLength"]
        if size > self._settings.max_source_bytes:
            raise InputError(
                "source_too_large",
                f"The object is larger than the limit of {self._settings.max_source_bytes} bytes.",
                subject=where.subject,
            )
        if size > shutil.disk_usage(partial.parent).free:
            raise disk_full(partial)
        return size


class S3Sink:
    """A folder in a bucket.

    Args:
        place: bucket, folder and the way to them; ``acl`` is the canned ACL that is sent, None for
            none.
        settings: limits and what may be reached.
        anywhere: for the command line; see `GuardedS3`.
        resolver: stands in for `socket.getaddrinfo` (tests).
    """

    def __init__(
        self,
        place: S3Folder,
        *,
        settings: Settings,
        anywhere: bool = False,
        resolver: Resolver | None = None,
    ) -> None:
        self.warnings: list[dict[str, str]] = []
        self.at_once = _AT_ONCE
        self._warning = threading.Lock()
        self._place = place
        self._folder, _ = split_path(place.object_key)
        self._acl = place.acl
        self._settings = settings
        with translated("destination", _where(place, self._folder)):
            self._s3 = GuardedS3(place, settings=settings, anywhere=anywhere, resolver=resolver)
            self._uploads = OpenUploads(self._s3.client)

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        """Upload one file, in parts if it is large; see `Sink.put`.

        A transfer that fails or is cancelled leaves no parts behind.

        Raises:
            OutputError: ``destination_forbidden``, ``destination_not_found`` (not retryable),
                ``destination_timeout``, ``upload_failed`` (retryable).
        """
        where = _where(self._place, self._folder + key)
        size = local.stat().st_size
        extra = {"ContentType": content_type}
        if caching := self._place.cache_control or cache_control_of(key):
            extra["CacheControl"] = caching
        if self._place.storage_class:
            extra["StorageClass"] = self._place.storage_class
        with translated("destination", where):
            acl = self._acl
            try:
                self._upload(local, where, extra | ({"ACL": acl} if acl else {}), moved)
            except ClientError as error:
                if not acl or error.response["Error"].get("Code") not in _ACL_REFUSED:
                    raise
                self._warn_of_acl(acl)
                self._upload(local, where, extra, moved)
            url = self._s3.object_url(where.key)
        return StoredObject(key=key, size_bytes=size, content_type=content_type, url=url)

    def delete(self, key: str) -> None:
        """Remove one object; see `Sink.delete`."""
        where = _where(self._place, self._folder + key)
        with translated("destination", where):
            self._s3.client.delete_object(Bucket=where.bucket, Key=where.key)

    def _upload(self, local: Path, where: Whereabouts, extra: dict[str, str], moved: Moved) -> None:
        with self._uploads.noted(local, where.bucket, where.key):
            _run(
                self._s3,
                lambda manager, watcher: manager.upload(
                    str(local), where.bucket, where.key, extra_args=extra, subscribers=[watcher]
                ),
                settings=self._settings,
                size=local.stat().st_size,
                moved=moved,
            )

    def _warn_of_acl(self, acl: str) -> None:
        """Note once that the bucket takes no ACL, and stop asking."""
        with self._warning:
            if self._acl is None:
                return
            self._acl = None
        message = (
            f"The bucket {self._place.bucket} takes no ACL; objects were stored without {acl!r}. "
            "Use a bucket policy to make them public."
        )
        self.warnings.append({"code": "acl_not_supported", "message": message})


class _Watcher(BaseSubscriber):
    """Carries s3transfer's progress to a `Transfer`, and its end to s3transfer's threads."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer

    def on_progress(  # s3transfer calls it by keywords
        self,
        future: TransferFuture,  # noqa: ARG002
        bytes_transferred: int,
        **_: Any,
    ) -> None:
        """Count, and stop the part that is being moved once the transfer is given up."""
        self._transfer.add(bytes_transferred)
        # All that is left then is to wait for the store, which may take minutes to join parts.
        self._transfer.patient = self._transfer.bytes_moved == self._transfer.total_bytes
        if self._transfer.stopped.is_set():
            raise TransferStopped


def _run(
    s3: GuardedS3,
    begin: Callable[[TransferManager, BaseSubscriber], TransferFuture],
    *,
    settings: Settings,
    size: int,
    moved: Moved,
) -> None:
    """Run one transfer to its end, or stop all of its parts."""
    futures: list[TransferFuture] = []

    def work(transfer: Transfer) -> None:
        transfer.total_bytes = size
        with TransferManager(s3.client, _CONFIG) as manager:
            future = begin(manager, _Watcher(transfer))
            futures.append(future)
            if transfer.stopped.is_set():
                future.cancel()
            future.result()

    def cut() -> None:
        for future in futures:
            future.cancel()
        s3.connections.cut()

    watch(
        work,
        cut=cut,
        moved=moved,
        total_s=settings.transfer_timeout_s,
        stall_s=settings.stall_timeout_s,
    )


def _where(place: S3Place, key: str) -> Whereabouts:
    host = urlsplit(place.endpoint_url).netloc if place.endpoint_url else "Amazon S3"
    return Whereabouts(bucket=place.bucket, key=key, host=host)
