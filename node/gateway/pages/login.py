"""`/login/{token}`: the one-time link that opens the desk."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from node import welcome
from node.gateway.guard import logged_in
from node.gateway.login import SESSION_SECONDS, cookie_name
from node.gateway.pages.page import DESK, SETUP, Page
from node.gateway.problems import problem_page
from node.gateway.visit import Problem, Visit


async def show(visit: Visit) -> Response:
    """Use the token up and set the cookie; a link that is used up, by a stranger, opens nothing."""
    if visit.request.method == "HEAD":  # a preview of the link must not use it up
        return Response()
    fits = visit.gateway.login_tokens.redeem(visit.request.path_params["token"])
    if not fits and not logged_in(visit):
        t = visit.words.gettext
        problem = Problem(
            403,
            t("This link no longer opens the desk"),
            t("Each link works once. “moothall desk” prints a new one."),
        )
        return problem_page(visit, problem, bare=True)
    answer = RedirectResponse(_first(visit), 303, headers={"Cache-Control": "no-store"})
    if fits:
        answer.set_cookie(
            cookie_name(visit.request.headers["host"]),
            visit.gateway.sessions.begin(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
        )
    return answer


def _first(visit: Visit) -> str:
    """The front page, or the first steps of a new home as long as some remain."""
    home = visit.gateway.home
    return "/welcome" if home is not None and welcome.remaining(home.store) else "/"


PAGE = Page(
    path="/login/{token}",
    name="login",
    endpoint=show,
    audience=DESK | SETUP,
    public=True,
    html=False,
)
