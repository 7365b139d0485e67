"""`/offices`: who counts, keeps the purse, welcomes and mediates, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from governance.effects.elect import TELLER
from node.assembly import charters
from node.gateway.hall import milliseconds, office_hint, office_name, proposal_path
from node.gateway.offers import member_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.rooms import rooms
from node.gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class Office:
    """An office and who holds it: (name, path of their page)."""

    name: str
    hint: str
    holders: list[tuple[str, str]]
    free: int  # seats that nobody holds
    since_ms: int | None
    until_ms: int | None
    path: str  # of the election, for members
    more: str  # a page of its own, for members


async def show(visit: Visit) -> Response:
    """All of them. For guests only where they may see who belongs."""
    visit.require_charter()
    visit.require_members()
    return visit.render(
        "offices.html",
        rooms=rooms(visit),
        offices=[_office(visit, each) for each in charters.offices(visit.store)["offices"]],
        now=visit.gateway.clock(),
    )


def _office(visit: Visit, found: dict[str, Any]) -> Office:
    words, proposal = visit.words, found["proposal"]
    holders = [(each["name"], bytes.fromhex(each["person"])) for each in found["holders"]]
    return Office(
        name=office_name(words, found["office"]),
        hint=office_hint(words, found["office"]),
        holders=[(words.person(name, key), member_path(key)) for name, key in holders],
        free=max(0, found["seats"] - len(holders)),
        since_ms=milliseconds(found["since"]),
        until_ms=milliseconds(found["until"]),
        path=proposal_path(proposal) if proposal and not visit.guests else "",
        more="/tellers" if found["office"] == TELLER and not visit.guests else "",
    )


PAGE = Page(path="/offices", name="offices", endpoint=show, audience=BOTH, floor="hall")
