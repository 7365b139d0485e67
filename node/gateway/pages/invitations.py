"""`/invitations`: one's own invitations, with link and QR code; making new ones."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from governance.roll import MEMBER
from node import invitations, inviting
from node.gateway import qr
from node.gateway.forms import Form
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.inviting import Invitation
from protocol.errors import NotFound, Refused

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An invitation as a page shows it. `link` is empty once it is used, or was never kept."""

    id: str  # first digits of the record's id
    note: str
    status: str  # see `inviting.Invitation`
    link: str
    page: str  # where it opens in any browser; empty where guests can't come
    code: str  # path of the QR code
    lapses_ms: int
    people: tuple[tuple[str, str], ...]  # name and path of who came


async def show(visit: Visit) -> Response:
    """Open ones first, then those that were used."""
    return _page(visit)


async def make(visit: Visit, form: Form) -> Response:
    """Make new ones."""
    t = visit.words.gettext
    uses = form.text("uses") or "1"
    if not (uses.isascii() and uses.isdigit() and 1 <= int(uses[:4]) <= 1000):
        problem = t("Say how many people you invite with a whole number from 1.")
        return _page(visit, 422, problem=problem, form=form)
    try:
        made = inviting.make(visit.home, int(uses), form.text("note"))
    except Refused as error:
        return _page(visit, 422, problem=visit.words.told(error), form=form)
    sentence = visit.words.ngettext(
        "Your invitation is ready: send its link to the one it is for.",
        "%(n)s invitations are ready: each link is for one person.",
        len(made),
    )
    return visit.done("/invitations", sentence % {"n": visit.words.number(len(made))})


def _page(visit: Visit, status: int = 200, problem: str = "", form: Form | None = None) -> Response:
    own = [shown(visit, each) for each in reversed(inviting.mine(visit.home))]
    free, slots = inviting.free_slots(visit.home)
    waiting = (inviting.OPEN, inviting.CONTESTED, inviting.TAKEN)
    return visit.render(
        "invitations.html",
        status=status,
        problem=problem,
        form=form or Form(),
        open=[each for each in own if each.status in waiting],
        past=[each for each in own if each.status not in waiting],
        free=free,
        slots=slots,
        may_invite=visit.home.standing() == MEMBER,
    )


def shown(visit: Visit, invitation: Invitation) -> Shown:
    """With its link, as long as it is open."""
    names, link, page = visit.gateway.facts.names(), "", ""
    if invitation.status == inviting.OPEN:
        try:
            whole = inviting.link_of(visit.home, invitation)
        except NotFound:
            pass  # made before links were kept
        else:
            link, page = whole.text(), invitations.page_address(visit.home, whole) or ""
    short = invitation.record.hex()[:16]
    return Shown(
        id=short,
        note=invitation.note,
        status=invitation.status,
        link=link,
        page=page,
        code=f"/invitation/{short}/qr.svg" if link else "",
        lapses_ms=invitation.made_ms + visit.charter.membership.invite_s * 1000,
        people=tuple(
            (visit.words.person(names.get(person, ""), person), member_path(person))
            for person in invitation.people
        ),
    )


async def code(visit: Visit) -> Response:
    """An open invitation as a QR code; it holds the secret, so nobody keeps it."""
    invitation = inviting.find(visit.home, visit.request.path_params["invitation"])
    if invitation.status != inviting.OPEN:
        t = visit.words.gettext
        raise NotFound("used", t("This invitation lets nobody in any more."))
    link = inviting.link_of(visit.home, invitation)
    return qr.svg(invitations.code_text(visit.home, link))


PAGES_HERE = [
    Page(
        path="/invitations",
        name="invitations",
        endpoint=show,
        post=make,
        audience=DESK,
    ),
    Page(
        path="/invitation/{invitation}/qr.svg",
        name="invitation-code",
        endpoint=code,
        audience=DESK,
        html=False,
    ),
]
