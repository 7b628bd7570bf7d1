"""Rows of what a job carries with it: labels, the caller's text, its place in the queue."""

from __future__ import annotations

from tests.fields.rows import Elsewhere, Made, Row


def labels_come_back(made: Made) -> None:
    report = made.report.to_json()
    assert report["payload"] == '{"order": 7}'
    labels = [(output["tag"], output["user_tag"]) for output in report["outputs"]]
    assert labels == [("small", "für Ärzte"), (None, None)]


ROWS = [
    Row(
        fields=("JobSpec.payload", "OutputBase.tag", "OutputBase.user_tag"),
        name="payload and tags",
        job={
            "source": "bbb_720p24_20s.mp4",
            "payload": '{"order": 7}',
            "format": [
                {"output": "thumbnail", "height": 90, "tag": "small", "user_tag": "für Ärzte"},
                {"output": "thumbnail", "height": 180},
            ],
        },
        check=labels_come_back,
    ),
]

ELSEWHERE = [
    Elsewhere(
        fields=("JobSpec.callback_url",),
        test="tests/unit/test_spec_callback.py::test_it_is_short_for_a_webhook",
    ),
    Elsewhere(
        fields=("JobSpec.priority",),
        test="tests/server/test_change.py::test_more_urgent_jobs_go_first_and_may_be_moved_up",
    ),
]
