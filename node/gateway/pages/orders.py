"""`/orders`: what I buy and sell; what waits for me, then what is under way, then what is over."""

from __future__ import annotations

from starlette.responses import Response

from governance.orders.table import FINAL
from node.gateway.filters import read_page
from node.gateway.orders import row
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.trade import reading

PAGE_SIZE = 25  # of what is over


async def show(visit: Visit) -> Response:
    """All that is under way, and a page of what is over."""
    visit.require_charter()
    asked, notice = read_page(visit.request.query_params.get("page", ""), visit.words)
    found = reading.orders(visit.home)
    over = [each for each in found if each.life.state in FINAL]
    under_way = [each for each in found if each.life.state not in FINAL]
    pages = max(1, -(-len(over) // PAGE_SIZE))
    page = min(asked, pages)
    shown = over[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    rows = [row(visit, each) for each in under_way]
    return visit.render(
        "orders.html",
        rooms=trade_rooms(visit),
        notices=[notice] if notice else [],
        waiting=[each for each in rows if each.waits],
        under_way=[each for each in rows if not each.waits],
        over=[row(visit, each) for each in shown],
        now=visit.gateway.clock(),
        pager=Pager(page, pages, _path(page - 1), _path(page + 1) if page < pages else ""),
    )


def _path(page: int) -> str:
    return "" if page < 1 else f"/orders?page={page}" if page > 1 else "/orders"


PAGE = Page(
    path="/orders",
    name="orders",
    endpoint=show,
    audience=DESK,
    menu=lambda words: words.gettext("Orders"),
)
