"""``/outputs``: what the default store holds and the page that plays it; a path token opens it."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import quote, unquote

from flask import Blueprint, Response, send_file, url_for

from videngine.content_types import cache_control_of, content_type_of
from videngine.errors import VidengineError
from videngine.links import is_path_token, path_token, public_url
from videngine.server.auth import require_token, tenant
from videngine.server.models import PlayerQuery
from videngine.server.operation import Operation, operation, read_query
from videngine.server.service import service

JSON = dict[str, Any]

blueprint = Blueprint("outputs", __name__)

_PLAYER_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "media-src 'self' blob:; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<link rel="stylesheet" href="{css}">
<h1>{title}</h1>
<video id="video" controls playsinline></video>
<p id="note"></p>
<ul>
{items}
</ul>
<script src="{hls}"></script>
<script src="{player}"></script>
</html>
"""


@blueprint.get("/outputs/<job_id>/<token>/<path:key>")
@operation(
    Operation(
        summary="Read an object of the default store.",
        query=None,
        content_type="application/octet-stream",
        errors=("not_found",),
        public=True,
    )
)
def get_output(job_id: str, token: str, key: str) -> Response:
    """One object, or a range of it."""
    _check_token(job_id, token)
    folder = (service().settings.store_dir / job_id).resolve()
    # Links are followed before the check, not after.
    path = folder if "\0" in key else (folder / key).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise VidengineError("not_found", "There is no such output.")
    response = send_file(path, mimetype=content_type_of(key), conditional=True, etag=True)
    response.headers.update(
        {
            "Content-Type": content_type_of(key),  # exactly: `mimetype` may add a charset
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Content-Length, Content-Range",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": cache_control_of(key) or "public, max-age=3600",
        }
    )
    return response


@blueprint.get("/jobs/<job_id>/player")
@operation(
    Operation(
        summary="A page that plays what the default store holds of a job.",
        query=PlayerQuery,
        content_type="text/html",
        errors=("not_found", "unauthorized", "invalid_field"),
        public=True,
    )
)
def get_player(job_id: str) -> Response:
    """The page; it needs nothing from any other server."""
    token = read_query(PlayerQuery).token
    if token is None:
        require_token()
        job = service().store.get(tenant(), job_id)
        token = path_token(service().keyring, job_id)
    else:
        _check_token(job_id, token)
        job = service().store.get_by_link(job_id)
    # Relative addresses: the page works under whatever name and prefix it was opened.
    base = f"../../outputs/{job_id}/{token}/"
    items = "\n".join(
        f'<li><a href="{html.escape(base + quote(key))}"{play}>{html.escape(label)}</a>'
        for label, key, play in _links(job)
    )
    page = _PAGE.format(
        title=html.escape(job["video_id"]),
        items=items,
        css=_static("player.css"),
        hls=_static("hls.min.js"),
        player=_static("player.js"),
    )
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": _PLAYER_CSP,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def _static(name: str) -> str:
    return "../.." + url_for("static", filename=name)


def _links(job: JSON) -> list[tuple[str, str, str]]:
    """(label, key, attribute) of every main file of the job in this store, HLS first."""
    prefix = f"{public_url(service().settings)}/outputs/{job['id']}/"
    found = []
    for output in job["outputs"]:
        for url in output["urls"]:
            if url.startswith(prefix):
                key = unquote(url.removeprefix(prefix).partition("/")[2])
                plays = key.endswith((".m3u8", ".mp4", ".webm"))
                found.append((f"{output['output']}: {key}", key, " data-play" if plays else ""))
    return sorted(found, key=lambda link: not link[1].endswith(".m3u8"))


def _check_token(job_id: str, token: str) -> None:
    if not is_path_token(service().keyring, job_id, token):
        raise VidengineError("not_found", "There is no such output.")
