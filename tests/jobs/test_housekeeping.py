"""What is thrown away, when, and above all what is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from service import Api, worker_of
from videngine.jobs.housekeeping import Housekeeper
from videngine.settings import Settings

ORPHAN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def keeper(api: Api) -> Housekeeper:
    return Housekeeper(api.settings, database=api.service.database, queue=api.service.queue)


def a_folder(path: Path, *, age_s: float = 0) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_bytes(b"x")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_secrets_go_with_success_and_stay_for_a_retry(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    done, failed = api.post(), api.post("refuse=source_corrupt")
    with worker_of(settings):
        api.wait(done)
        api.wait(failed)
    waiting = api.post()
    keeper.tidy()
    kept = {row.job_id for row in api.rows("SELECT job_id FROM tc_secrets")}
    assert kept == {failed, waiting}
    api.change("UPDATE tc_jobs SET finished_at = finished_at - 48 * 3600 - 1")
    keeper.tidy()
    assert {row.job_id for row in api.rows("SELECT job_id FROM tc_secrets")} == {waiting}


def test_secrets_stay_until_the_webhooks_have_gone_out(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    job_id = api.post(webhook_config={"url": "http://127.0.0.1:9/"})
    with worker_of(settings):
        api.wait(job_id)
    keeper.tidy()
    assert len(api.rows("SELECT * FROM tc_secrets")) == 1
    api.change("UPDATE tc_webhooks SET status = 'delivered'")
    keeper.tidy()
    assert api.rows("SELECT * FROM tc_secrets") == []


def test_outputs_of_the_default_store_live_as_long_as_they_may(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    old, new, running = api.post(), api.post(), api.post()
    for job_id in (old, new):
        api.result("POST", f"/jobs/{job_id}/cancel")
    folders = [a_folder(settings.store_dir / j, age_s=90_000) for j in (old, new, running)]
    api.change(
        "UPDATE tc_jobs SET finished_at = finished_at - 24 * 3600 - 1 WHERE id = :id", id=old
    )
    orphan = a_folder(settings.store_dir / ORPHAN, age_s=24 * 3600 + 10)
    young_orphan = a_folder(settings.store_dir / ORPHAN.replace("8", "9"), age_s=60)
    others = a_folder(settings.store_dir / "not-a-job", age_s=90_000)
    keeper.tidy()
    assert [f.exists() for f in folders] == [False, True, True]
    assert not orphan.exists()
    assert young_orphan.exists()
    assert others.exists()
    assert api.rows("SELECT purged_at FROM tc_jobs WHERE id = :id", id=old)[0][0] is not None


def test_scratch_goes_when_no_run_needs_it(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    settled, waiting = api.post(), api.post()
    api.result("POST", f"/jobs/{settled}/cancel")
    api.change("UPDATE tc_jobs SET run = 3, first_run = 2 WHERE id = :id", id=waiting)
    scratch = settings.scratch_dir
    gone = [a_folder(scratch / settled / "1"), a_folder(scratch / waiting / "1")]
    gone.append(a_folder(scratch / ORPHAN / "1"))
    kept = [a_folder(scratch / waiting / "2"), a_folder(scratch / "local-abc" / "1")]
    keeper.tidy()
    assert not any(folder.exists() for folder in gone)
    assert all(folder.exists() for folder in kept)


def test_checkpoints_go_with_the_job_they_are_for(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    done, failing = api.post("steps=2"), api.post("steps=2 fail=upload_failed*1")
    with worker_of(settings.model_copy(update={"retry_delay_s": 60.0})):
        api.wait(done)
        api.until(failing, lambda j: j["attempts"] == 1 and j["status"] == "queued")
    keeper.tidy()
    queue = api.service.queue
    assert queue.checkpoints(done, [1]) == []
    assert [name for name, _ in queue.checkpoints(failing, [1])] == ["step0", "step1"]


def test_answers_to_keys_go_after_their_time(api: Api, keeper: Housekeeper) -> None:
    for key in ("old", "new"):
        api.call("POST", "/jobs", json={}, headers={"Idempotency-Key": key})
        body = {"video_id": key, "source": "https://a.example/b.mp4", "format": [{"output": "mp4"}]}
        api.result("POST", "/jobs", json=body, headers={"Idempotency-Key": key})
    api.change("UPDATE tc_idempotency SET expires_at = 1 WHERE key = 'old'")
    keeper.tidy()
    assert [row.key for row in api.rows("SELECT key FROM tc_idempotency")] == ["new"]


def test_an_empty_state_folder_is_tidy(keeper: Housekeeper) -> None:
    keeper.tidy()
    keeper.tidy()


def test_what_a_retry_goes_on_from_is_kept_for_as_long_as_the_operator_says(
    api: Api, settings: Settings, keeper: Housekeeper
) -> None:
    job_id = api.post()
    folder = a_folder(settings.scratch_dir / job_id / "1")
    api.change("UPDATE tc_jobs SET status = 'failed', finished_at = :now", now=time.time())
    keeper.tidy()
    assert folder.exists()
    age_s = settings.retry_hours * 3600 + 60
    api.change("UPDATE tc_jobs SET finished_at = finished_at - :age", age=age_s)
    keeper.tidy()
    assert not folder.exists()
