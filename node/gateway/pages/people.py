"""`/people`: who belongs, newcomers first, whom a member may stand up for; whom one meant when
several used one invitation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from governance.roll import MEMBER
from node import inviting, people
from node.assembly import acting, charters
from node.gateway.filters import read_page
from node.gateway.forms import Form
from node.gateway.hall import office_name
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.rooms import rooms
from node.gateway.visit import Visit
from protocol.errors import MoothallError
from storage.views.members import PROVISIONALLY, WAITING, Member

PAGE_SIZE = 100  # people on a page
NOBODY: Final[Mapping[bytes, Sequence[str]]] = MappingProxyType({})
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Row:
    """A person in a list; `status` as in `Member`."""

    name: str
    path: str
    inviter: str
    status: str
    mine: bool  # whom the owner invited
    offices: str  # which they hold
    due_ms: int = 0  # when a newcomer's probation is over; 0 where there is none to wait for
    missing: int = 0  # vouches
    vouched: str = ""  # who stands up for them already
    key: str = ""  # hex, where the owner may stand up for them
    typed: str = ""  # words for that, which could not be taken


@dataclass(frozen=True, slots=True)
class Contest:
    """An own invitation that several people used: short id, note, (hex key, shown digits)."""

    id: str
    note: str
    people: tuple[tuple[str, str], ...]


async def show(visit: Visit) -> Response:
    """Newcomers first, then the members by name."""
    return _page(visit)


async def send(visit: Visit, form: Form) -> Response:
    """Say who was meant, or stand up for somebody."""
    return _vouch(visit, form) if form.text("vouch") else _confirm(visit, form)


def _vouch(visit: Visit, form: Form) -> Response:
    person = form.text("vouch")
    said = form.text(f"text-{person[:8]}")
    try:
        acting.vouch(visit.home, person, said)
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error), {person: said})
    t = visit.words.gettext
    return visit.done("/people", t("Said: you stand up for them."))


def _confirm(visit: Visit, form: Form) -> Response:
    try:
        people.confirm(visit.home, form.text("person"))
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error))
    t = visit.words.gettext
    return visit.done("/people", t("Said: whom you meant is in, and the other is turned away."))


def _page(
    visit: Visit, status: int = 200, problem: str = "", typed: Mapping[str, str] = NOTHING
) -> Response:
    """`typed`: hex key -> what was written for somebody."""
    everybody = list(visit.gateway.facts.members().values())
    asked, notice = read_page(visit.request.query_params.get("page", ""), visit.words)
    members = [each for each in everybody if each.status == MEMBER]
    pages = max(1, -(-len(members) // PAGE_SIZE))
    page = min(asked, pages)
    belonging = visit.charter.membership
    return visit.render(
        "people.html",
        rooms=rooms(visit),
        status=status,
        problem=problem,
        notices=[notice] if notice else [],
        contests=_contests(visit),
        newcomers=_newcomers(visit, everybody, typed),
        waiting=_rows(visit, [m for m in everybody if m.status == WAITING]),
        members=_rows(
            visit,
            members[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            charters.holders(visit.store),
        ),
        gone=_rows(visit, [m for m in everybody if m.status in ("left", "removed")]),
        total=len(members),
        vouches=belonging.vouches,
        probation=belonging.probation_s,
        now=visit.gateway.clock(),
        pager=Pager(page, pages, _path(page - 1), _path(page + 1) if page < pages else ""),
    )


def _path(page: int) -> str:
    return "" if page < 1 else f"/people?page={page}" if page > 1 else "/people"


def _rows(
    visit: Visit, members: Sequence[Member], holders: Mapping[bytes, Sequence[str]] = NOBODY
) -> list[Row]:
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
            offices=words.list([office_name(words, o) for o in holders.get(each.person, ())]),
        )
        for each in members
    ]


def _newcomers(visit: Visit, everybody: Sequence[Member], typed: Mapping[str, str]) -> list[Row]:
    """Who is provisional, with what they wait for."""
    names, words, me = visit.gateway.facts.names(), visit.words, visit.home.person
    may = visit.home.standing() == MEMBER
    on_the_way = {each.person: each for each in people.newcomers(visit.home)}
    found = []
    members = [each for each in everybody if each.status == PROVISIONALLY]
    for member, row in zip(members, _rows(visit, members), strict=True):
        way = on_the_way.get(member.person)
        if way is not None:
            key = member.person.hex()
            open_ = may and way.missing and me not in (way.inviter, *way.vouched)
            row = replace(
                row,
                due_ms=way.due_ms or 0,
                missing=way.missing,
                vouched=words.list([words.person(names.get(by, ""), by) for by in way.vouched]),
                key=key if open_ else "",
                typed=typed.get(key, ""),
            )
        found.append(row)
    return found


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
    post=send,
    audience=DESK,
    menu=lambda words: words.gettext("People"),
    floor="hall",
)
