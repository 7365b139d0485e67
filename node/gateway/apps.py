"""The applications, made from one list of pages: desk, shop window and first run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from node.gateway import statics
from node.gateway.context import Gateway
from node.gateway.forms import Form, TooLarge, read_form
from node.gateway.guard import METHODS, Guard
from node.gateway.guest_forms import read_guest_form
from node.gateway.limits import Limits
from node.gateway.pages.page import SHOP, Page
from node.gateway.pages.registry import PAGES
from node.gateway.problems import (
    FOREIGN_FORM,
    OLD_FORM,
    TOO_LARGE,
    plain_problem,
    problem_for,
    problem_page,
    told_to_guests,
)
from node.gateway.secrecy import kept_secret
from node.gateway.turn import turn
from node.gateway.visit import Audience, Floor, Menu, Problem, Visit
from node.gateway.words import Words
from protocol.errors import MoothallError
from storage.database import friendly

ON_PURPOSE = (Problem, MoothallError, HTTPException, TooLarge)


def desk_app(gateway: Gateway) -> Starlette:
    """The desk, for the owner alone. Serve it on 127.0.0.1 only; see `Gateway.desk_is_at`."""
    return _app(gateway, "desk", [])


def setup_app(gateway: Gateway) -> Starlette:
    """What stands in for the desk until there is a home; the same login opens it."""
    return _app(gateway, "setup", [])


def shop_app(gateway: Gateway) -> Starlette:
    """The shop window, for anybody. Pages are compressed unless they hold a secret."""
    secret = [Route(page.path, str) for page in PAGES if page.secret]
    limits = Middleware(Limits, gateway=gateway)
    return _app(gateway, "shop", [limits, Middleware(_Compression, secret=secret)])


class _Compression(GZipMiddleware):
    """Compresses pages; how small a page gets would tell what secret it holds beside other texts.

    Source: BREACH, https://www.breachattack.com
    """

    def __init__(self, app: ASGIApp, *, secret: Sequence[Route]) -> None:
        super().__init__(app, compresslevel=6)
        self._secret = tuple(secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where that gives nothing away."""
        if any(route.matches(scope)[0] is not Match.NONE for route in self._secret):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _app(gateway: Gateway, audience: Audience, inner: list[Middleware]) -> Starlette:
    files = statics.routes(METHODS)
    pages = [page for page in PAGES if audience in page.audience]
    menu: Menu = {"market": _menu(pages, "market"), "hall": _menu(pages, "hall")}

    def visit(request: Request) -> Visit:
        return Visit(gateway, request, audience, menu)

    routes = [_route(page, audience, visit) for page in pages]
    public = [*files, *(route for page, route in zip(pages, routes, strict=True) if page.public)]
    guard = Middleware(Guard, visit=visit, routes=[*files, *routes], public=public)

    async def tell(request: Request, error: Exception) -> Response:
        """Every error that a page may raise on purpose becomes a page that says what happened."""
        seen = visit(request)
        match error:
            case MoothallError():
                problem = problem_for(seen.words, error, guests=seen.guests)
            case HTTPException():
                problem = plain_problem(seen.words, error.status_code)
            case Problem():
                problem = error
            case _:
                problem = plain_problem(seen.words, TOO_LARGE)
        return problem_page(seen, problem)

    app = Starlette(
        routes=[*files, *routes],
        middleware=[guard, *inner],
        exception_handlers=dict.fromkeys(ON_PURPOSE, tell),
    )
    # A redirect would repeat the Host header that a stranger sent.
    app.router.redirect_slashes = False
    return app


def _menu(pages: Sequence[Page], floor: Floor) -> list[tuple[str, Callable[[Words], str]]]:
    return [(p.path, p.menu) for p in pages if p.menu is not None and p.floor == floor]


def _route(page: Page, audience: Audience, visit: Callable[[Request], Visit]) -> Route:
    writes = page.post is not None and (audience != "shop" or page.audience == SHOP)
    methods = [*METHODS, "POST"] if writes else METHODS
    return Route(page.path, _endpoint(page, visit), methods=methods, name=page.name)


def _endpoint(
    page: Page, visit: Callable[[Request], Visit]
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        with friendly():  # SQLite's own errors become a StoreError with a sentence
            here = visit(request)
            if request.method != "POST":
                shown = await page.endpoint(here)
            elif here.guests:
                shown = await _take_from_guest(page, here)
            else:
                shown = await _take(page, here)
            return kept_secret(shown) if page.secret else shown

    return answer


async def _take_from_guest(page: Page, visit: Visit) -> Response:
    """Act on a guest's form; see `guest_forms`. The page itself knows a form that comes again."""
    assert page.post is not None  # noqa: S101 - the route says so
    home = visit.gateway.home
    assert home is not None, "guests come when there is a home"  # noqa: S101
    with told_to_guests(visit):
        form = await read_guest_form(visit.request)
        if not visit.gateway.guest_forms.holds(form):
            raise HTTPException(OLD_FORM)
        async with turn(home):
            return await page.post(visit, form)


async def _take(page: Page, visit: Visit) -> Response:
    """Act on a form, once; see `forms`. A page's `post` runs in the home's turn."""
    assert page.post is not None  # noqa: S101 - the route says so
    form = await read_form(visit.request, page.upload)
    sent = visit.gateway.sent
    if not sent.holds(form):
        raise HTTPException(FOREIGN_FORM)
    path = visit.request.url.path
    home = visit.gateway.home
    if home is None:
        return await _answer(page, visit, form, path)
    async with turn(home):
        return await _answer(page, visit, form, path)


async def _answer(page: Page, visit: Visit, form: Form, path: str) -> Response:
    before = visit.gateway.sent.where(path, form)
    if before is not None:
        t = visit.words.gettext
        return visit.done(before, t("This was sent before; it was not done a second time."))
    assert page.post is not None  # noqa: S101
    answer = await page.post(visit, form)
    if answer.status_code == 303:
        visit.gateway.sent.note(path, form, answer.headers["location"])
        if visit.gateway.home is not None:
            visit.gateway.facts.look_again()
    return answer
