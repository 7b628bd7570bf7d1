"""Tokens, and walls between tenants."""

from __future__ import annotations

import sqlite3

import pytest

from service import Api, job
from videngine.jobs.tokens import create_token, list_tokens, revoke_tokens

SECRET = "canary-of-the-other-tenant"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer vg_wrong",
        "Bearer vg_" + "A" * 100_000,
        "Bearer ünicode",
        "Token {token}",
        "Bearer {token}x",
        "Bearer {truncated}",
        "{token}",
    ],
)
def test_what_is_no_valid_token_gets_401(api: Api, header: str | None) -> None:
    headers = {}
    if header is not None:
        text = header.format(token=api.token, truncated=api.token[:-1])
        headers = {"Authorization": text.encode().decode("latin-1")}
    answer = api.app.test_client().get("/jobs", headers=headers)
    assert answer.status_code == 401
    assert answer.json["result"]["errors"][0]["code"] == "unauthorized"


def test_expired_and_revoked_tokens_get_401(api: Api) -> None:
    expired = create_token(api.settings, "short", expires_in_s=-1)
    assert api.call("GET", "/jobs", token=expired).status_code == 401

    revoked = create_token(api.settings, "to go")
    assert api.call("GET", "/jobs", token=revoked).status_code == 200
    assert revoke_tokens(api.settings, "to go") == 1
    assert api.call("GET", "/jobs", token=revoked).status_code == 401
    assert revoke_tokens(api.settings, "to go") == 0
    assert api.call("GET", "/jobs").status_code == 200


def test_the_database_holds_no_token_and_its_hash_opens_nothing(api: Api) -> None:
    api.result("GET", "/jobs")
    database = sqlite3.connect(api.service.database.path)
    dump = "\n".join(database.iterdump())
    database.close()
    assert api.token not in dump
    stored = api.rows("SELECT sha256 FROM tc_tokens")[0].sha256
    assert api.call("GET", "/jobs", token=stored).status_code == 401


def test_a_token_notes_when_it_was_used(api: Api) -> None:
    assert list_tokens(api.settings)[0].last_used_at is None
    api.result("GET", "/jobs")
    used = list_tokens(api.settings)[0]
    assert used.last_used_at is not None
    assert (used.name, used.tenant, used.revoked_at) == ("test", "default", None)


class TestTenants:
    ROUTES = (
        ("GET", "/jobs/{id}"),
        ("PUT", "/jobs/{id}"),
        ("DELETE", "/jobs/{id}"),
        ("POST", "/jobs/{id}/cancel"),
        ("POST", "/jobs/{id}/retry"),
        ("GET", "/jobs/{id}/player"),
    )

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    @pytest.mark.parametrize("state", ["queued", "processing", "completed", "failed"])
    def test_another_tenants_job_does_not_exist(
        self, api: Api, method: str, path: str, state: str
    ) -> None:
        job_id = api.post(SECRET)
        api.change("UPDATE tc_jobs SET status = :state", state=state)
        other = api.new_token("other")
        answer = api.call(
            method,
            path.format(id=job_id),
            token=other,
            **({"json": {"upscale": 1}} if method == "PUT" else {}),
        )
        missing = api.call(
            method,
            path.format(id="00000000-0000-4000-8000-000000000000"),
            token=other,
            **({"json": {"upscale": 1}} if method == "PUT" else {}),
        )
        assert answer.status_code == missing.status_code == 404
        assert answer.data == missing.data  # not even the words differ
        assert api.rows("SELECT status FROM tc_jobs")[0].status == state

    def test_lists_and_filters_show_ones_own_only(self, api: Api) -> None:
        api.post(SECRET)
        other = api.new_token("other")
        for query in ("", "?status=queued", f"?video_id={SECRET}", "?limit=100&sort=created_at"):
            answer = api.call("GET", f"/jobs{query}", token=other)
            assert answer.json["result"]["total"] == 0
            assert SECRET not in answer.text

    def test_every_route_of_a_job_is_tried(self, api: Api) -> None:
        tried = {(method, path.replace("{id}", "<job_id>")) for method, path in self.ROUTES}
        routes = {
            (method, rule.rule)
            for rule in api.app.url_map.iter_rules()
            if rule.rule.startswith("/jobs/<job_id>")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert routes == tried


def test_nothing_but_the_public_routes_is_open(api: Api) -> None:
    job_id = api.post()
    open_routes = set()
    for rule in api.app.url_map.iter_rules():
        path = rule.rule.replace("<job_id>", job_id).replace("<token>", "x" * 32)
        path = path.replace("<path:key>", "a").replace("<path:filename>", "player.js")
        for method in (rule.methods or set()) - {"HEAD"}:
            answer = api.call(method, path, token="", json=job())
            if answer.status_code != 401:
                open_routes.add(rule.rule)
            answer.close()
    assert open_routes == {
        "/healthz",
        "/openapi.json",
        "/outputs/<job_id>/<token>/<path:key>",
        "/static/<path:filename>",
    }
