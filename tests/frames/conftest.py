"""Sources for the tests of frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.frames.material import MATERIAL, Material, reference

Made = tuple[Path, list[str]]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Material], Made]:
    """Makes a source once, with FFmpeg's hashes of its frames."""
    folder = tmp_path_factory.mktemp("frames")
    ready: dict[str, Made] = {}

    def make(material: Material) -> Made:
        if material.name not in ready:
            path = material.write(folder)
            ready[material.name] = path, reference(path)
        return ready[material.name]

    return make


@pytest.fixture(scope="session")
def clip(made: Callable[[Material], Made]) -> Path:
    """60 small frames, H.264 with B-frames, a key frame every 12."""
    return made(next(m for m in MATERIAL if m.name == "closed_gop"))[0]
