"""The request of the API's page is accepted as it stands, with a warning for what cannot be."""

from __future__ import annotations

import json
import re

from tests.unit.test_spec_examples import MENDED, NOT_YET, REQUEST, RESPONSE, UNUSABLE, made_by_now

from service import Api

NO_ENCODER_TAKES = [
    *MENDED,
    *(f"{protection}.{field}" for protection, fields in UNUSABLE.items() for field in fields),
]

SAYS_WHAT_IS_DONE = r"is used|are used|ignored|fails|goes to|left out|not turned"


def body_and_places() -> tuple[bytes, dict[int, int]]:
    """The page's text, byte for byte once all of it is made; where each of its outputs is in it."""
    if not NOT_YET:
        return REQUEST, {n: n for n in range(8)}
    data = made_by_now()
    there = [n for n, output in enumerate(data["format"]) if "output" in output]
    data["format"] = [data["format"][n] for n in there]
    return json.dumps(data).encode(), {old: new for new, old in enumerate(there)}


def moved(path: str, places: dict[int, int]) -> str:
    """A path of the page's request in the one that is sent."""
    return re.sub(r"format\[(\d)\]", lambda m: f"format[{places[int(m[1])]}]", path)


def test_the_page_s_request_is_accepted_with_one_warning_for_each_value_that_cannot_be(
    api: Api,
) -> None:
    body, places = body_and_places()
    answer = api.call("POST", "/jobs", data=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json["message"], answer.json["success"]) == (RESPONSE["message"], True)
    result = answer.json["result"]
    assert set(RESPONSE["result"]) <= set(result)
    for output in result["format"]:
        assert set(RESPONSE["result"]["format"][0]) <= set(output)
        for rung in output["stream"] or ():
            assert set(RESPONSE["result"]["format"][0]["stream"][0]) <= set(rung)
    warned = [w["path"] for w in result["warnings"] if w["code"] != "path_collision"]
    assert sorted(warned) == sorted(moved(path, places) for path in NO_ENCODER_TAKES)
    for warning in result["warnings"]:
        assert re.search(
            r"is used|are used|ignored|fails|goes to|left out|not turned", warning["message"]
        ), f"{warning} says what is done instead"
    for secret in ("source_secret_key", "destination_secret", "DRM encryption", "Bearer token"):
        assert secret not in answer.text


def test_a_strict_reader_refuses_all_of_them_at_once(api: Api) -> None:
    body, places = body_and_places()
    answer = api.call("POST", "/jobs?strict=1", data=body)
    assert answer.status_code == 422
    faults = [error["path"] for error in answer.json["result"]["errors"]]
    assert sorted(faults) == sorted(moved(path, places) for path in NO_ENCODER_TAKES)
    assert api.result("GET", "/jobs")["total"] == 0
