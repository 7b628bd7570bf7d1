"""Secrets apart from the request and back; and that nothing else ever holds them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import JobSpec, join_secrets, parse_job, split_secrets

SECRET = "hunter2"
S3 = {"type": "s3", "bucket": "b", "key": f"key-{SECRET}", "secret": f"secret-{SECRET}"}
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
BODY: dict[str, Any] = {
    "video_id": "v",
    "webhook_config": {
        "url": f"https://h/hook?sig={SECRET}",
        "headers": {"authorization": f"Bearer {SECRET}", "x.y": SECRET},
        "secret": f"whsec_{SECRET}",
    },
    "source": {**S3, "path": "a.mp4", "endpoint": "https://s3.example.com"},
    "format": [
        {"output": "mp4", "framerate": "29.97", "keyframe": "3s", "start_time": "0:01.5"},
        {
            "output": "dash",
            "stream": [{"height": 720}, {"height": 360, "bitrate": 800}],
            "segment_duration": 2.002,
            "destination": f"s3://k:{SECRET}@h.example.com/b/x",
        },
        {"output": "thumbnail", "time": "10%", "destination": {**S3, "path": "t.jpg"}},
        {
            "output": "gif",
            "destination": {
                "type": "sftp",
                "endpoint": "h",
                "path": "x.gif",
                "key": "k",
                "private_key": PEM,
            },
        },
    ],
}


def round_trip(spec: JobSpec) -> JobSpec:
    stored, secrets = split_secrets(spec)
    return join_secrets(json.loads(json.dumps(stored)), json.loads(json.dumps(secrets)))


def test_secrets_are_split_off_by_path() -> None:
    stored, secrets = split_secrets(parse_job(BODY).spec)
    assert SECRET not in json.dumps(stored)
    assert secrets == {
        "webhook_config.url": f"https://h/hook?sig={SECRET}",
        "webhook_config.headers.authorization": f"Bearer {SECRET}",
        "webhook_config.headers.x.y": SECRET,
        "webhook_config.secret": f"whsec_{SECRET}",
        "source.key": f"key-{SECRET}",
        "source.secret": f"secret-{SECRET}",
        "format[1].destination.key": "k",
        "format[1].destination.secret": SECRET,
        "format[2].destination.key": f"key-{SECRET}",
        "format[2].destination.secret": f"secret-{SECRET}",
        "format[3].destination.key": "k",
        "format[3].destination.private_key": PEM,
    }


def test_splitting_and_joining_is_the_identity() -> None:
    spec = parse_job(BODY).spec
    assert round_trip(spec) == spec
    assert round_trip(spec).echo() == spec.echo()


@pytest.mark.parametrize(
    "url",
    [
        f"https://h/a.mp4?X-Amz-Signature={SECRET}",
        f"https://u:{SECRET}@h/a.mp4",
        f"https://{SECRET}@h/a",
    ],
)
def test_a_url_with_a_login_or_a_query_is_a_secret(url: str) -> None:
    spec = parse_job({"video_id": "v", "source": url, "format": [{"output": "mp4"}]}).spec
    stored, secrets = split_secrets(spec)
    assert SECRET not in json.dumps(stored) + repr(spec) + json.dumps(spec.echo())
    assert secrets == {"source.url": url}
    assert round_trip(spec) == spec


def test_a_plain_url_is_none() -> None:
    spec = parse_job({"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4"}]}).spec
    assert split_secrets(spec)[1] == {}
    assert round_trip(spec) == spec


def test_a_missing_secret_is_an_error() -> None:
    stored, secrets = split_secrets(parse_job(BODY).spec)
    del secrets["source.secret"]
    with pytest.raises(KeyError, match=r"source\.secret"):
        join_secrets(stored, secrets)


def test_no_text_of_a_request_holds_its_secrets() -> None:
    spec = parse_job(BODY).spec
    for text in (repr(spec), str(spec), spec.model_dump_json(), json.dumps(spec.echo()), f"{spec}"):
        assert SECRET not in text
    assert SECRET not in repr(parse_job(BODY))


def test_no_fault_and_no_traceback_holds_secrets() -> None:
    broken = json.loads(json.dumps(BODY))
    broken["source"]["bucket"] = None
    broken["source"]["endpoint"] = f"https://x:{SECRET}@h"
    broken["source"]["region"] = f"{SECRET} {SECRET}"
    broken["source"]["path"] = f"{SECRET}\n"
    broken["webhook_config"]["url"] = f"ftp://u:{SECRET}@h"
    broken["webhook_config"]["headers"]["bad"] = f"{SECRET}\r\n"
    broken["format"][2]["destination"]["secret"] = [SECRET]
    with pytest.raises(SpecError) as caught:
        parse_job(broken)
    assert len(caught.value.faults) >= 6
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error) + str(error) + repr(getattr(error, "faults", ""))
        assert error.__cause__ is None
        error = None if error.__suppress_context__ else error.__context__


def test_random_requests_survive_the_round_trip() -> None:
    chance = random.Random(20240229)
    for _ in range(300):
        spec = parse_job(_random_request(chance)).spec
        assert round_trip(spec) == spec
        assert parse_job(_plain(split_secrets(spec))).spec == spec


def _plain(split: tuple[dict[str, Any], dict[str, str]]) -> dict[str, Any]:
    """The stored request with its secrets put in, as a client would send it."""
    stored, secrets = split

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"$secret"}:
                return secrets[value["$secret"]]
            return {k: fill(v) for k, v in value.items()}
        return [fill(v) for v in value] if isinstance(value, list) else value

    filled: dict[str, Any] = fill(stored)
    return filled


_FIELDS: dict[str, list[Any]] = {
    "height": [144, "360", 721, 8192],
    "width": [16, "1280", 853],
    "quality": [0, "23", 51],
    "bitrate": [49, "800", 200_000],
    "framerate": [24, "23.976", "30000/1001", 12.5, "14.985", 0.3],
    "keyframe": [1, "90", "2.5s", 1000],
    "audio_bitrate": ["64", 128],
    "audio_sample_rate": [44100, "12345"],
    "audio_channels_number": [1, "6"],
    "audio_mute": [True, 0, "drop"],
}
_CLIP: dict[str, list[Any]] = {
    "start_time": [0, "1.25", "00:00:03.007", "7s"],
    "duration": [1, "0.001", "1:00:00"],
    "allow_soft_fail": [0, 1, "true"],
}
_PLACES: list[Any] = [
    None,
    S3,
    {**S3, "path": "/a/b/", "permissions": True, "endpoint": "h:9000", "use_tls": 0},
    "s3://a:b%2F@h.example.com/b/c",
    {"type": "file", "path": "/srv/out"},
]


def _random_request(chance: random.Random) -> dict[str, Any]:
    def pick(*tables: dict[str, list[Any]]) -> dict[str, Any]:
        items = [(k, v) for table in tables for k, v in table.items() if chance.random() < 0.5]
        return {name: chance.choice(values) for name, values in items}

    def output() -> dict[str, Any]:
        kind = chance.choice(["mp4", "hls", "advanced_dash", "thumbnail"])
        found = {"output": kind, "destination": chance.choice(_PLACES), **pick(_CLIP)}
        if kind == "thumbnail":
            time = {"time": [0.25, "1", "33%", "4.5s", 17]}
            return {**found, **pick(time, {"image_format": ["png", "jpeg"], "width": [33, "640"]})}
        if kind == "mp4":
            return {**found, **pick(_FIELDS)}
        extra = pick({"segment_duration": [2, "6.006", 99], "separate_audio": [0, True]}, _FIELDS)
        streams = [pick(_FIELDS) for _ in range(chance.randint(1, 4))]
        return {**found, **extra, "stream": streams}

    return {
        "video_id": "v" * chance.randint(1, 255),
        **pick({"upscale": [0, 1, "true"], "webhook_config": [BODY["webhook_config"], None]}),
        "source": chance.choice([BODY["source"], "https://u@h/a?b=c", "file:///x/y.mkv"]),
        "format": [output() for _ in range(chance.randint(1, 5))],
    }
