"""NVENC on a stand-in for the driver: what arrives there, and what its refusals become.

The stand-in encodes with libx264, so that the rest of a job is real. Nothing here says how NVENC's
own pictures look, nor that a GPU was ever used.
"""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from tests.engine.films import Film
from tests.engine.measure import keyframes, numbers
from tests.engine.plans import transcode

from videngine import engine
from videngine.capabilities import capabilities
from videngine.errors import DeviceError, EncoderUnavailable, VidengineError

SOURCES = Path(__file__).resolve().parents[1] / "nvenc_stub"


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the two libraries."""
    folder = tmp_path_factory.mktemp("nvenc")
    flags = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    packages = ["pkg-config", "--cflags", "--libs", "libavcodec", "libavutil", "ffnvcodec"]
    libav = subprocess.run(packages, check=True, capture_output=True, text=True).stdout.split()
    for source, library, more in (
        ("cuda.c", "libcuda.so.1", []),
        ("nvenc.c", "libnvidia-encode.so.1", libav),
    ):
        command = [*flags, "-o", str(folder / library), str(SOURCES / source), *more]
        subprocess.run(command, check=True, timeout=60)
    return folder


@pytest.fixture
def settings(driver: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with the stand-in; where it writes the settings of the last session."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(driver))
    path = tmp_path / "settings.json"
    monkeypatch.setenv("VIDENGINE_TEST_NVENC_SETTINGS", str(path))
    return path


def test_a_ladder_of_nvenc_has_its_keyframes_on_the_grid(
    film: Film, tmp_path: Path, settings: Path
) -> None:
    rung = {"height": 64, "video_codec": "h264_nvenc", "quality": 27, "bitrate": 800}
    parameters = {"rc_lookahead": 20, "coder": 0, "max_rate": 700}
    transcode(
        film.path,
        tmp_path,
        {
            "output": "mp4",
            "height": 64,
            "keyframe": 20,
            "video_codec": "h264_nvenc",
            "quality": 27,
            "bitrate": 800,
            "video_codec_parameters": parameters,
        },
        {"output": "hls", "stream": [rung], "segment_duration": 2},
    )
    file = tmp_path / "0" / "video_64p.mp4"
    assert keyframes(file) == [0, 20, 40, 48, 68, 88, 96, 116, 136]
    assert numbers(file) == list(range(144))
    assert len(list((tmp_path / "1").glob("video_1/segment_*"))) == 3


def test_options_arrive_translated(film: Film, tmp_path: Path, settings: Path) -> None:
    transcode(
        film.path,
        tmp_path,
        {
            "output": "mp4",
            "height": 64,
            "video_codec": "h264_nvenc",
            "quality": 27,
            "video_codec_parameters": {"rc_lookahead": 20, "coder": 0, "max_rate": 700},
        },
    )
    told = json.loads(settings.read_text())
    assert told["cq"] == 27
    assert told["bitrate"] == 0
    assert told["maxrate"] == 700_000
    assert told["lookahead"] == 20
    assert told["scenecut"] == 0
    assert told["entropy"] == 2  # CAVLC
    assert Fraction(*told["rate"]) == 24


@pytest.mark.parametrize(
    ("variable", "value", "kind", "code"),
    [
        ("NVENC_OPEN", "10", DeviceError, "gpu_session_limit"),  # out of memory
        ("NVENC_OPEN", "21", DeviceError, "gpu_session_limit"),  # incompatible client key
        ("NVENC_OPEN", "2", EncoderUnavailable, "codec_unavailable"),  # unsupported device
        ("NVENC_VERSION", "160", EncoderUnavailable, "codec_unavailable"),  # an old driver
        ("CUDA_INIT", "100", EncoderUnavailable, "codec_unavailable"),  # no device
        ("NVENC_INIT", "8", EncoderUnavailable, "encoder_init_failed"),  # a bad parameter
    ],
)
@pytest.mark.usefixtures("settings")
def test_what_the_driver_refuses_is_named(
    film: Film,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    kind: type[VidengineError],
    code: str,
) -> None:
    monkeypatch.setenv(f"VIDENGINE_TEST_{variable}", value)
    with pytest.raises(kind) as caught:
        transcode(film.path, tmp_path, {"output": "mp4", "height": 64, "video_codec": "h264_nvenc"})
    assert caught.value.code == code


@pytest.mark.usefixtures("settings")
def test_a_codec_that_the_gpu_does_not_have_fails_alone_and_nothing_takes_its_place(
    film: Film, tmp_path: Path
) -> None:
    report = transcode(
        film.path,
        tmp_path,
        {"output": "mp4", "height": 64, "video_codec": "hevc_nvenc", "allow_soft_fail": 1},
        {"output": "mp4", "height": 64},
    )
    failed, made = report.outputs
    assert failed.error is not None
    assert failed.error["code"] == "codec_unavailable"
    assert "hevc_nvenc" in failed.error["message"]
    assert failed.files == []
    assert made.status == "completed"


@pytest.mark.usefixtures("settings")
def test_capabilities_name_what_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    try_encoder = engine.try_encoder
    monkeypatch.setattr(
        engine, "try_encoder", lambda plan: try_encoder(plan) if "nvenc" in plan.codec else None
    )
    found = capabilities()["video_codecs"]
    assert found["h264_nvenc"]["available"] is True
    assert found["hevc_nvenc"]["code"] == "codec_unavailable"
