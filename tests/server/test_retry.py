"""A retry makes what has failed, and nothing twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from service import Api, api_of, worker_of
from videngine.flow import run_job
from videngine.settings import Settings

FILM = Path(__file__).parents[1] / "data" / "media" / "bbb_720p24_20s.mp4"


def outputs(tmp_path: Path, *, soft: bool) -> list[dict[str, Any]]:
    """An output that can be made, and one that cannot while a file is in its way."""
    made = {"output": "mp4", "height": 90, "duration": 1}
    (tmp_path / "blocked").write_text("in the way")
    return [
        {**made, "destination": f"file://{tmp_path}/good/"},
        {**made, "destination": f"file://{tmp_path}/blocked/x/", "allow_soft_fail": soft},
    ]


def run(api: Api, tmp_path: Path, **job: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Post a job; take away its source, clear the way and retry it."""
    source = tmp_path / "film.mp4"
    shutil.copy(FILM, source)
    job_id = api.post("v", source={"type": "file", "path": str(source)}, **job)
    with worker_of(api.settings, run_job):
        failed = api.wait(job_id)
        source.unlink()  # whoever began anew would miss it
        (tmp_path / "blocked").unlink()
        api.result("PUT", f"/jobs/{job_id}", json={"action": "retry"})
        return failed, api.wait(job_id)


def rooted(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(
        update={"file_roots": (tmp_path,), "default_preset": "ultrafast", "max_attempts": 1}
    )


def test_a_failed_job_goes_on_behind_what_was_done(settings: Settings, tmp_path: Path) -> None:
    with api_of(rooted(settings, tmp_path)) as api:
        failed, job = run(api, tmp_path, format=outputs(tmp_path, soft=False))
        assert (failed["status"], failed["error"]["code"]) == ("failed", "destination_not_found")
        assert (job["status"], job["attempts"]) == ("completed", 2)
        assert [output["status"] for output in job["outputs"]] == ["completed", "completed"]
        good, late = tmp_path / "good/video_90p.mp4", tmp_path / "blocked/x/video_90p.mp4"
        assert good.read_bytes() == late.read_bytes()
        assert good.stat().st_mtime < late.stat().st_mtime, "what was there is not stored again"
        assert not any(api.settings.scratch_dir.iterdir())


def test_a_partial_job_is_made_whole(settings: Settings, tmp_path: Path) -> None:
    with api_of(rooted(settings, tmp_path)) as api:
        failed, job = run(api, tmp_path, format=outputs(tmp_path, soft=True))
        assert (failed["status"], failed["partial"]) == ("completed", True)
        assert (job["status"], job["partial"], job["error"]) == ("completed", False, None)
        assert (tmp_path / "blocked/x/video_90p.mp4").exists()


def test_the_one_of_several_destinations_that_failed_gets_the_files(
    settings: Settings, tmp_path: Path
) -> None:
    (good, late) = outputs(tmp_path, soft=True)
    both = {**late, "destination": [good["destination"], late["destination"]]}
    with api_of(rooted(settings, tmp_path)) as api:
        failed, job = run(api, tmp_path, format=[both])
        assert failed["partial"]
        fates = [output["destinations"] for output in (failed["outputs"][0], job["outputs"][0])]
        assert [[fate["status"] for fate in each] for each in fates] == [
            ["completed", "failed"],
            ["completed", "completed"],
        ]


def test_everything_is_made_again_where_that_is_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    with api_of(rooted(settings, tmp_path)) as api:
        job_id = api.post(
            "v", source={"type": "file", "path": str(FILM)}, format=outputs(tmp_path, soft=True)
        )
        api.change("UPDATE tc_jobs SET status = 'failed', run = 1")
        api.result("POST", f"/jobs/{job_id}/retry?all=1")
        [row] = api.rows("SELECT run, first_run, retry_run FROM tc_jobs")
        assert tuple(row) == (2, 2, 2)
        assert api.call("POST", f"/jobs/{job_id}/retry?some=1").status_code == 422
