"""The request of the API's page as a whole: its hosts, buckets and keys replaced by real ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import service_in
from tests.e2e.test_service import place, upload
from tests.engine.films import ffmpeg
from tests.speech.material import READ, models
from tests.unit.test_spec_examples import made_by_now

from servers import HttpServer, S3Server
from videngine.pssh import common_pssh

KEY = "000102030405060708090a0b0c0d0e0f"
KEY_ID = "00112233445566778899aabbccddeeff"
IV = "0f0e0d0c0b0a09080706050403020100"
SUBTITLES = b"1\n00:00:01,000 --> 00:00:03,000\nHello.\n"


def film(path: Path) -> Path:
    """Thirteen seconds of a slow picture and of speech, narrow: it is enlarged to 2160 lines."""
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=40x90:r=2:d=13", "-i", READ, "-t", "13"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", path),
    )
    return path


def replaced(folder: Path, web: HttpServer, store: S3Server, bucket: str) -> dict[str, Any]:
    """The page's request for our servers."""
    image = folder / "logo.png"
    ffmpeg(*("-f", "lavfi", "-i", "color=red:s=32x16", "-frames:v", "1", image))
    logo = web.serve("/logo.png", image.read_bytes())
    subtitles = web.serve("/sub.txt", SUBTITLES)
    request: dict[str, Any] = made_by_now()
    request["format"] = [output for output in request["format"] if "output" in output]
    request["source"] |= place(store, bucket, "/video.mp4", use_tls=False)
    request["webhook_config"]["url"] = web.serve("/notify", b"")
    for output in request["format"]:
        if "destination" in output:
            path = output["destination"]["path"]
            output["destination"] |= place(store, bucket, path, use_tls=False)
        if "logo" in output:
            output["logo"]["source"] = logo
        for source in (output.get("subtitles") or {}).get("sources", []):
            source["source"] = subtitles
        if "encryption" in output:
            output["encryption"] |= {"key": KEY, "iv": IV}
        if "cenc_drm" in output:
            pssh = base64.b64encode(common_pssh([bytes.fromhex(KEY_ID)])).decode()
            output["cenc_drm"] = {
                "key": KEY,
                "key_id": KEY_ID,
                "pssh": pssh,
                "la_url": "https://licence.example.com",
            }
    return request


def test_the_whole_request_runs_and_encodes_every_distinct_rendition_once(
    tmp_path: Path, s3_server: S3Server, http_server: HttpServer
) -> None:
    bucket = s3_server.make_bucket()
    upload(s3_server, bucket, "video.mp4", film(tmp_path / "film.mp4").read_bytes())
    request = replaced(tmp_path, http_server, s3_server, bucket)
    settings = {name: str(value) for name, value in models().items()}
    with service_in(
        tmp_path,
        allow_addresses=f"{s3_server.address},{http_server.address}",
        s3_endpoints=s3_server.endpoint,
        **settings,
    ) as service:
        answer = service.call("POST", "/jobs", json=request)
        assert answer.status_code == 200, answer.text
        job = service.wait(answer.json()["result"]["id"], timeout_s=300)
    assert (job["status"], job["partial"]) == ("completed", False), job["error"] or [
        (output["output"], output["error"]) for output in job["outputs"] if output["error"]
    ]
    assert [output["status"] for output in job["outputs"]] == ["completed"] * len(request["format"])
    distinct = {r["id"]: r for output in job["outputs"] for r in output["renditions"]}
    assert job["stats"]["decodes"] == 1
    pictures = [r for r in distinct.values() if r["kind"] == "video"]
    assert job["stats"]["encodes"] == len(pictures)
    # HLS and the ladder of files ask for the same two rungs, DASH for two at another rate, and
    # each MP4 for one of its own. What suits the title leaves out a rung of no use, of DASH alone.
    useless = [
        w["path"] for o in job["outputs"] for w in o["warnings"] if w["code"] == "useless_rung"
    ]
    assert len(pictures) + len(useless) == 6
    assert {path.partition(".")[0] for path in useless} <= {"format[7]"}
    keys = set(s3_server.keys(bucket, "path/to/destination/"))
    assert "path/to/destination/playlist.m3u8" in keys
    assert any(key.endswith("playlist.mpd") for key in keys)
    for output in job["outputs"][1:]:
        assert all(s3_server.head(bucket, _key(f["url"], bucket)) for f in output["files"])
    playlist = s3_server.body(bucket, "path/to/destination/video_1/playlist.m3u8").decode()
    assert "METHOD=AES-128" in playlist
    assert KEY not in json.dumps(job)


def _key(url: str, bucket: str) -> str:
    return url.partition(f"/{bucket}/")[2]
