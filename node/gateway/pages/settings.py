"""`/settings`: what the owner may change about this node, and `/settings/leave`."""

from __future__ import annotations

from importlib.metadata import version

from starlette.responses import Response

from governance.roll import LEFT, MEMBER
from node import people
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.teller import is_teller
from protocol.errors import Refused


async def show(visit: Visit) -> Response:
    """Everything that can be set, a sentence each."""
    window = visit.gateway.shop_window
    return visit.render(
        "settings.html",
        shop=window.address if window is not None else None,
        folder=str(visit.home.path),
        version=version("moothall"),
    )


async def ask(visit: Visit) -> Response:
    """What leaving means, before anybody leaves."""
    return _leave_page(visit)


async def leave(visit: Visit, form: Form) -> Response:
    """Leave, if the community's name was typed."""
    t = visit.words.gettext
    if _plain(form.text("community")) != _plain(visit.charter.name):
        problem = t("That is not the community's name, so you have not left.")
        return _leave_page(visit, 422, problem, form.text("community"))
    try:
        people.leave(visit.home)
    except Refused as error:
        return _leave_page(visit, 422, visit.words.told(error))
    return visit.done("/settings/leave", t("You have left. What you said so far stays readable."))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _leave_page(visit: Visit, status: int = 200, problem: str = "", typed: str = "") -> Response:
    standing = visit.home.standing()
    return visit.render(
        "settings_leave.html",
        status=status,
        problem=problem,
        typed=typed,
        charter=visit.charter,
        left=standing == LEFT,
        may=standing == MEMBER,
        teller=is_teller(visit.store),
    )


PAGES_HERE = [
    Page(
        path="/settings",
        name="settings",
        endpoint=show,
        audience=DESK,
        menu=lambda words: words.gettext("Settings"),
        floor="hall",
    ),
    Page(path="/settings/leave", name="leave", endpoint=ask, post=leave, audience=DESK),
]
