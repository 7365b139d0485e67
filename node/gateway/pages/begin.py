"""`/` before there is a home: found a community, or come in by an invitation."""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.pages.page import SETUP, Page
from node.gateway.visit import Visit


async def show(visit: Visit) -> Response:
    """Two ways to begin."""
    return visit.render("begin.html")


PAGE = Page(path="/", name="begin", endpoint=show, audience=SETUP)
