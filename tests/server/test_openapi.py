"""openapi.json says what the API is: every route is in it, and real answers fit it."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from service import Api, job, worker_of
from videngine.settings import Settings


@pytest.fixture
def document(api: Api) -> Any:
    return api.call("GET", "/openapi.json", token="").json


def test_it_is_a_valid_openapi_3_1_document(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_in_it_and_nothing_else(api: Api, document: Any) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in api.app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routes


def test_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name in re.findall(r"#/components/schemas/([\w.-]+)", str(document)):
        assert name in schemas


def test_every_operation_says_what_it_does_and_how_it_fails(document: Any) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (path, method)
            assert {"200", "500", "503"} <= operation["responses"].keys()
            is_open = operation.get("security") == []
            assert is_open == ("401" not in operation["responses"]) or path.endswith("player")


def fits(document: Any, answer: Any, method: str, path: str) -> None:
    """Check an answer against what the document says of it."""
    responses = document["paths"][path][method]["responses"]
    schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
    jsonschema.validate(
        answer.json,
        {**schema, "components": document["components"]},
        jsonschema.Draft202012Validator,
    )


def test_real_answers_fit_the_document(api: Api, settings: Settings, document: Any) -> None:
    config = {"url": "http://127.0.0.1:9/hook", "secret": "shh"}
    posted = api.call(
        "POST", "/jobs?strict=1", json=job("fail=upload_failed*1", webhook_config=config)
    )
    fits(document, posted, "post", "/jobs")
    job_id = posted.json["result"]["id"]
    one = "/jobs/{job_id}"
    fits(document, api.call("GET", f"/jobs/{job_id}"), "get", one)
    fits(document, api.call("PUT", f"/jobs/{job_id}", json={"upscale": 1}), "put", one)
    with worker_of(settings):
        api.wait(job_id)
    fits(document, api.call("GET", f"/jobs/{job_id}"), "get", one)
    fits(document, api.call("GET", "/jobs"), "get", "/jobs")
    fits(document, api.call("POST", f"/jobs/{job_id}/cancel"), "post", one + "/cancel")
    fits(document, api.call("POST", f"/jobs/{job_id}/retry"), "post", one + "/retry")
    fits(document, api.call("DELETE", f"/jobs/{job_id}?purge=1"), "delete", one)
    fits(document, api.call("GET", "/healthz"), "get", "/healthz")
    fits(document, api.call("GET", "/capabilities"), "get", "/capabilities")
    fits(document, api.call("POST", "/jobs", json={}), "post", "/jobs")
    fits(document, api.call("POST", "/jobs", data="{"), "post", "/jobs")
    fits(document, api.call("GET", "/jobs", token=""), "get", "/jobs")
    fits(document, api.call("GET", f"/jobs/{job_id}"), "get", one)


def test_requests_that_are_taken_fit_the_schema_of_the_body(document: Any) -> None:
    schema = document["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]
    validator = jsonschema.Draft202012Validator(
        {**schema["schema"], "components": document["components"]}
    )
    validator.validate(job())
    assert not validator.is_valid({"video_id": "x"})
