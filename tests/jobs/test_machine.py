"""Telling whether a worker is still there."""

from __future__ import annotations

import subprocess
import sys

from videngine.jobs import machine


def test_no_two_starts_have_one_name() -> None:
    assert machine.new_worker_id() != machine.new_worker_id()


def test_this_process_is_here_and_not_gone() -> None:
    me = machine.new_worker_id()
    assert machine.is_here(me)
    assert not machine.is_gone(me)


def test_a_process_that_has_ended_is_gone() -> None:
    code = "from videngine.jobs.machine import new_worker_id; print(new_worker_id())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    worker = ended.stdout.strip()
    assert machine.is_here(worker)
    assert machine.is_gone(worker)


def test_nobody_knows_of_processes_elsewhere_and_of_other_users() -> None:
    assert not machine.is_gone("otherhost.0/1/uuid")
    assert not machine.is_here("otherhost.0/1/uuid")
    here = machine.new_worker_id().partition("/")[0]
    assert not machine.is_gone(f"{here}/1/uuid")  # init lives, whoever may signal it
    assert not machine.is_gone(f"{here}/none/uuid")
    assert not machine.is_gone("")
