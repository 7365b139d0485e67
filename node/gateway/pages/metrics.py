"""`/metrics`: the node's numbers for Prometheus, at the desk.

Opened by the desk's login, or by the token in the home as `Authorization: Bearer`.
"""

from __future__ import annotations

import contextlib

from starlette.responses import Response

from node.gateway.exposition import MEDIA_TYPE, exposition
from node.gateway.guard import logged_in
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.metrics_token import TOKEN, holds, token


async def show(visit: Visit) -> Response:
    """All numbers, or 401 and what is needed."""
    if not (logged_in(visit) or _has_token(visit)):
        told = f"Send the token in {TOKEN} of the home as Authorization: Bearer TOKEN.\n"
        return Response(
            told, 401, {"Cache-Control": "no-store", "WWW-Authenticate": "Bearer"}, "text/plain"
        )
    return visit.document(exposition(visit.gateway, visit.home), MEDIA_TYPE)


def _has_token(visit: Visit) -> bool:
    offered = visit.request.headers.getlist("authorization")
    if len(offered) == 1:
        return holds(visit.home.path, offered[0])
    with contextlib.suppress(OSError):  # of a disk that is full
        token(visit.home.path)  # made when the page is first asked for
    return False


PAGE = Page(path="/metrics", name="metrics", endpoint=show, audience=DESK, public=True, html=False)
