"""The examples of docs/frames.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import videngine

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "frames.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.strip().splitlines()[-1][:40])
def test_an_example_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDENGINE_STATE_DIR", str(tmp_path / "state"))
    src = videngine.open("tests/data/media/bbb_720p24_20s.mp4", max_live_frames=600)
    names = {"src": src, "frame": src[240], "numpy": np, "videngine": videngine}
    names |= {"ys": np.empty((100, 720, 1280), "u1"), "out": np.empty((720, 1280, 3), "u1")}
    names |= {name: np.empty((100, 360, 640), "u1") for name in ("us", "vs")}
    exec(compile(code, "docs/frames.md", "exec"), names)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3
