"""What this machine can make is found out by trying, and told with reasons."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from videngine import engine
from videngine.capabilities import capabilities
from videngine.errors import VidengineError, WorkerLost
from videngine.plan import AudioRenditionPlan, VideoRenditionPlan
from videngine.spec.codecs import CODECS
from videngine.spec.outputs import KINDS
from videngine.spec.sound_codecs import SOUND_CODECS


def test_the_command_prints_every_codec_with_a_verdict() -> None:
    command = [sys.executable, "-m", "videngine", "capabilities"]
    out = subprocess.run(command, check=True, capture_output=True, timeout=100).stdout
    found = json.loads(out)
    assert {name for one in found["video_codecs"].values() for name in one["names"]} == set(CODECS)
    for name in ("libx264", "libx265", "libsvtav1", "libvpx", "libvpx-vp9"):
        assert found["video_codecs"][name]["available"] is True
    assert found["audio_codecs"] == {name: {"available": True} for name in SOUND_CODECS}
    assert found["outputs"] == list(dict.fromkeys(KINDS.values()))
    assert found["vmaf"] == {"available": True}
    for name in ("h264_nvenc", "hevc_nvenc", "av1_nvenc"):
        verdict = found["video_codecs"][name]
        assert verdict["available"] is False
        assert verdict["code"] == "codec_unavailable"
        assert name in verdict["reason"]
    assert "libcuda.so.1" in found["video_codecs"]["h264_nvenc"]["reason"]


def test_an_encoder_that_takes_its_process_along_is_only_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    try_encoder = engine.try_encoder

    def crash(plan: VideoRenditionPlan | AudioRenditionPlan) -> None:
        if plan.codec == "libx265":
            raise WorkerLost("worker_lost", "The process died (signal SIGSEGV).")
        if plan.codec != "aac":
            raise VidengineError("skipped", "not of interest here")
        try_encoder(plan)

    monkeypatch.setattr(engine, "try_encoder", crash)
    found = capabilities()
    assert found["video_codecs"]["libx265"]["code"] == "worker_lost"
    assert found["audio_codecs"]["aac"] == {"available": True}
