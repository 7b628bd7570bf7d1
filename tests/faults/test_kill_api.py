"""kill -9 of the API at any moment of accepting a job: it is there as a whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from service import Api, job, worker_of
from videngine.settings import Settings

_POST = textwrap.dedent(
    """
    import json, os, signal, sys
    import sqlalchemy as sa
    from pathlib import Path
    from videngine.server import create_app
    from videngine.settings import Settings

    state, token, moment, key, body = sys.argv[1:]
    app = create_app(Settings(state_dir=Path(state)))
    engine = app.extensions["videngine"].database.engine
    count = 0

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def after(*_):
        global count
        count += 1
        if count == int(moment):
            die()

    if moment == "commit":
        real = engine.dialect.do_commit
        engine.dialect.do_commit = lambda c: (real(c), die())
    elif moment == "before commit":
        engine.dialect.do_commit = die
    else:
        sa.event.listen(engine, "after_cursor_execute", after)
    headers = {"Authorization": "Bearer " + token, "Idempotency-Key": key}
    answer = app.test_client().post("/jobs", json=json.loads(body), headers=headers)
    print(answer.status_code)
    """
)


def post_and_die(api: Api, moment: str, key: str) -> bool:
    """Post a job from a process that dies at that moment; False if it came through alive."""
    found = subprocess.run(
        [
            *(sys.executable, "-c", _POST, str(api.settings.state_dir), api.token),
            *(moment, key, json.dumps(job())),
        ],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        assert found.stdout.strip().endswith("200"), found.stdout + found.stderr
        return False
    assert found.returncode == -9, found.stderr
    return True


def whole_jobs(api: Api) -> int:
    """How many jobs there are; each with its secrets, its key's answer and its workflow."""
    ids = {row.id for row in api.rows("SELECT id FROM tc_jobs")}
    assert {row.job_id for row in api.rows("SELECT job_id FROM tc_secrets")} == ids
    assert {row.job_id for row in api.rows("SELECT job_id FROM tc_idempotency")} == ids
    flows = {row[0] for row in api.rows("SELECT workflow_uuid FROM workflow_status")}
    assert flows == {f"{job_id}:1" for job_id in ids}
    return len(ids)


def _storm(api: Api, moments: list[str]) -> None:
    # The token's note of its use is a commit of its own; it is not what is to be interrupted.
    api.change("UPDATE tc_tokens SET last_used_at = 1e12")
    expected = 0
    for number, moment in enumerate(moments):
        key = f"key-{number}"
        died = post_and_die(api, moment, key)
        if moment == "commit" or not died:
            expected += 1  # on disk, though nobody was told
        assert whole_jobs(api) == expected, moment
        headers = {"Idempotency-Key": key}
        first = api.result("POST", "/jobs", json=job(), headers=headers)
        again = api.result("POST", "/jobs", json=job(), headers=headers)
        assert first == again
        expected = whole_jobs(api)
        assert expected == number + 1


def test_a_job_is_accepted_as_a_whole_or_not_at_all(api: Api, settings: Settings) -> None:
    _storm(api, ["1", "4", "7", "before commit", "commit"])
    with worker_of(settings):
        for row in api.rows("SELECT id FROM tc_jobs"):
            assert api.wait(row.id)["status"] == "completed"


@pytest.mark.long
def test_140_deaths_while_accepting_leave_no_orphan(api: Api) -> None:
    _storm(api, [str(n % 18 + 1) for n in range(100)] + ["before commit", "commit"] * 20)
