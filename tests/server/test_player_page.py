"""The player's page in a real browser, under its own content security policy."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from werkzeug.serving import make_server

from service import Api, api_of, worker_of
from videngine.links import outputs_url
from videngine.settings import Settings

WATCH = Path(__file__).with_name("watch_page.mjs")


@pytest.fixture
def served(settings: Settings) -> Iterator[Api]:
    """The API on a port of its own."""
    with api_of(settings) as probe:
        server = make_server("127.0.0.1", 0, probe.app, threaded=True)
    settings = settings.model_copy(update={"port": server.server_port})
    with api_of(settings) as api:
        server.app = api.app
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield api
        server.shutdown()
        thread.join()
        server.server_close()


def make_hls(folder: Path) -> None:
    """Two seconds of picture, and sound in a group of its own, as jobs make it by default."""
    (folder / "hls").mkdir(parents=True)
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"),
            *("-f", "lavfi", "-i", "testsrc=duration=2:size=320x180:rate=25"),
            *("-f", "lavfi", "-i", "sine=duration=2"),
            *("-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p"),
            *("-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod"),
            *("-hls_segment_type", "fmp4", "-master_pl_name", "playlist.m3u8"),
            *("-var_stream_map", "v:0,agroup:sound a:0,agroup:sound,default:yes"),
            str(folder / "hls" / "track_%v.m3u8"),
        ],
        check=True,
        cwd=folder / "hls",
    )


@pytest.mark.browser
def test_the_page_plays_picture_and_sound_and_asks_no_other_server(served: Api) -> None:
    job_id = served.post()
    with worker_of(served.settings):
        served.wait(job_id)
    make_hls(served.settings.store_dir / job_id)
    url = outputs_url(served.settings, job_id) + "/hls/playlist.m3u8"
    served.change(
        "UPDATE tc_jobs SET report = json_set(report, '$.outputs[0].urls', json(:urls))",
        urls=json.dumps([url]),
    )
    page = served.get(job_id)["player_url"]

    watched = subprocess.run(
        ["node", str(WATCH), page], capture_output=True, text=True, timeout=60, check=False
    )

    assert watched.returncode == 0, watched.stderr
    seen = json.loads(watched.stdout)
    assert seen["errors"] == []
    assert seen["time"] > 0.5
    assert seen["width"] == 320
    assert seen["audioBytes"] > 0
    assert seen["note"] == ""
    origin = f"http://127.0.0.1:{served.settings.port}/"
    assert all(request.startswith((origin, "blob:", "data:")) for request in seen["requests"])
