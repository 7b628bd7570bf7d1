"""No URL, name or redirect of a user's leads to an address that the operator has not opened."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ssrfguard import SSRFGuardError

from servers import HttpServer, S3Server, http_server_on
from videngine.errors import InputError, OutputError
from videngine.settings import Settings
from videngine.storage.addresses import AddressPolicy
from videngine.storage.guard import GuardedClient
from videngine.storage.s3 import S3Sink, S3Source

MakeSettings = Callable[..., Settings]

PUBLIC = "93.184.216.34"
"""A public address; nothing is ever sent there."""

NAMES: dict[str, list[str]] = {
    "inside.test": ["10.1.2.3"],
    "metadata.google.internal": ["169.254.169.254"],
    "loop.test": ["127.0.0.1"],
    "loop6.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "mixed.test": [PUBLIC, "127.0.0.1"],
    "mixed6.test": [PUBLIC, "fd00:ec2::254"],
    "public.test": [PUBLIC],
}

HOSTS = [
    # this machine, in all spellings
    "127.0.0.1",
    "127.0.0.1.",
    "127.8.9.10",
    "localhost",
    "LOCALHOST.",
    "0.0.0.0",
    "0",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    # metadata services
    "169.254.169.254",
    "2852039166",
    "169.254.170.2",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "metadata.google.internal",
    # private and special networks
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "240.0.0.1",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    # IPv4 inside IPv6
    "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    # names
    "inside.test",
    "inside.test.",
    "INSIDE.TEST",
    "loop.test",
    "loop6.test",
    "mapped.test",
    "mixed.test",
    "mixed6.test",
]

URLS = [
    *(f"http://{host}/x" for host in HOSTS),
    "https://127.0.0.1/x",
    "https://inside.test/x",
    # odd ports
    f"http://{PUBLIC}:22/x",
    f"http://{PUBLIC}:8080/x",
    f"https://{PUBLIC}:6379/x",
    "http://public.test:25/x",
    "http://127.0.0.1:65536/x",
    "http://127.0.0.1:0/x",
    "http://127.0.0.1:-1/x",
    # user information and other disguises
    f"http://user@{PUBLIC}/x",
    f"http://user:secret@{PUBLIC}/x",
    f"http://{PUBLIC}@127.0.0.1/x",
    f"http://127.0.0.1\\@{PUBLIC}/x",
    f"http://{PUBLIC}\\@127.0.0.1/x",
    f"http://127.0.0.1#@{PUBLIC}/x",
    f"http://127.0.0.1?@{PUBLIC}/x",
    "http://127.0.0.1%00.test/x",
    "http://127.0.0.1%2f@public.test/x",
    "http://127.0.0.1\t/x",
    f"http://{PUBLIC}\r\nHost: inside.test/x",
    " http://127.0.0.1/x",
    "http://[::1/x",
    "http://[::1]x/",
    "http:///x",
    "http://",
    "//127.0.0.1/x",
    "127.0.0.1",
    "",
    f"http://{'a' * 300}.test/x",
    f"http://public.test/{'a' * 10_000}",
    # other schemes
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "FILE:///etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1:6379/_INFO",
    "s3://bucket/x",
    "data:text/plain,x",
    "unix:///run/docker.sock",
    "javascript:alert(1)",
]


def _download(client: GuardedClient, url: str, folder: Path) -> None:
    client.download(url, folder / "file", max_bytes=1000, moved=lambda *_: None)


def _fetch_small(client: GuardedClient, url: str, folder: Path) -> None:
    client.fetch_small(url, max_bytes=1000, timeout_s=5)


def _post(client: GuardedClient, url: str, folder: Path) -> None:
    client.post(url, b"{}", {}, timeout_s=5)


WAYS = [_download, _fetch_small, _post]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("url", URLS)
def test_forbidden_urls_are_refused_without_a_packet(
    url: str, way: Any, settings: MakeSettings, scratch: Path, network: Any, names: Any
) -> None:
    client = GuardedClient(settings(), resolver=names(NAMES))
    with pytest.raises(InputError) as caught:
        way(client, url, scratch)
    assert caught.value.code == "source_forbidden"
    assert not caught.value.retryable
    assert network.connects == []
    assert not list(scratch.iterdir())
    for inside in ("10.1.2.3", "169.254.169.254", "127.0.0.1", "RFC", "secret"):
        assert inside not in caught.value.message or inside in url


@pytest.mark.parametrize("host", HOSTS)
def test_forbidden_s3_endpoints_are_refused_without_a_packet(
    host: str, settings: MakeSettings, scratch: Path, network: Any, names: Any, ignore: Any
) -> None:
    server = S3Server("http://unused")
    place = server.place("bucket", "film.mp4", endpoint=f"http://{host}")
    source = S3Source(place, settings=settings(), resolver=names(NAMES))
    with pytest.raises(InputError) as read:
        source.fetch(scratch, ignore)
    # botocore itself refuses some spellings before there is a connection to guard
    assert read.value.code in ("source_forbidden", "source_not_found")
    assert not read.value.retryable
    (scratch / "local").write_bytes(b"x")
    with pytest.raises(OutputError) as written:
        S3Sink(place, settings=settings(), resolver=names(NAMES)).put(
            scratch / "local", "key", content_type="text/plain", moved=ignore
        )
    assert written.value.code in ("destination_forbidden", "destination_not_found")
    assert not written.value.retryable
    assert network.connects == []


REDIRECTS = [url for url in URLS if url and "\n" not in url and not url.startswith((" ", "127"))]


@pytest.mark.parametrize("target", REDIRECTS)
def test_redirects_to_forbidden_urls_are_not_followed(
    target: str,
    settings: MakeSettings,
    scratch: Path,
    http_server: HttpServer,
    network: Any,
    names: Any,
) -> None:
    url = http_server.status("/start", 302, location=target.encode().decode("latin-1"))
    client = GuardedClient(settings(allow_addresses=(http_server.address,)), resolver=names(NAMES))
    with pytest.raises(InputError) as caught:
        _fetch_small(client, url, scratch)
    assert caught.value.code in ("source_forbidden", "source_not_found")
    assert not caught.value.retryable
    assert set(network.connects) == {("127.0.0.1", http_server.port)}
    assert {r.path for r in http_server.received} <= {"/start", "/x"}


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_name_that_changes_its_mind_is_asked_once_a_connection(
    turn: int, settings: MakeSettings, scratch: Path, http_server: HttpServer, names: Any
) -> None:
    """127.0.0.1 is open, 127.0.0.2 is not: whatever was checked is what is connected to."""
    counter = itertools.count(1)
    resolver = names(
        {"moving.test": lambda: ["127.0.0.2" if next(counter) >= turn else "127.0.0.1"]}
    )
    url = http_server.serve("/file", b"public").replace("127.0.0.1", "moving.test")
    client = GuardedClient(settings(allow_addresses=(http_server.address,)), resolver=resolver)
    with http_server_on("127.0.0.2", http_server.port) as inner:
        for _ in range(turn - 1):
            assert client.fetch_small(url, max_bytes=100, timeout_s=5) == b"public"
        assert len(resolver.asked) == turn - 1
        with pytest.raises(InputError, match="not an address"):
            client.fetch_small(url, max_bytes=100, timeout_s=5)
        assert inner.received == []
        assert len(resolver.asked) == turn


def test_a_name_with_one_forbidden_answer_is_refused_whole(
    settings: MakeSettings, scratch: Path, http_server: HttpServer, network: Any, names: Any
) -> None:
    url = http_server.serve("/file", b"public").replace("127.0.0.1", "mixed.test")
    client = GuardedClient(
        settings(allow_addresses=(http_server.address,)),
        resolver=names({"mixed.test": ["127.0.0.1", "127.0.0.2"]}),
    )
    with pytest.raises(InputError, match="not an address"):
        client.fetch_small(url, max_bytes=100, timeout_s=5)
    assert network.connects == []


def test_a_name_with_very_many_answers_costs_four_attempts(
    settings: MakeSettings, network: Any, names: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answers = [f"127.0.0.{n}" for n in range(1, 201)]
    client = GuardedClient(
        settings(allow_addresses=("127.0.0.0/8",)), resolver=names({"many.test": answers})
    )
    with pytest.raises(InputError) as caught:
        client.fetch_small(f"http://many.test:{port}/", max_bytes=100, timeout_s=5)
    assert caught.value.code == "source_timeout"
    assert len(network.connects) == 4


def test_proxies_of_the_environment_are_not_used(
    settings: MakeSettings,
    http_server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    scratch: Path,
    ignore: Any,
) -> None:
    url = http_server.serve("/file", b"direct")
    open_settings = settings(allow_addresses=(http_server.address,))
    with http_server_on() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        client = GuardedClient(open_settings)
        assert client.fetch_small(url, max_bytes=100, timeout_s=5) == b"direct"
        place = S3Server(http_server.url).place("file", "key")
        with pytest.raises(InputError):
            S3Source(place, settings=open_settings).fetch(scratch, ignore)
        assert proxy.received == []
    assert len(http_server.received) > 1


def test_netrc_and_cookies_are_not_used(
    settings: MakeSettings,
    http_server: HttpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login operator password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    url = http_server.serve("/file", b"x", set_cookie="a=b")
    client = GuardedClient(settings(allow_addresses=(http_server.address,)))
    for _ in range(2):
        client.fetch_small(url, max_bytes=100, timeout_s=5)
    for received in http_server.received:
        assert "Authorization" not in received.headers
        assert "Cookie" not in received.headers


@pytest.mark.parametrize(
    ("entry", "opened", "closed"),
    [
        ("127.0.0.1:8333", "http://127.0.0.1:8333/", "http://127.0.0.1:8334/"),
        ("127.0.0.1:8333", "http://127.0.0.1:8333/", "http://127.0.0.1/"),
        ("127.0.0.1:8333", "http://127.0.0.1:8333/", "http://127.0.0.2:8333/"),
        ("127.0.0.1", "http://127.0.0.1:9999/", "http://127.0.0.2:9999/"),
        ("10.0.0.0/8", "http://10.200.3.4:9000/", "http://11.0.0.1:9000/"),
        ("10.0.0.0/8", "https://10.200.3.4/", "https://172.16.0.1/"),
        ("10.0.0.0/8:9000", "http://10.200.3.4:9000/", "http://10.200.3.4/"),
        ("10.0.0.0/8", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/"),
        ("::1", "http://[::1]:80/", "http://127.0.0.1/"),
        ("[::1]:8333", "http://[::1]:8333/", "http://[::1]:8334/"),
        ("[fd00::/8]:9000", "http://[fd12::1]:9000/", "http://[fd12::1]:9001/"),
        ("203.0.113.7:8443", "https://203.0.113.7:8443/", "https://203.0.113.7/"),
    ],
)
def test_an_entry_opens_what_it_says_and_no_more(entry: str, opened: str, closed: str) -> None:
    policy = AddressPolicy([entry])
    policy.check_url(opened)
    with pytest.raises(SSRFGuardError):
        policy.check_url(closed)


@pytest.mark.parametrize(
    "entry",
    [
        "minio",
        "minio:9000",
        "127.0.0.1:0",
        "127.0.0.1:x",
        "10.0.0.1/8",
        "127.0.0.1:70000",
        "64:ff9b::/96",
    ],
)
def test_an_entry_that_cannot_be_read_is_a_fault_at_start_up(
    entry: str, settings: MakeSettings
) -> None:
    with pytest.raises(ValueError, match=r"allow_addresses|allowed_networks"):
        settings(allow_addresses=(entry,))


@pytest.mark.parametrize("entry", ["minio:9000", "minio", "ftp://minio", "http://", "http://[::1"])
def test_an_endpoint_that_is_no_url_is_a_fault_at_start_up(
    entry: str, settings: MakeSettings
) -> None:
    with pytest.raises(ValueError, match=r"s3_endpoints"):
        settings(s3_endpoints=(entry,))


def test_a_trusted_origin_may_be_anywhere_and_others_on_its_address_may_not() -> None:
    policy = AddressPolicy(trusted=["http://MinIO:9000"])
    assert policy.for_origin("http", "minio", 9000).permits_address("10.0.0.7")
    assert not policy.for_origin("http", "minio", 9001).permits_address("10.0.0.7")
    assert not policy.for_origin("http", "other", 9000).permits_address("10.0.0.7")
    assert not policy.for_origin("https", "minio", 9000).permits_address("10.0.0.7")


def test_the_command_line_reaches_everything(
    settings: MakeSettings, http_server: HttpServer
) -> None:
    url = http_server.serve("/file", b"mine")
    client = GuardedClient(settings(), anywhere=True)
    assert client.fetch_small(url, max_bytes=100, timeout_s=5) == b"mine"
    with pytest.raises(InputError, match="Only http and https"):
        client.fetch_small("file:///etc/passwd", max_bytes=100, timeout_s=5)


def test_the_same_answer_comes_from_the_check_without_network(settings: MakeSettings) -> None:
    client = GuardedClient(settings())
    client.check("https://media.example/film.mp4")
    with pytest.raises(InputError, match="VIDENGINE_ALLOW_ADDRESSES"):
        client.check("http://[::1]/")
