"""Where sources come from and outputs go: all of the network that a job touches."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol, cast

from videngine.content_types import content_type_of, split_path
from videngine.links import outputs_url
from videngine.settings import Settings
from videngine.storage.base import Moved, Secret, Sink, Source, StoredObject
from videngine.storage.file import FileSink, FileSource
from videngine.storage.guard import GuardedClient
from videngine.storage.http import HttpSource
from videngine.storage.remote import Login, Reach, RemotePlace, RemoteSink, RemoteSource

if TYPE_CHECKING:
    from videngine.storage.ftp import FtpPlace
    from videngine.storage.s3 import S3Folder
    from videngine.storage.s3_client import S3Place
    from videngine.storage.sftp import SftpPlace

__all__ = [
    "GuardedClient",
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
            from videngine.storage.s3 import S3Source  # boto3 takes half a second to load

            return S3Source(cast("S3Place", place), settings=settings, anywhere=anywhere)
        case "http":
            return HttpSource(
                cast(HttpPlace, place).url.get_secret_value(),
                client=GuardedClient(settings, anywhere=anywhere),
                max_bytes=settings.max_source_bytes,
            )
        case "ftp" | "sftp":
            server = cast(RemotePlace, place)
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
        return FileSink(
            settings.store_dir / job_id,
            roots=(settings.store_dir,),
            base_url=None if anywhere else outputs_url(settings, job_id),
        )
    match place.kind:
        case "s3":
            from videngine.storage.s3 import S3Sink

            return S3Sink(cast("S3Folder", place), settings=settings, anywhere=anywhere)
        case "ftp" | "sftp":
            server = cast(RemotePlace, place)
            return RemoteSink(server, _login(server), reach=Reach(settings, anywhere=anywhere))
        case "file":
            folder, _ = split_path(cast(FilePlace, place).path)
            return FileSink(folder, roots=None if anywhere else settings.file_roots)
    raise ValueError(f"there is no storage of kind {place.kind!r}")


def _login(place: RemotePlace) -> Login:
    """How to log in to the server of ``place``."""
    if place.kind == "ftp":
        from videngine.storage import ftp

        return functools.partial(ftp.log_in, cast("FtpPlace", place))
    from videngine.storage import sftp  # paramiko too takes a while to load

    return functools.partial(sftp.log_in, cast("SftpPlace", place))
