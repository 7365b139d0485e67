"""`/assembly`: the hall's floor. What is open and waits for me first, then what is on its way, then
what was decided.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from governance.certified import (
    ANNULLED,
    CHALLENGE,
    FAILED,
    IN_EFFECT,
    NOTICE,
    OPEN,
    WITHDRAWN,
)
from node.assembly import phases, reading
from node.gateway.filters import read_page
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.proposals import Item, item
from node.gateway.rooms import rooms
from node.gateway.visit import Visit

PAGE_SIZE = 25  # of what is over
UNDER_WAY = (OPEN, phases.COUNTING, NOTICE, CHALLENGE, phases.DRAFT)
OVER = (IN_EFFECT, FAILED, ANNULLED, WITHDRAWN)
MOST_UNDER_WAY = 100


async def show(visit: Visit) -> Response:
    """Nothing is counted here, so a long history costs no more than a short one."""
    visit.require_charter()
    asked, notice = read_page(visit.request.query_params.get("page", ""), visit.words)
    under_way = _found(visit, UNDER_WAY, MOST_UNDER_WAY, 0)["proposals"]
    page = asked
    over = _decided(visit, page)
    pages = max(1, -(-over["total"] // PAGE_SIZE))
    if page > pages:
        page = pages
        over = _decided(visit, page)
    items = [item(visit, each, stake=each["status"] != phases.DRAFT) for each in under_way]
    return visit.render(
        "assembly.html",
        rooms=rooms(visit),
        notices=[notice] if notice else [],
        open=_ordered([each for each in items if each.status in (OPEN, phases.COUNTING)]),
        announced=[each for each in items if each.status == NOTICE],
        passed=[each for each in items if each.status == CHALLENGE],
        drafts=[each for each in items if each.status == phases.DRAFT],
        over=[item(visit, each) for each in over["proposals"]],
        total=over["total"],
        now=visit.gateway.clock(),
        pager=Pager(page, pages, _path(page - 1), _path(page + 1) if page < pages else ""),
    )


def _found(visit: Visit, statuses: tuple[str, ...], limit: int, offset: int) -> dict[str, Any]:
    return reading.proposals(
        visit.store, visit.home.person, status=statuses, limit=limit, offset=offset
    )


def _decided(visit: Visit, page: int) -> dict[str, Any]:
    """A page of what is over, which changes with the store alone."""
    offset = (page - 1) * PAGE_SIZE
    return visit.gateway.facts.kept(
        ("decided", page), lambda: _found(visit, OVER, PAGE_SIZE, offset)
    )


def _ordered(items: list[Item]) -> list[Item]:
    """What waits for the owner first, then what ends first."""
    return sorted(items, key=lambda each: (not each.waits, each.closes_ms or 0))


def _path(page: int) -> str:
    return "" if page < 1 else f"/assembly?page={page}" if page > 1 else "/assembly"


PAGE = Page(
    path="/assembly",
    name="assembly",
    endpoint=show,
    audience=DESK,
    menu=lambda words: words.gettext("Assembly"),
    floor="hall",
)
