"""Pages for when there is nothing to show: what happened, and what to do.

These never fail themselves: a page about a broken store reads nothing from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import trio
from starlette.responses import Response

from node.gateway.visit import Problem, Visit
from node.gateway.words import Words
from protocol.errors import MoothallError, NotFound, Refused, StoreError

API = "/api/"  # where programs read

# Beside HTTP's own, for forms that are refused with 403 or 413 and a sentence of their own.
TOO_LARGE, FOREIGN_FORM, LOCKED_FORM, OLD_FORM = 413, 4031, 4032, 4033


def problem_page(visit: Visit, problem: Problem, *, bare: bool = False) -> Response:
    """The page that tells of `problem`; `bare` says nothing about the community.

    Programs get the same as an object, `{error, message}`.
    """
    if visit.request.scope["path"].startswith(API):
        said = json.dumps({"error": problem.reason, "message": problem.text}, ensure_ascii=False)
        body = said.encode("utf-8", "replace")
        return visit.document(body, "application/json", status=problem.status)
    return visit.render(
        "problem.html",
        status=problem.status,
        bare=bare or problem.status >= 500,
        title=problem.title,
        text=problem.text,
    )


@contextmanager
def told_to_guests(visit: Visit) -> Iterator[None]:
    """What may keep a guest's form from being acted on, told as a guest needs it."""
    t = visit.words.gettext
    try:
        yield
    except trio.TooSlowError:
        raise Problem(
            408,
            t("That came too slowly"),
            t("The connection broke off on the way, so nothing was kept. Send it once more."),
        ) from None
    except Refused as error:
        if error.reason != "busy":
            raise
        raise Problem(
            503,
            t("One moment, please"),
            t(
                "The machine behind this page is busy, so nothing was kept. Go back and send it "
                "again in a minute."
            ),
        ) from None


def problem_for(words: Words, error: MoothallError, *, guests: bool) -> Problem:
    """What to tell a reader about one of our own errors; what is wrong inside, only the owner."""
    t = words.gettext
    match error:
        case NotFound():
            return Problem(404, t("Not here"), words.told(error), error.reason)
        case Refused():
            return Problem(400, t("That can't be shown"), words.told(error), error.reason)
        case StoreError(reason="disk-full" | "read-only" | "busy") if not guests:
            return Problem(503, t("That could not be kept"), words.told(error), error.reason)
        case StoreError() if not guests:
            return Problem(503, t("The store can't be read"), words.told(error))
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
                    "link works once; “moothall desk” prints a new one."
                ),
            )
        case 404:
            return Problem(
                404,
                t("Not here"),
                t("There is no page at this address. It may be mistyped or out of date."),
            )
        case 413:
            return Problem(
                413,
                t("That was too large"),
                t(
                    "What was sent is larger than this page takes, so nothing was kept. Go back, "
                    "choose something smaller and send it again."
                ),
            )
        case 4031:
            return Problem(
                403,
                t("This form is too old"),
                t(
                    "The page that it was sent from was opened long ago, or is not one of this "
                    "desk. Nothing was changed. Open the page anew and send it from there."
                ),
            )
        case 4032:
            return Problem(
                403,
                t("This desk is locked"),
                t(
                    "Your login ended before this was sent, so nothing was saved. What you typed "
                    "is still here: open the desk in another tab with a new link from "
                    "“moothall desk”, come back to this page, reload it and agree to send it again."
                ),
            )
        case 4033:
            return Problem(
                403,
                t("This form is too old"),
                t(
                    "The page that it was sent from was opened days ago, so nothing was ordered or "
                    "changed. Open that page anew and send it from there."
                ),
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
