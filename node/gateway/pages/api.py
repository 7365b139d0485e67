"""`/api`: what programs may read here, described for people; and below it, the answers themselves.

Everything comes from the table in `node.gateway.api.operations`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from node.gateway.api import openapi
from node.gateway.api.operations import JSON, OPERATIONS, Operation
from node.gateway.api.parameters import read_all
from node.gateway.pages.page import BOTH, Page
from node.gateway.visit import Visit


async def show(visit: Visit) -> Response:
    """The page for people."""
    return visit.render("api.html", operations=OPERATIONS, openapi=openapi.PATH)


async def show_openapi(visit: Visit) -> Response:
    """The document for programs."""
    read_all(visit.request.query_params, (), visit.words)
    host = "" if visit.guests else visit.request.headers["host"]
    return _json(visit, openapi.document(visit.audience, host), JSON)


def _answering(operation: Operation) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        asked = read_all(visit.request.query_params, operation.parameters, visit.words)
        return _json(visit, operation.answer(visit, asked), operation.media_type)

    return answer


def _json(visit: Visit, data: object, media_type: str) -> Response:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return visit.document(text.encode("utf-8", "replace"), media_type)


PAGES_HERE = [
    Page(path="/api", name="api", endpoint=show, audience=BOTH),
    Page(path=openapi.PATH, name="api-openapi", endpoint=show_openapi, audience=BOTH, html=False),
    *(
        Page(
            path=operation.path,
            name=f"api-{operation.name}",
            endpoint=_answering(operation),
            audience=BOTH,
            html=False,
        )
        for operation in OPERATIONS
    ),
]
