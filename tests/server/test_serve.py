"""The API as a process: real HTTP, no engine, an orderly end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
from tests.processes import ended, until, until_served

from flows import journal_of
from service import Workers, job
from videngine.jobs.tokens import create_token
from videngine.settings import Settings

_SERVE = textwrap.dedent(
    """
    import signal, sys, threading
    from pathlib import Path
    from videngine.server import serve
    from videngine.settings import Settings

    def end(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        serve(Settings(state_dir=Path(sys.argv[1]), port=int(sys.argv[2])))
    except KeyboardInterrupt:
        pass
    """
)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The API on a port of its own; the value is its address."""
    port = free_port()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    log = settings.state_dir / "api.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(settings.state_dir), str(port)],
            stdout=sink,
            stderr=sink,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        until_served(base, process, log.read_text)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0, log.read_text()


def test_a_job_goes_through_api_and_worker_as_processes(
    settings: Settings, workers: Workers
) -> None:
    headers = {"Authorization": f"Bearer {create_token(settings, 'test')}"}
    with served(settings) as base, requests.Session() as session:
        session.headers.update(headers)
        workers.start()
        posted = session.post(f"{base}/jobs", json=job("steps=3"), timeout=30).json()
        url = f"{base}/jobs/{posted['result']['id']}"
        until(lambda: session.get(url, timeout=30).json()["result"]["status"] == "completed")
    assert journal_of(settings, posted["result"]["id"])[-1] == "step2"


def test_failures_over_http_have_the_one_shape_too(settings: Settings) -> None:
    token = create_token(settings, "test")
    headers = {"Authorization": f"Bearer {token}"}
    with served(settings) as base:
        large = requests.post(f"{base}/jobs", data=b" " * (2 << 20), headers=headers, timeout=30)
        assert large.status_code == 413
        assert large.json()["result"]["errors"][0]["code"] == "payload_too_large"

        def chunks() -> Iterator[bytes]:
            for _ in range(40):
                yield b" " * 65536

        chunked = requests.post(f"{base}/jobs", data=chunks(), headers=headers, timeout=30)
        assert chunked.status_code == 413
        assert chunked.json()["success"] is False
        with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nbroken\r\n\r\n")
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
            assert b'"code": "bad_request"' in answer
        for path in ("/jobs/", "/%2e%2e/secret.key", "/static/../../secret.key"):
            request = requests.Request("GET", base, headers=headers).prepare()
            request.url = base + path
            with requests.Session() as session:
                found = session.send(request, timeout=30, allow_redirects=False)
            assert found.status_code == 404, path
            assert found.json()["success"] is False
    assert token not in (settings.state_dir / "api.log").read_text()


_API = """
from videngine.server import create_app
app = create_app(Settings(state_dir=Path(sys.argv[1])))
app.test_client().get("/openapi.json")
app.extensions["videngine"].close()
"""


@pytest.mark.parametrize("program", [_API, "import videngine.jobs.worker, videngine.flow"])
def test_neither_api_nor_worker_loads_the_engine(settings: Settings, program: str) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom videngine.settings import Settings\n"
        f"{program}\nassert 'videngine._engine' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(settings.state_dir)], check=True)
