"""`/take`: come in by an invitation link that a member has sent."""

from __future__ import annotations

from starlette.responses import Response

from node import home as homes
from node.gateway import beginner
from node.gateway.forms import Form
from node.gateway.pages.page import SETUP, Page
from node.gateway.visit import Visit
from node.home import Home
from protocol.errors import MoothallError
from protocol.invitation import read_link

TEMPLATE = "take.html"


async def show(visit: Visit) -> Response:
    """The form, empty."""
    return visit.render(TEMPLATE, form=Form(), problem="")


async def join(visit: Visit, form: Form) -> Response:
    """Make the home of a newcomer, whose node then asks to be let in."""
    first = visit.gateway.first_run
    assert first is not None  # noqa: S101 - this page exists in a first run alone

    def take(person: str, passphrase: str | None) -> Home:
        link = read_link("".join(form.text("link").split()))  # mail programs break long lines
        return homes.join_by(first.folder, link, person, passphrase)

    try:
        return beginner.begin(visit, form, take)
    except MoothallError as error:
        return beginner.again(visit, TEMPLATE, form, error)


PAGE = Page(path="/take", name="take", endpoint=show, post=join, audience=SETUP)
