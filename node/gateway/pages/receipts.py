"""`/receipts` and `/receipt/{receipt}`: where the money of sales went, for members to check."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from governance.waterfall import persons
from node.gateway.offers import SHOWN_DIGITS, listing_path, member_path
from node.gateway.order_sums import Sums, sums
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.importing.prices import CREDIT
from node.trade import receipts
from protocol.errors import NotFound
from storage.receipts import Entry, RefundEntry
from storage.views import listing_queries

SIZE = 24  # receipts on one page
_LONGEST_NUMBER = 6  # digits of a page's number


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A receipt in a list. `wrong`: what is wrong with it; "" for nothing."""

    path: str
    made_ms: int
    vendor: str
    price: str
    fee: str
    refunded: str  # "" for nothing
    wrong: str
    counts: bool  # what it says is owed


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A refund of a receipt."""

    number: str
    made_ms: int
    sums: Sums
    wrong: str


async def show_all(visit: Visit) -> Response:
    """All of them, or those in which the owner has a part, newest first."""
    visit.require_charter()
    mine = visit.request.query_params.get("whose") == "mine"
    person = visit.home.person if mine else None
    asked = visit.request.query_params.get("page", "1")[:_LONGEST_NUMBER]
    page = max(1, int(asked)) if asked.isascii() and asked.isdigit() else 1
    found, total = receipts.listed(visit.store, person=person, limit=SIZE, offset=(page - 1) * SIZE)
    pages = max(1, -(-total // SIZE))
    if page > pages:
        page = pages
        found, total = receipts.listed(
            visit.store, person=person, limit=SIZE, offset=(page - 1) * SIZE
        )
    return visit.render(
        "receipts.html",
        rooms=trade_rooms(visit),
        rows=[_row(visit, entry) for entry in found],
        total=total,
        mine=mine,
        pager=Pager(
            page,
            pages,
            _address(mine, page - 1) if page > 1 else "",
            _address(mine, page + 1) if page < pages else "",
        ),
    )


def _address(mine: bool, page: int) -> str:
    query = {"whose": "mine"} if mine else {}
    return f"/receipts?{urlencode({**query, 'page': page})}"


def receipt_path(record: bytes) -> str:
    """Where a receipt's page is."""
    return f"/receipt/{record.hex()[:SHOWN_DIGITS]}"


def _row(visit: Visit, entry: Entry) -> Row:
    words, said = visit.words, entry.said
    return Row(
        path=receipt_path(entry.record),
        made_ms=entry.shown_ms,
        vendor=_name(visit, said.vendor),
        price=words.money(said.price, said.currency),
        fee=words.money(said.fee, said.currency),
        refunded=words.money(entry.refunded, said.currency) if entry.refunded else "",
        wrong=_why(visit, entry.reason),
        counts=entry.counts,
    )


def _why(visit: Visit, reason: str) -> str:
    return visit.words.gettext(receipts.WHY[reason]) if reason else ""


def _name(visit: Visit, person: bytes) -> str:
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)


async def show(visit: Visit) -> Response:
    """One of them, with its refunds."""
    visit.require_charter()
    entry = receipts.find(visit.store, visit.request.path_params["receipt"])
    said, words = entry.said, visit.words
    return visit.render(
        "receipt.html",
        rooms=trade_rooms(visit),
        made_ms=entry.shown_ms,
        title=_title(visit, said.listing),
        listing=listing_path(said.listing),
        quantity=said.quantity,
        vendor=(_name(visit, said.vendor), member_path(said.vendor)),
        maker=(_name(visit, said.seller), member_path(said.seller)),
        consigned=said.grant is not None,
        wrong=_why(visit, entry.reason),
        counts=entry.counts,
        credits=said.currency == CREDIT,
        sums=_sums(visit, entry),
        fee=words.money(said.fee, said.currency),
        tax=said.extras.tax,
        refunds=[_returned(visit, entry, each) for each in entry.refunds],
        ids=[
            (words.gettext("Receipt"), entry.record.hex()),
            (words.gettext("The order's key"), said.order.hex()),
            (words.gettext("Charter"), said.charter.hex()),
        ],
    )


def _title(visit: Visit, listing: bytes) -> str:
    """What the listing is called now; "" where it is gone."""
    try:
        return listing_queries.get(visit.store, listing).listing.title
    except NotFound:
        return ""


def _sums(visit: Visit, entry: Entry) -> Sums:
    said = entry.said
    return sums(
        visit,
        said.currency,
        receipts.in_order(visit.store, said),
        delivery=said.extras.delivery,
        tip=said.extras.tip,
        people=persons(said),
    )


def _returned(visit: Visit, entry: Entry, each: RefundEntry) -> Returned:
    parts = {role: amount for role, amount in each.said.parts.items() if amount}
    return Returned(
        number=visit.words.number(each.said.number),
        made_ms=each.shown_ms,
        sums=sums(visit, entry.said.currency, parts, people=persons(entry.said)),
        wrong=_why(visit, each.reason),
    )


PAGES_HERE = (
    Page(
        path="/receipts",
        name="receipts",
        endpoint=show_all,
        audience=DESK,
        examples=("", "?whose=mine"),
    ),
    Page(path="/receipt/{receipt}", name="receipt", endpoint=show, audience=DESK),
)
