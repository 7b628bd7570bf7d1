"""Rows of the places that objects go to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fields.rows import Elsewhere, Made, Row

IMAGE = {"output": "thumbnail", "height": 90}


def everywhere(folder: Path) -> dict[str, Any]:
    """One image in two places: a folder, and a file of the same name."""
    places = [f"file://{folder}/0/", {"type": "file", "path": f"{folder}/more/thumbnail.png"}]
    return {"source": "bbb_720p24_20s.mp4", "format": [{**IMAGE, "destination": places}]}


def both_have_it(made: Made) -> None:
    fates = made.report.outputs[0].destinations
    assert [fate["status"] for fate in fates] == ["completed", "completed"]
    copy = made.folder / "more" / "thumbnail.png"
    assert copy.read_bytes() == made.path().read_bytes()
    assert [fate["files"][0]["url"] for fate in fates] == [made.path().as_uri(), copy.as_uri()]


def one_fails(*, soft: bool) -> Any:
    """Two places, the second of which is below a file."""

    def job(folder: Path) -> dict[str, Any]:
        (folder / "file").write_text("in the way")
        places = [f"file://{folder}/0/", f"file://{folder}/file/below/"]
        output = {**IMAGE, "destination": places, "allow_soft_fail": soft}
        return {"source": "bbb_720p24_20s.mp4", "format": [output]}

    return job


def the_other_has_it(made: Made) -> None:
    (output,) = made.report.outputs
    assert made.report.partial
    assert (output.status, made.path().exists()) == ("completed", True)
    assert output.destinations[1]["error"]["code"] == "destination_not_found"
    (warning,) = output.warnings
    path = "format[0].destination[1]"
    assert (warning["path"], warning["code"]) == (path, "destination_failed")


ROWS = [
    Row(fields=("OutputBase.destination",), name="several destinations", job=everywhere,
        check=both_have_it),
    Row(fields=("OutputBase.destination", "OutputBase.allow_soft_fail"),
        name="one destination fails softly", job=one_fails(soft=True), check=the_other_has_it),
]  # fmt: skip

ELSEWHERE = [
    Elsewhere(
        fields=(
            "FtpPlace.type", "RemotePlace.endpoint", "RemotePlace.path", "RemotePlace.key",
            "RemotePlace.secret", "RemotePlace.tcp_port", "FtpPlace.is_passive",
        ),
        test="tests/storage/test_ftp.py::test_a_file_goes_there_and_comes_back",
    ),
    Elsewhere(
        fields=("HttpSource.key", "HttpSource.secret"),
        test="tests/unit/test_spec_places.py::test_user_and_password_of_a_web_server_are_those_of_its_url",
    ),
    Elsewhere(
        fields=("FtpPlace.type", "FtpPlace.use_tls"),
        test="tests/storage/test_ftp.py::test_a_file_goes_there_over_tls_and_comes_back",
    ),
    Elsewhere(
        fields=("SftpPlace.type", "SftpPlace.private_key"),
        test="tests/storage/test_sftp.py::test_a_file_goes_to_openssh_with_a_private_key_and_comes_back",
    ),
    Elsewhere(
        fields=("RemotePlace.secret",),
        test="tests/storage/test_sftp.py::test_a_file_goes_there_with_a_password_and_comes_back",
    ),
    Elsewhere(
        fields=("SftpPlace.host_key",),
        test="tests/storage/test_sftp.py::test_a_server_that_is_not_known_gets_no_password",
    ),
    Elsewhere(
        fields=("RemotePlace.url",),
        test="tests/unit/test_spec_places.py::test_ftp_is_read_from_parts_or_a_url",
    ),
]  # fmt: skip
