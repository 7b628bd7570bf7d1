"""Subtitle files and logos: found in the request, fetched once, failures written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from servers import HttpServer
from videngine.errors import Cancelled
from videngine.ingest import fetch_assets
from videngine.local import LocalRun
from videngine.planning.assets import named_assets
from videngine.settings import Settings
from videngine.spec import parse_job
from videngine.spec.job import JobSpec
from videngine.spec.outputs import Mp4Output
from videngine.spec.source import FileSource, HttpSource, Source

MakeSettings = Callable[..., Settings]


class WithFiles(Mp4Output):
    """An output that names two files."""

    logo: Source | None = None  # type: ignore[assignment]  # other types than the real fields'
    subtitles: tuple[Source, ...] = ()  # type: ignore[assignment]  # likewise


def local_run(settings: Settings, scratch: Path, *, cancelled: bool = False) -> LocalRun:
    return LocalRun(
        settings=settings,
        scratch=scratch,
        on_progress=lambda _: None,
        cancelled=lambda: cancelled,
    )


def http(url: str) -> HttpSource:
    return HttpSource.model_validate({"url": url})


def job(*outputs: Mp4Output) -> JobSpec:
    request = {"video_id": "v", "source": "https://h/film", "format": [{"output": "mp4"}]}
    return parse_job(request).spec.model_copy(update={"format": outputs})


def test_each_file_is_named_once_in_the_order_of_the_request() -> None:
    def output(logo: str, *more: str) -> Mp4Output:
        data = {"output": "mp4", "logo": logo, "subtitles": more}
        return WithFiles.model_validate(data)

    found = named_assets(
        job(output("https://h/b"), output("https://h/b", "https://h/a", "https://h/b", "file:///c"))
    )
    assert found == (http("https://h/b"), http("https://h/a"), FileSource(path="/c"))
    assert named_assets(job(Mp4Output(output="mp4"))) == ()


def test_what_is_there_is_fetched_and_what_is_not_says_why(
    settings: MakeSettings, http_server: HttpServer, scratch: Path, tmp_path: Path
) -> None:
    made = settings(allow_addresses=(http_server.address,), file_roots=(tmp_path / "in",))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/own.srt").write_text("own")
    (tmp_path / "other.srt").write_text("other")
    places = [
        http(http_server.serve("/there.srt", b"there") + "?signature=hunter2"),
        http(http_server.status("/gone.srt", 404) + "?signature=hunter2"),
        http("http://127.0.0.1:1/private.srt"),
        FileSource(path=str(tmp_path / "in/own.srt")),
        FileSource(path=str(tmp_path / "other.srt")),
    ]
    http_server.answers["/there.srt?signature=hunter2"] = http_server.answers["/there.srt"]
    http_server.answers["/gone.srt?signature=hunter2"] = http_server.answers["/gone.srt"]
    fetched = fetch_assets(places, local_run(made, scratch), anywhere=False)
    there, gone, private, own, other = fetched["assets"]
    assert Path(there["path"]).read_bytes() == b"there"
    assert Path(there["path"]).is_relative_to(scratch)
    assert gone["path"] is None
    assert "404" in gone["error"]
    assert "VIDENGINE_ALLOW_ADDRESSES" in private["error"]
    assert Path(own["path"]) == tmp_path / "in/own.srt"
    assert "VIDENGINE_FILE_ROOTS" in other["error"]
    assert "hunter2" not in json.dumps(fetched)


def test_a_file_has_limits_of_its_own(
    settings: MakeSettings, http_server: HttpServer, scratch: Path
) -> None:
    made = settings(allow_addresses=(http_server.address,), max_asset_bytes=9, asset_timeout_s=0.5)

    def hang(_: object) -> None:
        http_server.closing.wait(20)

    http_server.answers["/slow"] = hang
    places = [http(http_server.serve("/large", bytes(10))), http(http_server.url + "/slow")]
    large, slow = fetch_assets(places, local_run(made, scratch), anywhere=False)["assets"]
    assert "limit of 9 bytes" in large["error"]
    assert slow["error"]
    assert large["path"] is slow["path"] is None


def test_a_wish_to_stop_ends_it(
    settings: MakeSettings, http_server: HttpServer, scratch: Path
) -> None:
    made = settings(allow_addresses=(http_server.address,))
    run = local_run(made, scratch, cancelled=True)
    with pytest.raises(Cancelled):
        fetch_assets([http(http_server.serve("/a", b"a"))], run, anywhere=False)
