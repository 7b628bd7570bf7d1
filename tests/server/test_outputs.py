"""What the default store serves, to whom, and the page that plays it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import Api, api_of, worker_of
from videngine.links import outputs_url
from videngine.settings import Settings

BODY = bytes(range(256)) * 40


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    with api_of(settings.model_copy(update={"public_url": "https://video.example.com/"})) as found:
        yield found


def store(api: Api, job_id: str, key: str, body: bytes = BODY) -> str:
    """Put a file into the default store; returns its path at the API."""
    path = api.settings.store_dir / job_id / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    url = outputs_url(api.settings, job_id)
    assert url.startswith("https://video.example.com/outputs/")
    return f"{url.removeprefix('https://video.example.com')}/{key}"


@pytest.mark.parametrize(
    ("key", "content_type", "caching"),
    [
        ("playlist.m3u8", "application/vnd.apple.mpegurl", "max-age=10"),
        ("manifest.mpd", "application/dash+xml", "max-age=10"),
        ("video_1/seg_1.m4s", "video/iso.segment", "immutable"),
        ("video 480p.mp4", "video/mp4", "max-age=3600"),
        ("subs/de.vtt", "text/vtt", "max-age=3600"),
        ("thing.html", "application/octet-stream", "max-age=3600"),
    ],
)
def test_objects_are_served_with_their_type_to_everybody_who_has_the_address(
    api: Api, key: str, content_type: str, caching: str
) -> None:
    with api.call("GET", store(api, "j", key), token="") as answer:
        assert answer.status_code == 200
        assert answer.data == BODY
        assert answer.content_type == content_type
        assert caching in answer.headers["Cache-Control"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_ranges_are_served_and_impossible_ones_refused(api: Api) -> None:
    path = store(api, "j", "video.mp4")
    with api.call("GET", path, token="", headers={"Range": "bytes=100-199"}) as part:
        assert part.status_code == 206
        assert part.data == BODY[100:200]
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(BODY)}"
    with api.call("GET", path, token="", headers={"Range": "bytes=-10"}) as tail:
        assert tail.data == BODY[-10:]
    with api.call("GET", path, token="", headers={"Range": "bytes=99999-"}) as beyond:
        assert beyond.status_code == 416
    with api.call("HEAD", path, token="") as head:
        assert head.headers["Content-Length"] == str(len(BODY))
        assert head.data == b""


def test_an_object_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    path = store(api, "j", "video.mp4")
    with api.call("GET", path, token="") as first:
        tag = first.headers["ETag"]
    with api.call("GET", path, token="", headers={"If-None-Match": tag}) as second:
        assert second.status_code == 304


def test_the_token_of_another_job_opens_nothing(api: Api) -> None:
    mine, theirs = store(api, "mine", "a.mp4"), store(api, "theirs", "a.mp4")
    token = mine.split("/")[3]
    assert api.call("GET", theirs.replace(theirs.split("/")[3], token)).status_code == 404
    assert api.call("GET", mine.replace(token, token[:-1])).status_code == 404
    assert api.call("GET", mine.replace(token, "ü" * 32)).status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        "../secret.key",
        "..%2f..%2fsecret.key",
        "%2e%2e/%2e%2e/secret.key",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "a/../../theirs/a.mp4",
        "link/secret.key",
        "link.key",
        "",
        ".",
        "folder",
        "a%00.mp4",
        "nothing.mp4",
    ],
)
def test_nothing_outside_of_the_jobs_folder_is_served(api: Api, key: str) -> None:
    base = store(api, "j", "a.mp4").removesuffix("a.mp4")
    store(api, "theirs", "a.mp4")
    folder = api.settings.store_dir / "j"
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(api.settings.state_dir.resolve())
    (folder / "link.key").symlink_to((api.settings.state_dir / "secret.key").resolve())
    answer = api.call("GET", base + key)
    assert answer.status_code == 404, answer.data


def test_a_new_key_leaves_old_addresses_good(api: Api, settings: Settings) -> None:
    path = store(api, "j", "a.mp4")
    old = (settings.state_dir / "secret.key").read_text().strip()
    new = "A" * 43 + "="
    both = settings.model_copy(update={"secret_key": f"{new},{old}"})
    with api_of(both) as later, later.call("GET", path, token="") as answer:
        assert answer.status_code == 200
    with api_of(settings.model_copy(update={"secret_key": new})) as without:
        assert without.call("GET", path, token="").status_code == 404


class TestPlayer:
    def finished(self, api: Api, settings: Settings, *keys: str) -> str:
        """A completed job with these main files in the default store."""
        job_id = api.post("<script>alert(1)</script>")
        with worker_of(settings):
            api.wait(job_id)
        base = outputs_url(api.settings, job_id)
        api.change(
            "UPDATE tc_jobs SET report = json_set(report, '$.outputs[0].urls', json(:urls))",
            urls="[" + ",".join(f'"{base}/{key}"' for key in keys) + "]",
        )
        return job_id

    def test_a_page_plays_hls_without_any_other_server(self, api: Api, settings: Settings) -> None:
        job_id = self.finished(api, settings, "video.mp4", "hls%20one/playlist.m3u8", "t.png")
        url = api.get(job_id)["player_url"]
        path = url.removeprefix("https://video.example.com")
        page = api.call("GET", path, token="")

        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "<script>alert" not in page.text
        assert not re.search(r"(src|href)=[\"'](https?:)?//", page.text)
        links = re.findall(r'<a href="([^"]+)"( data-play)?>', page.text)
        assert [(link.rpartition("/")[2], bool(play)) for link, play in links] == [
            ("playlist.m3u8", True),
            ("video.mp4", True),
            ("t.png", False),
        ]
        here = Path(path.partition("?")[0]).parent
        store(api, job_id, "hls one/playlist.m3u8", b"#EXTM3U\n")
        for link in (links[0][0], *re.findall(r'src="([^"]+)"', page.text)):
            target = (here / link).as_posix()
            with api.call("GET", str(Path(target).resolve()), token="") as found:
                assert found.status_code == 200, target

    def test_the_page_opens_by_its_token_or_the_owners_bearer(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = self.finished(api, settings, "playlist.m3u8")
        path = f"/jobs/{job_id}/player"
        assert api.call("GET", path).status_code == 200
        assert api.call("GET", path, token="").status_code == 401
        assert api.call("GET", f"{path}?token=wrong", token="").status_code == 404
        assert api.call("GET", f"{path}?token=wrong").status_code == 404

    def test_a_job_that_holds_no_hls_has_no_page_but_an_empty_one(
        self, api: Api, settings: Settings
    ) -> None:
        job_id = self.finished(api, settings)
        assert api.get(job_id)["player_url"] is None
        assert "data-play" not in api.call("GET", f"/jobs/{job_id}/player").text

    def test_the_player_comes_with_its_licence(self, api: Api) -> None:
        for name, text in (("hls.min.js", "Hls"), ("hls.LICENSE.txt", "Apache License")):
            with api.call("GET", f"/static/{name}", token="") as answer:
                assert answer.status_code == 200
                assert text in answer.text
