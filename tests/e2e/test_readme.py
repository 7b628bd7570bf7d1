"""The README's examples, run as they stand: only the clip is a shorter one, the port a free one."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.engine.films import ffmpeg
from tests.processes import ended, until_served

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CLIP = "tests/data/media/bbb_720p24_20s.mp4"
SHORT_S = "2"
MADE = ("hls/playlist.m3u8", "dash/playlist.mpd", "bunny.mp4", "bunny.png")


def blocks(language: str) -> list[str]:
    """The README's examples in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like a checkout after `script/setup`, with `job.json` as the README says."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/videngine").symlink_to(Path(sys.executable).with_name("videngine"))
    clip = tmp_path / CLIP
    clip.parent.mkdir(parents=True)
    ffmpeg("-i", ROOT / CLIP, "-t", SHORT_S, "-c", "copy", clip)
    (job,) = blocks("json")
    (tmp_path / "job.json").write_text(job)
    return tmp_path


def run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(arguments, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_all_made(folder: Path) -> None:
    for name in MADE:
        assert (folder / "var/bunny" / name).stat().st_size > 0, name


def test_the_readme_opens_with_demo_and_test() -> None:
    commands = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert commands == ["script/demo", "script/test"]
    assert README.index("```sh") < 40


def test_every_script_that_is_named_exists() -> None:
    named = set(re.findall(r"script/\w+", README))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_command_line_example_runs(checkout: Path) -> None:
    (example,) = [block for block in blocks("sh") if "videngine encode" in block]
    run(["bash", "-euo", "pipefail", "-c", example], checkout)
    assert_all_made(checkout)
    report = json.loads((checkout / "report.json").read_text())
    assert [output["status"] for output in report["outputs"]] == ["completed"] * 4


def test_the_python_example_runs(checkout: Path) -> None:
    (example,) = [block for block in blocks("python") if "transcode" in block]
    printed = run([sys.executable, "-c", example], checkout)
    assert_all_made(checkout)
    assert [line.split()[:2] for line in printed.splitlines()] == [
        [output, "completed"] for output in ("advanced_hls", "advanced_dash", "mp4", "thumbnail")
    ]


def test_the_example_of_frames_runs() -> None:
    (example,) = [block for block in blocks("python") if "videngine.open" in block]
    shown = "\nprint(rgb.shape, [round(f.time * 24) for f in some])"
    printed = run([sys.executable, "-c", example + shown], ROOT)  # it reads all of the clip
    assert printed == "(720, 1280, 3) [5, 300, 5, 17]\n"


@pytest.fixture
def port(checkout: Path) -> Iterator[int]:
    """A service that runs in the checkout as the README says, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    service = subprocess.Popen(
        [".venv/bin/videngine", "serve", "--port", str(free)],
        cwd=checkout,
        env=os.environ | {"VIDENGINE_FILE_ROOTS": str(checkout)},
        stdin=subprocess.DEVNULL,
    )
    try:
        until_served(f"http://127.0.0.1:{free}", service)
        yield free
    finally:
        service.terminate()
        ended(service)


def test_the_http_example_runs(checkout: Path, port: int) -> None:
    (example,) = [block for block in blocks("sh") if "curl" in block]
    assert "127.0.0.1:8080" in example
    example = example.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    printed = run(["bash", "-euo", "pipefail", "-c", example + 'echo; echo "$TOKEN"'], checkout)
    posted, at = json.JSONDecoder().raw_decode(printed)
    listed, _ = json.JSONDecoder().raw_decode(printed[at:].lstrip())
    token = printed.splitlines()[-1]
    assert posted["success"]
    (job,) = listed["result"]["jobs"]
    assert job["id"] == posted["result"]["id"]

    deadline = time.monotonic() + 120
    while job["status"] not in ("completed", "failed", "canceled"):
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
        job = requests.get(
            f"http://127.0.0.1:{port}/jobs/{job['id']}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).json()["result"]
    assert job["status"] == "completed", job["error"]
    assert_all_made(checkout)
