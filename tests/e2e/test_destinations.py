"""What becomes of an output when one of its destinations fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from videngine import Settings, transcode
from videngine.errors import OutputError

FILM = Path(__file__).parents[1] / "data" / "media" / "bbb_720p24_20s.mp4"


def test_a_destination_that_fails_takes_the_whole_output_back(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    job = {
        "video_id": "v",
        "source": {"type": "file", "path": str(FILM)},
        "format": [
            {
                "output": "thumbnail",
                "height": 90,
                "destination": [f"file://{tmp_path}/good/", f"file://{tmp_path}/file/below/"],
            }
        ],
    }
    with pytest.raises(OutputError) as caught:
        transcode(job, settings=Settings(state_dir=tmp_path / "state"))
    assert caught.value.code == "destination_not_found"
    assert list((tmp_path / "good").iterdir()) == []
