"""`/people`: who belongs, newcomers first; whom one meant when several used one invitation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from governance.roll import MEMBER
from node import inviting, people
from node.gateway.filters import read_page
from node.gateway.forms import Form
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.visit import Visit
from protocol.errors import MoothallError
from storage.standing import assess
from storage.views.members import PROVISIONALLY, WAITING, Member

PAGE_SIZE = 100  # people on a page


@dataclass(frozen=True, slots=True)
class Row:
    """A person in a list; `status` as in `Member`."""

    name: str
    path: str
    inviter: str
    status: str
    mine: bool  # whom the owner invited
    due_ms: int  # when a newcomer's probation is over; 0 where there is none to wait for


@dataclass(frozen=True, slots=True)
class Contest:
    """An own invitation that several people used: short id, note, (hex key, shown digits)."""

    id: str
    note: str
    people: tuple[tuple[str, str], ...]


async def show(visit: Visit) -> Response:
    """Newcomers first, then the members by name."""
    return _page(visit)


async def confirm(visit: Visit, form: Form) -> Response:
    """Say who was meant."""
    try:
        people.confirm(visit.home, form.text("person"))
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error))
    t = visit.words.gettext
    return visit.done("/people", t("Said: whom you meant is in, and the other is turned away."))


def _page(visit: Visit, status: int = 200, problem: str = "") -> Response:
    everybody = list(visit.gateway.facts.members().values())
    asked, notice = read_page(visit.request.query_params.get("page", ""), visit.words)
    members = [each for each in everybody if each.status == MEMBER]
    pages = max(1, -(-len(members) // PAGE_SIZE))
    page = min(asked, pages)
    due = _due(visit)
    belonging = visit.charter.membership
    return visit.render(
        "people.html",
        status=status,
        problem=problem,
        notices=[notice] if notice else [],
        contests=_contests(visit),
        newcomers=_rows(visit, [m for m in everybody if m.status == PROVISIONALLY], due),
        waiting=_rows(visit, [m for m in everybody if m.status == WAITING], {}),
        members=_rows(visit, members[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], {}),
        gone=_rows(visit, [m for m in everybody if m.status in ("left", "removed")], {}),
        total=len(members),
        vouches=belonging.vouches,
        probation=belonging.probation_s,
        now=visit.gateway.clock(),
        pager=Pager(page, pages, _path(page - 1), _path(page + 1) if page < pages else ""),
    )


def _path(page: int) -> str:
    return "" if page < 1 else f"/people?page={page}" if page > 1 else "/people"


def _rows(visit: Visit, members: Sequence[Member], due: dict[bytes, int]) -> list[Row]:
    names, words = visit.gateway.facts.names(), visit.words
    return [
        Row(
            name=words.person(each.name, each.person),
            path=member_path(each.person),
            inviter=(
                ""
                if each.inviter is None
                else words.person(names.get(each.inviter, ""), each.inviter)
            ),
            status=each.status,
            mine=each.inviter == visit.home.person,
            due_ms=due.get(each.person, 0),
        )
        for each in members
    ]


def _due(visit: Visit) -> dict[bytes, int]:
    """Newcomer -> when the charter's probation is over by this node's clock."""
    assessed = assess(visit.store)
    probation = visit.charter.membership.probation_s
    if assessed is None or not probation:
        return {}
    joins = {guest.joining.record: person for person, guest in assessed[1].guests.items()}
    return {
        joins[record]: at_ms + probation * 1000
        for record, at_ms in visit.store.db.execute("SELECT record, at_ms FROM seen")
        if record in joins
    }


def _contests(visit: Visit) -> list[Contest]:
    return [
        Contest(
            id=each.record.hex()[:8],
            note=each.note,
            people=tuple((person.hex(), person.hex()[:8]) for person in each.people),
        )
        for each in inviting.mine(visit.home)
        if each.status == inviting.CONTESTED
    ]


PAGE = Page(
    path="/people",
    name="people",
    endpoint=show,
    post=confirm,
    audience=DESK,
    menu=lambda words: words.gettext("People"),
    floor="hall",
)
