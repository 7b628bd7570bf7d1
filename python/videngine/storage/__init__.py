"""Where sources come from and outputs go: all of the network that a job touches.

What speaks a protocol is loaded when a place needs it: each takes a while (boto3 half a second),
and most jobs need one of them or none.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol, cast

from videngine.content_types import content_type_of, split_path
from videngine.settings import Settings
from videngine.storage.base import Moved, Secret, Sink, Source, StoredObject
from videngine.storage.file import FileSink, FileSource

if TYPE_CHECKING:
    from videngine.storage.ftp import FtpPlace
    from videngine.storage.remote import Login, RemotePlace
    from videngine.storage.s3 import S3Folder
    from videngine.storage.s3_client import S3Place
    from videngine.storage.sftp import SftpPlace

__all__ = [
    "Moved",
    "Sink",
    "Source",
    "StoredObject",
    "content_type_of",
    "open_sink",
    "open_source",
    "split_path",
]


class FilePlace(Protocol):
    """A path on this machine, as `spec` describes it."""

    @property
    def kind(self) -> str:
        """``file``."""
        ...

    @property
    def path(self) -> str:
        """The path of a file or folder."""
        ...


class HttpPlace(Protocol):
    """A URL, as `spec` describes it."""

    @property
    def kind(self) -> str:
        """``http``."""
        ...

    @property
    def url(self) -> Secret:
        """The URL; it may hold secrets."""
        ...


def open_source(
    place: S3Place | HttpPlace | FtpPlace | SftpPlace | FilePlace,
    *,
    settings: Settings,
    anywhere: bool = False,
) -> Source:
    """The source that ``place`` describes. Nothing is read yet.

    Args:
        place: the job's ``source``.
        settings: says what may be reached and how much is taken.
        anywhere: for the command line: any file and any address, and the user's own AWS identity.
    """
    match place.kind:
        case "s3":
            from videngine.storage.s3 import S3Source

            return S3Source(cast("S3Place", place), settings=settings, anywhere=anywhere)
        case "http":
            from videngine.storage.guard import GuardedClient
            from videngine.storage.http import HttpSource

            return HttpSource(
                cast(HttpPlace, place).url.get_secret_value(),
                client=GuardedClient(settings, anywhere=anywhere),
                max_bytes=settings.max_source_bytes,
            )
        case "ftp" | "sftp":
            from videngine.storage.remote import Reach, RemoteSource

            server = cast("RemotePlace", place)
            reach = Reach(settings, anywhere=anywhere)
            return RemoteSource(server, _login(server), reach=reach)
        case "file":
            return FileSource(
                cast(FilePlace, place).path,
                roots=None if anywhere else settings.file_roots,
                max_bytes=settings.max_source_bytes,
            )
    raise ValueError(f"there is no storage of kind {place.kind!r}")


def open_sink(
    place: S3Folder | FtpPlace | SftpPlace | FilePlace | None,
    *,
    job_id: str,
    settings: Settings,
    anywhere: bool = False,
) -> Sink:
    """The sink that ``place`` describes; None is the default store. Nothing is written yet.

    Keys start in the folder of ``place.path``: the path itself, or the part before the file's name
    if it names one (`split_path`).

    Args:
        place: the ``destination`` of an output.
        job_id: names the job's folder in the default store.
        settings: says what may be reached, and where the default store is.
        anywhere: as for `open_source`.
    """
    if place is None:
        base_url = None
        if not anywhere:
            from videngine.links import outputs_url

            base_url = outputs_url(settings, job_id)
        folder = settings.store_dir / job_id
        return FileSink(folder, roots=(settings.store_dir,), base_url=base_url)
    match place.kind:
        case "s3":
            from videngine.storage.s3 import S3Sink

            return S3Sink(cast("S3Folder", place), settings=settings, anywhere=anywhere)
        case "ftp" | "sftp":
            from videngine.storage.remote import Reach, RemoteSink

            server = cast("RemotePlace", place)
            return RemoteSink(server, _login(server), reach=Reach(settings, anywhere=anywhere))
        case "file":
            named, _ = split_path(cast(FilePlace, place).path)
            return FileSink(named, roots=None if anywhere else settings.file_roots)
    raise ValueError(f"there is no storage of kind {place.kind!r}")


def _login(place: RemotePlace) -> Login:
    """How to log in to the server of ``place``."""
    if place.kind == "ftp":
        from videngine.storage import ftp

        return functools.partial(ftp.log_in, cast("FtpPlace", place))
    from videngine.storage import sftp

    return functools.partial(sftp.log_in, cast("SftpPlace", place))
