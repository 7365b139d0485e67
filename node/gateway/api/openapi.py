"""The OpenAPI document, made from the table of operations.

Source: OpenAPI Specification 3.1.1, https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from node.gateway.api.operations import JSON, OPERATIONS, Operation
from node.gateway.api.shapes import SHAPES, ref
from node.gateway.login import cookie_name
from node.gateway.visit import Audience

PATH = "/api/openapi.json"
ID = {"type": "string", "pattern": "^[0-9A-Fa-f]{8,64}$"}

_PROBLEMS = {
    "400": "A parameter is unknown, given twice or not what it can be.",
    "403": "Not for this reader.",
    "404": "Nothing here has that id.",
    "410": "It was here, and its member has withdrawn it.",
    "429": "Too many requests from this address; wait as Retry-After says.",
    "503": "Nothing can be read at the moment.",
}


@lru_cache(maxsize=8)
def document(audience: Audience, host: str = "") -> dict[str, Any]:
    """What programs may ask of one app. `host`: of the desk, whose cookie is named after it."""
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Moothall",
            "version": version("moothall"),
            "summary": "Read what this community offers and stands for.",
            "description": "Nothing can be written here. The page /api says the same for people.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "paths": {operation.path: {"get": _described(operation)} for operation in OPERATIONS},
        "components": {"schemas": SHAPES},
    }
    made["paths"][PATH] = {
        "get": {
            "operationId": "openapi",
            "summary": "This document.",
            "responses": {"200": _answers("This document.", JSON, "OpenAPI"), **_problems("429")},
        }
    }
    if audience == "desk":
        cookie = {"type": "apiKey", "in": "cookie", "name": cookie_name(host)}
        made["components"] = {**made["components"], "securitySchemes": {"login": cookie}}
        made["security"] = [{"login": []}]
        made["paths"][PATH]["get"]["responses"].update(_problems("403"))
    return made


def _described(operation: Operation) -> dict[str, Any]:
    ids = re.findall(r"\{(\w+)\}", operation.path)
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": "8 or more digits of an id, as many as it takes to be the only one.",
            "schema": ID,
        }
        for name in ids
    ]
    parameters += [
        {"name": p.name, "in": "query", "description": p.says, "schema": p.schema()}
        for p in operation.parameters
    ]
    described = {
        "operationId": operation.name,
        "summary": operation.says,
        "responses": {
            "200": _answers(operation.says, operation.media_type, operation.shape),
            **_problems("400", "403", *(["404", "410"] if ids else []), "429", "503"),
        },
    }
    return {**described, "parameters": parameters} if parameters else described


def _answers(says: str, media_type: str, shape: str) -> dict[str, Any]:
    return {"description": says, "content": {media_type: {"schema": ref(shape)}}}


def _problems(*statuses: str) -> dict[str, Any]:
    found = {status: _answers(_PROBLEMS[status], JSON, "Problem") for status in statuses}
    if "429" in found:
        found["429"]["headers"] = {
            "Retry-After": {
                "description": "Seconds.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    return found
