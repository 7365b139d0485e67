"""The two applications, made from one list of pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from node.gateway.context import Gateway
from node.gateway.guard import METHODS, Guard
from node.gateway.pages.page import Page
from node.gateway.pages.registry import PAGES
from node.gateway.problems import plain_problem, problem_for, problem_page
from node.gateway.stylesheet import PATH, stylesheet
from node.gateway.visit import Audience, Problem, Visit
from protocol.errors import MoothallError
from storage.database import friendly


def desk_app(gateway: Gateway) -> Starlette:
    """The desk, for the owner alone. Serve it on 127.0.0.1 only; see `Gateway.desk_is_at`."""
    return _app(gateway, "desk", [])


def shop_app(gateway: Gateway) -> Starlette:
    """The shop window, for anybody. Pages are compressed: they hold no secret to be guessed."""
    return _app(gateway, "shop", [Middleware(GZipMiddleware, compresslevel=6)])


def _app(gateway: Gateway, audience: Audience, inner: list[Middleware]) -> Starlette:
    style = Route(PATH, stylesheet, methods=METHODS, name="stylesheet")
    pages = [
        (
            page,
            Route(page.path, _endpoint(gateway, audience, page), methods=METHODS, name=page.name),
        )
        for page in PAGES
        if audience in page.audience
    ]
    public = [style, *(route for page, route in pages if page.public)]
    guard = Middleware(Guard, gateway=gateway, audience=audience, public=public)

    async def tell(request: Request, error: Exception) -> Response:
        """Every error that a page may raise on purpose becomes a page that says what happened."""
        visit = Visit(gateway, request, audience)
        if isinstance(error, MoothallError):
            return problem_page(visit, problem_for(visit.words, error, guests=visit.guests))
        if isinstance(error, HTTPException):
            return problem_page(visit, plain_problem(visit.words, error.status_code))
        assert isinstance(error, Problem)  # noqa: S101 - registered below
        return problem_page(visit, error)

    app = Starlette(
        routes=[style, *(route for _, route in pages)],
        middleware=[guard, *inner],
        exception_handlers=dict.fromkeys((Problem, MoothallError, HTTPException), tell),
    )
    # A redirect would repeat the Host header that a stranger sent.
    app.router.redirect_slashes = False
    return app


def _endpoint(
    gateway: Gateway, audience: Audience, page: Page
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        with friendly():  # SQLite's own errors become a StoreError with a sentence
            return await page.endpoint(Visit(gateway, request, audience))

    return answer
