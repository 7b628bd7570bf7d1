"""``/openapi.json``: made from the routes, their `Operation`s and the models."""

from __future__ import annotations

import functools
import re
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from videngine.server.answers import STATUS
from videngine.server.models import FaultInfo, Faults
from videngine.server.operation import Operation, described

JSON = dict[str, Any]

_REF = "#/components/schemas/{model}"
_EVERYWHERE = ("internal_error", "database_unavailable")


def operations(app: Flask) -> list[tuple[str, str, Operation]]:
    """(method, path, description) of every route but the files of the player's page."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        description = described(app.view_functions[rule.endpoint])
        assert description is not None, f"{rule.rule} does not describe itself"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((method, _path(rule.rule), description))
    return sorted(found, key=lambda entry: (entry[1], entry[0]))


def document(app: Flask) -> JSON:
    """The whole document, OpenAPI 3.1."""
    routes = operations(app)
    shapes = (shape for _, _, description in routes for shape in _models(description))
    schemas, definitions = _schemas(frozenset({Faults, FaultInfo, *shapes}))
    paths: JSON = {}
    for method, path, description in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(path, description, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "videngine",
            "version": "1",
            "description": "One source in, every rendition out. Answers are "
            '`{"message", "result", "success"}`; see docs/api.md.',
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _path(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _models(description: Operation) -> list[type[BaseModel]]:
    shapes = (description.body, description.result)
    return [s for s in shapes if isinstance(s, type)]


@functools.cache
def _schemas(models: frozenset[type[BaseModel]]) -> tuple[dict[type[BaseModel], JSON], JSON]:
    ordered = sorted(models, key=lambda model: model.__name__)
    by_model, whole = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=_REF
    )
    return {model: by_model[model, "validation"] for model in ordered}, whole.get("$defs", {})


def _shape(shape: type[BaseModel] | JSON, schemas: dict[type[BaseModel], JSON]) -> JSON:
    return schemas[shape] if isinstance(shape, type) else shape


def _envelope(result: JSON, *, success: bool) -> JSON:
    return {
        "type": "object",
        "required": ["message", "result", "success"],
        "properties": {
            "message": {"type": "string"},
            "result": result,
            "success": {"const": success},
        },
    }


def _operation(path: str, description: Operation, schemas: dict[type[BaseModel], JSON]) -> JSON:
    out: JSON = {
        "summary": description.summary,
        "parameters": _parameters(path, description),
        "responses": _responses(description, schemas),
    }
    if description.public:
        out["security"] = []
    if description.body is not None:
        content = {"application/json": {"schema": _shape(description.body, schemas)}}
        out["requestBody"] = {"required": True, "content": content}
    return out


def _parameters(path: str, description: Operation) -> list[JSON]:
    found: list[JSON] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    query = description.query.model_json_schema() if description.query else {}
    for name, schema in query.get("properties", {}).items():
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in query.get("required", []),
                "description": schema.pop("description", ""),
                "schema": schema,
            }
        )
    for name, text in description.headers:
        found.append(
            {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        )
    return found


def _responses(description: Operation, schemas: dict[type[BaseModel], JSON]) -> JSON:
    if description.result is None:
        schema: JSON = {} if description.content_type == "application/json" else {"type": "string"}
    else:
        schema = _envelope(_shape(description.result, schemas), success=True)
    out: JSON = {
        "200": {
            "description": "Served.",
            "content": {description.content_type: {"schema": schema}},
        }
    }
    codes = [*description.errors, *_EVERYWHERE] + ([] if description.public else ["unauthorized"])
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS.get(code, 422), []).append(code)
    failure = _envelope(schemas[Faults], success=False)
    for status, names in sorted(by_status.items()):
        out[str(status)] = {
            "description": ", ".join(f"`{name}`" for name in names),
            "content": {"application/json": {"schema": failure}},
        }
    return out
