"""Pages for when there is nothing to show: what happened, and what to do.

These never fail themselves: a page about a broken store reads nothing from it.
"""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.visit import Problem, Visit
from node.gateway.words import Words
from protocol.errors import MoothallError, NotFound, Refused, StoreError


def problem_page(visit: Visit, problem: Problem, *, bare: bool = False) -> Response:
    """The page that tells of `problem`; `bare` says nothing about the community."""
    return visit.render(
        "problem.html",
        status=problem.status,
        bare=bare or problem.status >= 500,
        title=problem.title,
        text=problem.text,
    )


def problem_for(words: Words, error: MoothallError, *, guests: bool) -> Problem:
    """What to tell a reader about one of our own errors; what is wrong inside, only the owner."""
    t = words.gettext
    match error:
        case NotFound():
            return Problem(404, t("Not here"), str(error))
        case Refused():
            return Problem(400, t("That can't be shown"), str(error))
        case StoreError() if not guests:
            return Problem(503, t("The store can't be read"), str(error))
        case StoreError():
            return Problem(
                503, t("Closed for a moment"), t("This shop window has a fault. Try again later.")
            )
    return plain_problem(words, 500)


def plain_problem(words: Words, status: int) -> Problem:
    """What to tell a reader about a bare HTTP status."""
    t = words.gettext
    match status:
        case 400:
            return Problem(
                400,
                t("That can't be shown"),
                t("This request does not say which address it was meant for."),
            )
        case 403:
            return Problem(
                403,
                t("This desk is locked"),
                t(
                    "A desk opens with the link that “moothall run” prints when it starts. Each "
                    "link works once; for a new one, start the node again."
                ),
            )
        case 404:
            return Problem(
                404,
                t("Not here"),
                t("There is no page at this address. It may be mistyped or out of date."),
            )
        case 405:
            return Problem(
                405,
                t("That can't be done here"),
                t("Pages can only be read here; nothing was sent or changed."),
            )
        case 414:
            return Problem(
                414,
                t("A very long address"),
                t("This address is longer than any page here has. It may be mistyped."),
            )
        case 421:
            return Problem(
                421,
                t("Not at this address"),
                t(
                    "A desk answers only at 127.0.0.1 or localhost with its own port, so that no "
                    "other site can read it. Use the link that “moothall run” prints."
                ),
            )
        case 500:
            return Problem(
                500,
                t("Something went wrong"),
                t("This page could not be made. Nothing was changed; the node runs on."),
            )
    return Problem(status, t("That can't be shown"), t("This request could not be answered."))
