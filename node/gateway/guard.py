"""What holds for every request, before any page: Host, login, methods, headers, no lost errors.

It wraps the whole app, so a page that is added later is guarded without knowing it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.gateway.context import Gateway
from node.gateway.login import cookie_name
from node.gateway.problems import plain_problem, problem_page
from node.gateway.visit import Audience, Visit

logger = logging.getLogger("moothall.gateway")

METHODS = ("GET", "HEAD")
LONGEST_PATH = 2000

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFERRER = {"desk": "no-referrer", "shop": "same-origin"}


class Guard:
    """ASGI middleware around one app; `public` routes need no login on the desk."""

    def __init__(
        self, app: ASGIApp, *, gateway: Gateway, audience: Audience, public: Sequence[Route]
    ) -> None:
        self._app = app
        self._gateway = gateway
        self._audience = audience
        self._public = tuple(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket; no page has one
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(message)
            await send(message)

        visit = Visit(self._gateway, Request(scope, receive), self._audience)
        status = self._refusal(visit)
        if status is not None:
            await self._refuse(visit, status)(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            # The route alone: an address holds what people look for, or a login.
            route = getattr(scope.get("route"), "path", "a request")
            logger.error("%s failed: %s", route, type(error).__name__, exc_info=True)
            if started:
                raise
            page = problem_page(visit, plain_problem(visit.words, 500), bare=True)
            await page(scope, receive, guarded)

    def _refusal(self, visit: Visit) -> int | None:
        """The status to refuse a request with, or None."""
        scope = visit.request.scope
        if self._audience == "desk":
            hosts = visit.request.headers.getlist("host")
            if len(hosts) != 1:
                return 400
            if hosts[0].lower() not in self._gateway.desk_hosts:
                return 421
        if len(scope["path"]) > LONGEST_PATH:
            return 414
        if self._audience == "desk" and not self._is_public(scope) and not logged_in(visit):
            return 403
        return None if scope["method"] in METHODS else 405

    def _is_public(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._public)

    def _refuse(self, visit: Visit, status: int) -> Response:
        known = self._audience == "shop" or status in (405, 414)
        page = problem_page(visit, plain_problem(visit.words, status), bare=not known)
        if status == 405:
            page.headers["Allow"] = ", ".join(METHODS)
        return page

    def _add_headers(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers[name] = value
        headers["Referrer-Policy"] = REFERRER[self._audience]


def logged_in(visit: Visit) -> bool:
    """Whether this request carries the desk's cookie, signed by this home."""
    name = cookie_name(visit.request.headers.get("host", ""))
    return visit.gateway.sessions.holds(visit.request.cookies.get(name))
