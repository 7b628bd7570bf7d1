"""The examples run as their first lines say, and show what they should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from tests.frames.material import ffmpeg

import videngine

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scenes of one second: dark grey, a test picture that moves, light grey."""
    path = tmp_path_factory.mktemp("examples") / "film.mp4"
    size = "s=320x180:r=25:d=1"
    ffmpeg(
        *("-f", "lavfi", "-i", f"color=0x202020:{size}"),
        *("-f", "lavfi", "-i", f"testsrc2={size}"),
        *("-f", "lavfi", "-i", f"color=0xE0E0E0:{size}"),
        *("-filter_complex", "[0][1][2]concat=n=3", "-c:v", "libx264", "-pix_fmt", "yuv420p"),
        path,
    )
    return path


def run(name: str, film: Path, *targets: Path) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), str(film), *map(str, targets)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_contact_sheet(film: Path, tmp_path: Path) -> None:
    run("contact_sheet", film, tmp_path / "sheet.png")
    with PIL.Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (1280, 540)
        pixels = np.asarray(sheet).astype(int)
    assert np.abs(pixels[90, 160] - 0x20).max() <= 2  # the first frame
    assert np.abs(pixels[450, 1120] - 0xE0).max() <= 2  # the last


def test_scene_cuts(film: Path, tmp_path: Path) -> None:
    assert run("scene_cuts", film, tmp_path / "plot.png").split() == ["1.000", "2.000"]
    with PIL.Image.open(tmp_path / "plot.png") as plot:
        assert np.ptp(np.asarray(plot)) > 100


def test_luma_histogram(film: Path, tmp_path: Path) -> None:
    run("luma_histogram", film, tmp_path / "plot.png")
    with PIL.Image.open(tmp_path / "plot.png") as plot:
        assert np.ptp(np.asarray(plot)) > 100


def test_model_input(film: Path, tmp_path: Path) -> None:
    run("model_input", film, tmp_path / "batch.npy")
    batch = np.load(tmp_path / "batch.npy")
    assert batch.shape == (8, 3, 180, 320)
    assert batch.dtype == np.float32
    expected = (0x20 / 255 - 0.485) / 0.229
    assert np.abs(batch[0, 0] - expected).max() < 0.05


def test_round_trip(film: Path, tmp_path: Path) -> None:
    copy, shown = tmp_path / "copy.mp4", tmp_path / "shown.png"
    assert 0.1 < float(run("round_trip", film, copy, shown)) < 8
    src, made = videngine.open(film), videngine.open(copy)
    assert len(made) == len(src)
    assert [f.time for f in made] == [f.time for f in src]
    assert made[0].to_rgb()[90, 160, 0] == pytest.approx(0x20, abs=3)  # the middle
    assert made[0].to_rgb()[2, 2, 0] == pytest.approx(0x20 * 0.32, abs=3)  # a corner
    with PIL.Image.open(shown) as picture:
        assert picture.size == (960, 180)


def test_every_example_is_tested() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested
