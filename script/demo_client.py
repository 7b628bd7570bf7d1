"""The demo's client: start the service, post a job for the shipped clip, watch it, verify it."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from demo_check import Broken, check_output, check_page

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "tests/data/media/bbb_720p24_20s.mp4"
STATE = ROOT / "var"
COMMAND = str(ROOT / ".venv/bin/videngine")
LADDER = [{"height": height, "quality": 23} for height in (720, 480, 360)]
JOB = {
    "video_id": "demo",
    "source": {"type": "file", "path": str(CLIP)},
    "format": [
        {"output": "advanced_hls", "segment_duration": 4, "stream": LADDER},
        {"output": "advanced_dash", "segment_duration": 4, "stream": LADDER},
        {"output": "mp4", "height": 720, "quality": 23},
        {"output": "thumbnail", "time": 0.5, "height": 360},
    ],
}
START_LIMIT_S = 60
JOB_LIMIT_S = 300


def free_port() -> int:
    """A TCP port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(port: int, *, keep: bool) -> Iterator[None]:
    """The service on ``port``, answering; stopped afterwards unless it is to be kept."""
    log = STATE / "demo" / "service.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [COMMAND, "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    finished = False
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Broken(f"the service did not start; its log is {log}\n{tail(log)}")
            time.sleep(0.1)
        yield
        finished = True
    finally:
        if not (keep and finished):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if keep:
        print(f"\nThe service goes on. Stop it with: kill {process.pid}")


def answers(port: int) -> bool:
    """Whether the service on ``port`` is healthy."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def tail(log: Path) -> str:
    """The last lines of a log, indented."""
    return "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-15:])


def make_token() -> str:
    """A new API token, as the command line makes it."""
    made = subprocess.run(
        [COMMAND, "token", "create"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return made.stdout.splitlines()[-1]


def call(session: requests.Session, method: str, url: str, **options: Any) -> dict[str, Any]:
    """One API call; its ``result``."""
    answer = session.request(method, url, timeout=30, **options)
    body = answer.json()
    if not body["success"]:
        raise Broken(f"{method} {url} answered {answer.status_code}: {body}")
    result: dict[str, Any] = body["result"]
    return result


def show_progress(percent: float, phase: str, *, seconds: float) -> None:
    """One line that is drawn again on a terminal, a new line for each change elsewhere."""
    filled = round(percent / 100 * 40)
    line = f"  [{'#' * filled}{'.' * (40 - filled)}] {percent:5.1f} %  {phase:<12} {seconds:4.0f} s"
    print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)


def watch(session: requests.Session, url: str) -> dict[str, Any]:
    """Poll a job until it has ended, drawing its progress."""
    start = time.monotonic()
    shown = None
    while time.monotonic() - start < JOB_LIMIT_S:
        job = call(session, "GET", url)
        percent, phase = float(job["progress"]), job["phase"] or job["status"]
        step = percent if sys.stdout.isatty() else (percent // 20, phase)
        if step != shown:
            shown = step
            show_progress(percent, phase, seconds=time.monotonic() - start)
        if job["status"] in ("completed", "failed", "canceled"):
            print()
            return job
        time.sleep(0.25)
    raise Broken(f"the job had not ended after {JOB_LIMIT_S} s")


def run(*, keep: bool) -> None:
    """The whole demo.

    Raises:
        Broken: something was not made, or is not what it should be.
    """
    (STATE / "demo").mkdir(parents=True, exist_ok=True)
    os.environ.update(VIDENGINE_STATE_DIR=str(STATE), VIDENGINE_FILE_ROOTS=str(CLIP.parent))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with service(port, keep=keep), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {make_token()}"
        print(f"\nThe service answers on {base}. Posting a job: HLS, DASH, MP4 and a picture.")
        posted = call(session, "POST", f"{base}/jobs", json=JOB)
        job = watch(session, f"{base}/jobs/{posted['id']}")
        if job["status"] != "completed":
            raise Broken(f"the job {job['status']}: {job['error']}")

        print("Verifying every output:")
        anybody = requests.Session()  # the addresses open to whoever has them, as a player needs it
        for output in job["outputs"]:
            print(f"  {output['output']:<14} {check_output(anybody, output, STATE / 'demo')}")
            print("".join(f"  {'':<14} {url}\n" for url in output["urls"]), end="")
        check_page(anybody, job["player_url"])
        print(f"  {'play the HLS':<14} {job['player_url']}")
    if not keep:
        print("\nEvery output was made and verified. The service is stopped; --keep leaves it on.")


def main() -> int:
    """Parse the arguments, run, tell how it went."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the service running")
    try:
        run(keep=parser.parse_args().keep)
    except (Broken, requests.RequestException) as error:
        print(f"\nscript/demo failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
