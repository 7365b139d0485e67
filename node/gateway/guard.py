"""What holds for every request, before any page: Host, login, methods, headers, no lost errors.

It wraps the whole app, so a page that is added later is guarded without knowing it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.gateway.forms import swallow
from node.gateway.problems import FOREIGN_FORM, LOCKED_FORM, plain_problem, problem_page
from node.gateway.visit import Visit

logger = logging.getLogger("moothall.gateway")

METHODS = ("GET", "HEAD")
LONGEST_PATH = 2000

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
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
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around one app; `public` routes need no login on the desk."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        visit: Callable[[Request], Visit],
        routes: Sequence[Route],
        public: Sequence[Route],
    ) -> None:
        self._app = app
        self._visit = visit
        self._routes = tuple(routes)
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
        visit = self._visit(Request(scope, receive))
        monotonic = visit.gateway.monotonic
        asked = monotonic()

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                visit.gateway.answered(visit.audience, monotonic() - asked)
                _add_headers(message, visit)
            await send(message)

        status = self._refusal(visit)
        if status is not None:
            if scope["method"] == "POST" and not visit.guests:
                await swallow(receive)
            await self._refuse(visit, status)(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except ClientDisconnect:
            return  # a form that was cut off: nothing was changed, and nobody is left to tell
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
        if not visit.guests:
            hosts = visit.request.headers.getlist("host")
            if len(hosts) != 1:
                return 400
            if hosts[0].lower() not in visit.gateway.desk_hosts:
                return 421
        if len(scope["path"]) > LONGEST_PATH:
            return 414
        if not visit.guests and not self._is_public(scope) and not logged_in(visit):
            return LOCKED_FORM if scope["method"] == "POST" else 403
        if scope["method"] not in self._methods(scope):
            return 405
        if scope["method"] == "POST" and not from_here(visit):
            return FOREIGN_FORM
        return None

    def _is_public(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._public)

    def _methods(self, scope: Scope) -> Sequence[str]:
        """What the page at this address answers to; an unknown address is only read."""
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                return sorted(route.methods or METHODS)
        return METHODS

    def _refuse(self, visit: Visit, status: int) -> Response:
        known = visit.guests or status in (405, 414)
        page = problem_page(visit, plain_problem(visit.words, status), bare=not known)
        if status == 405:
            page.headers["Allow"] = ", ".join(self._methods(visit.request.scope))
        return page


def _add_headers(message: Message, visit: Visit) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if not visit.guests:  # browsers heed it, without a complaint, only on one's own machine
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    # Not "no-referrer" on the desk: browsers would then send "Origin: null" with its own forms.
    headers.setdefault("Referrer-Policy", "same-origin")


def from_here(visit: Visit) -> bool:
    """Whether a form was sent from a page of this very address, as far as the browser says.

    A shop window may stand behind a proxy that names another host and scheme to us; its guests
    have no login that another site could abuse.
    """
    request = visit.request
    origins = request.headers.getlist("origin")
    if origins and not visit.guests:
        return origins == [f"http://{request.headers['host']}"]
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def logged_in(visit: Visit) -> bool:
    """Whether this request carries the desk's cookie, signed by this home."""
    return visit.gateway.sessions.holds(visit.session)
