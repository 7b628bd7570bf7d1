"""`open_source` and `open_sink`: which storage a place gets, and the names of things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from servers import HttpServer
from videngine.content_types import cache_control_of
from videngine.errors import InputError, OutputError
from videngine.links import outputs_url
from videngine.settings import Settings
from videngine.spec.destination import FileDestination, S3Destination
from videngine.spec.outputs import Mp4Output
from videngine.spec.source import FileSource, HttpSource, S3Source
from videngine.storage import Moved, content_type_of, open_sink, open_source, split_path

MakeSettings = Callable[..., Settings]


def test_no_destination_is_the_default_store(
    settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    (scratch / "a").write_bytes(b"x")
    made = settings()
    sink = open_sink(None, job_id="j1", settings=made)
    stored = sink.put(scratch / "a", "video/a.mp4", content_type="video/mp4", moved=ignore)
    assert (made.store_dir / "j1/video/a.mp4").read_bytes() == b"x"
    assert stored.url == f"{outputs_url(made, 'j1')}/video/a.mp4"
    sink = open_sink(None, job_id="j2", settings=made, anywhere=True)
    stored = sink.put(scratch / "a", "a.mp4", content_type="video/mp4", moved=ignore)
    assert stored.url == (made.store_dir / "j2/a.mp4").as_uri()


def test_a_job_id_cannot_leave_the_default_store(
    settings: MakeSettings, scratch: Path, ignore: Moved
) -> None:
    (scratch / "a").write_bytes(b"x")
    sink = open_sink(None, job_id="../elsewhere", settings=settings(), anywhere=True)
    with pytest.raises(OutputError):
        sink.put(scratch / "a", "a.mp4", content_type="video/mp4", moved=ignore)


def test_files_of_the_spec_are_held_to_the_roots(
    settings: MakeSettings, scratch: Path, tmp_path: Path, ignore: Moved
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    place = FileSource(type="file", path=str(film))
    with pytest.raises(InputError, match="VIDENGINE_FILE_ROOTS"):
        open_source(place, settings=settings()).fetch(scratch, ignore)
    rooted = settings(file_roots=(tmp_path,))
    assert open_source(place, settings=rooted).fetch(scratch, ignore) == film
    assert open_source(place, settings=settings(), anywhere=True).fetch(scratch, ignore) == film
    out = FileDestination(type="file", path=str(tmp_path / "out/renamed.mp4"))
    with pytest.raises(OutputError, match="VIDENGINE_FILE_ROOTS"):
        open_sink(out, job_id="j", settings=settings()).put(
            film, "renamed.mp4", content_type="video/mp4", moved=ignore
        )
    sink = open_sink(out, job_id="j", settings=rooted)
    sink.put(film, "renamed.mp4", content_type="video/mp4", moved=ignore)
    assert (tmp_path / "out/renamed.mp4").read_bytes() == b"film"


def test_a_web_source_of_the_spec_logs_in_with_what_its_url_holds(
    settings: MakeSettings, scratch: Path, http_server: HttpServer, ignore: Moved
) -> None:
    url = http_server.serve("/film", b"film")
    place = HttpSource(type="http", url=url.replace("//", "//us%40er:hunter2@") + "?token=hunter3")
    opened = settings(allow_addresses=(http_server.address,))
    assert open_source(place, settings=opened).fetch(scratch, ignore).read_bytes() == b"film"
    received = http_server.received[0]
    assert received.headers["Authorization"] == "Basic dXNAZXI6aHVudGVyMg=="
    assert received.path == "/film?token=hunter3"
    with pytest.raises(InputError) as caught:
        open_source(place, settings=settings()).fetch(scratch, ignore)
    assert "hunter" not in repr(caught.value) + caught.value.subject


def test_a_source_larger_than_the_setting_is_refused(
    settings: MakeSettings, scratch: Path, http_server: HttpServer, ignore: Moved
) -> None:
    place = HttpSource(type="http", url=http_server.serve("/film", b"film"))
    small = settings(allow_addresses=(http_server.address,), max_source_bytes=3)
    with pytest.raises(InputError, match="3 bytes"):
        open_source(place, settings=small).fetch(scratch, ignore)


def test_buckets_of_the_spec_have_what_storage_asks_for(
    settings: MakeSettings, s3_server: Any, scratch: Path, ignore: Moved
) -> None:
    bucket = s3_server.make_bucket()
    parts = {
        "type": "s3",
        "bucket": bucket,
        "endpoint": s3_server.address,
        "use_tls": False,
        "key": s3_server.place("").key.get_secret_value(),
        "secret": s3_server.place("").secret.get_secret_value(),
    }
    opened = settings(s3_endpoints=(s3_server.endpoint,))
    (scratch / "a").write_bytes(b"film")
    sink = open_sink(S3Destination(**parts, path="/out/film.mp4"), job_id="j", settings=opened)
    stored = sink.put(scratch / "a", "film.mp4", content_type="video/mp4", moved=ignore)
    assert stored.url == f"{s3_server.endpoint}/{bucket}/out/film.mp4"
    source = open_source(S3Source(**parts, path="/out/film.mp4"), settings=opened)
    assert source.fetch(scratch, ignore).read_bytes() == b"film"


def test_an_unknown_kind_is_a_fault_of_the_caller(settings: MakeSettings) -> None:
    place: Any = SimpleNamespace(kind="tape", path="x")
    with pytest.raises(ValueError, match="tape"):
        open_source(place, settings=settings())
    with pytest.raises(ValueError, match="tape"):
        open_sink(place, job_id="j", settings=settings())


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("playlist.m3u8", "application/vnd.apple.mpegurl"),
        ("a/playlist.MPD", "application/dash+xml"),
        ("video_1/segment_1.m4s", "video/iso.segment"),
        ("segment.ts", "video/mp2t"),
        ("film.mp4", "video/mp4"),
        ("audio.m4a", "audio/mp4"),
        ("thumbnail.jpg", "image/jpeg"),
        ("thumbnail.png", "image/png"),
        ("subs.vtt", "text/vtt"),
        ("key", "application/octet-stream"),
        ("mp4", "application/octet-stream"),
    ],
)
def test_keys_tell_content_types(key: str, content_type: str) -> None:
    assert content_type_of(key) == content_type


def test_manifests_are_cached_briefly_and_segments_for_ever() -> None:
    assert cache_control_of("a/playlist.m3u8") == "public, max-age=10"
    assert "immutable" in (cache_control_of("a/1.m4s") or "")
    assert cache_control_of("film.mp4") is None


@pytest.mark.parametrize(
    ("path", "folder", "name"),
    [
        ("", "", ""),
        ("out", "out/", ""),
        ("out/", "out/", ""),
        ("out/film.mp4", "out/", "film.mp4"),
        ("film.MP4", "", "film.MP4"),
        ("out/film.mp4/", "out/film.mp4/", ""),
        ("out/v1.2", "out/v1.2/", ""),
        ("/srv/out/film.mp4", "/srv/out/", "film.mp4"),
        ("/film.mp4", "/", "film.mp4"),
        ("/", "/", ""),
    ],
)
def test_the_last_part_of_a_path_is_a_file_if_it_ends_like_one(
    path: str, folder: str, name: str
) -> None:
    assert split_path(path) == (folder, name)


@pytest.mark.parametrize(
    "path", ["out", "out/", "/out/x.mp4", "x.mp4", "a/v1.2", "a/.mp4", "a.mp4/b", "a/x.c"]
)
def test_the_spec_and_the_sink_find_the_same_folder(path: str) -> None:
    destination = S3Destination(type="s3", bucket="bucket", path=path)
    folder, _ = Mp4Output(output="mp4", destination=destination).folder_and_name
    assert split_path(destination.object_key)[0].rstrip("/") == folder
