"""`/away`: say that one is away until a day, or back again."""

from __future__ import annotations

from starlette.responses import Response

from node import away, people
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.typed import day_text
from node.gateway.visit import Visit
from protocol.errors import Refused


async def show(visit: Visit) -> Response:
    """The form as it stands."""
    mine = people.own_profile(visit.home)
    gone = away.is_away(mine.away_until_ms, visit.store.now_ms())
    return _page(visit, day_text(mine.away_until_ms) if gone else "", mine.away_note, gone=gone)


async def send(visit: Visit, form: Form) -> Response:
    """Go away, or come back."""
    t = visit.words.gettext
    if form.text("do") == "back":
        away.come_back(visit.home)
        return visit.done("/away", t("Welcome back. Nothing says any more that you are away."))
    until, note = form.text("until"), form.text("note")
    try:
        mine = away.go(visit.home, until, note)
    except Refused as error:
        return _page(visit, until, note, status=422, problem=visit.words.told(error))
    assert mine.away_until_ms is not None  # noqa: S101 - it was just set
    said = t("Your listings say now that you are away until %(day)s.")
    return visit.done("/away", said % {"day": visit.words.date(mine.away_until_ms)})


def _page(
    visit: Visit,
    until: str,
    note: str,
    *,
    gone: bool = False,
    status: int = 200,
    problem: str = "",
) -> Response:
    return visit.render(
        "away.html", status=status, until=until, note=note, gone=gone, problem=problem
    )


PAGE = Page(path="/away", name="away", endpoint=show, post=send, audience=DESK)
