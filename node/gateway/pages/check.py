"""`/settings/check`: check what this home holds, and build its views again."""

from __future__ import annotations

from starlette.responses import Response

from node.checkup import CHECK, REBUILD, Checkup
from node.gateway.forms import Form
from node.gateway.pages.live import check_text
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Problem, Visit
from protocol.errors import Refused


async def show(visit: Visit) -> Response:
    """What is under way, or came out last."""
    return _page(visit)


async def start(visit: Visit, form: Form) -> Response:
    """Begin; the page that follows shows how far it is."""
    work = REBUILD if form.text("work") == REBUILD else CHECK
    try:
        _checkup(visit).start(work)
    except Refused as error:
        return _page(visit, 422, visit.words.told(error))
    return visit.done("/settings/check")


def _checkup(visit: Visit) -> Checkup:
    checkup = visit.gateway.checkup
    if checkup is None:
        t = visit.words.gettext
        raise Problem(
            503, t("Your node is not running"), t("A check runs beside the node; start it first.")
        )
    return checkup


def _page(visit: Visit, status: int = 200, problem: str = "") -> Response:
    state = _checkup(visit).state
    return visit.render(
        "settings_check.html",
        status=status,
        problem=problem,
        state=state,
        under_way=check_text(visit),
        ago=max(0, visit.gateway.clock() - state.at_ms) // 1000,
    )


PAGE = Page(path="/settings/check", name="check", endpoint=show, post=start, audience=DESK)
