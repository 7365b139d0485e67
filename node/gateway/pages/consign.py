"""`/consign`: what the owner lets others sell, what they may sell for others, and doing both."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.responses import Response

from node.gateway import parties, typed
from node.gateway.forms import Form
from node.gateway.offers import SHOWN_DIGITS, listing_path, member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.importing.prices import money
from node.trade import consigning
from protocol.errors import MoothallError, NotFound, Refused
from protocol.kinds.receipt import MAX_UNITS
from storage.views import grants, listing_queries
from storage.views.grants import Version
from storage.views.listing_queries import Offer, Query

SHOWN = 200  # own listings to choose from
_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Goods:
    """A listing that a grant names."""

    id: str
    title: str
    path: str
    price: str  # as a form holds it; "" for none
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A grant, from where the owner stands."""

    id: str
    mine: bool  # the owner made it
    name: str  # of the other
    path: str
    goods: list[Goods]
    margin: str
    highest: str  # of the margin, as a form holds it
    sold: str
    quota: str
    left: int
    until: str
    over: bool
    withdrawn: bool


async def show(visit: Visit) -> Response:
    """All grants with a part for the owner."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Grant, change or withdraw one's own; put up what one may sell."""
    t = visit.words.gettext
    try:
        match form.text("do"):
            case "grant":
                _grant(visit, form)
                return visit.done("/consign", t("Granted: they see it as soon as it reaches them."))
            case "quota":
                consigning.change(
                    visit.home, form.text("grant"), quota=_number(form, "quota"), until_ms=None
                )
                return visit.done("/consign", t("Changed."))
            case "withdraw":
                consigning.withdraw(visit.home, form.text("grant"))
                return visit.done(
                    "/consign", t("Withdrawn: nothing more is sold. What was sold stands.")
                )
            case "sell":
                offer = _sell(visit, form)
                return visit.done(listing_path(offer.id), t("It is on offer as yours now."))
            case _:
                return _page(visit, 422)
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error), form)


def _grant(visit: Visit, form: Form) -> None:
    to = form.text("to")
    if not to:
        raise Refused("no-member", "Choose who may sell for you; nothing was written.")
    until = form.text("until")
    until_ms = typed.day_ms(until) if until else None
    if until and until_ms is None:
        raise Refused("bad-date", "That is no day; write it as 2027-01-31. Nothing was written.")
    consigning.grant(
        visit.home,
        to=bytes.fromhex(to) if re.fullmatch("[0-9a-f]{64}", to) else b"",
        listings=form.texts("listing"),
        margin=(_bps(form, "low"), _bps(form, "high")),
        quota=_number(form, "quota"),
        until_ms=until_ms,
    )


def _sell(visit: Visit, form: Form) -> Offer:
    goods = form.text("goods") or None
    price = form.text("price")
    if price and goods is not None:
        currency = listing_queries.get(
            visit.store, listing_queries.resolve(visit.store, goods)
        ).listing.currency
        price = typed.pointed(price, currency)
    return consigning.sell(
        visit.home,
        form.text("grant"),
        goods,
        margin_bps=_bps(form, "margin") if form.text("margin") else None,
        price=price or None,
        quantity=_number(form, "quantity") if form.text("quantity") else None,
    )


def _bps(form: Form, name: str) -> int:
    match = _PERCENT.fullmatch(form.text(name))
    if match is None:
        raise Refused(
            "bad-margin",
            "%(text)s is no margin: write per cent, such as 20 or 12.5. Nothing was written.",
            text=f'"{form.text(name)[:20]}"',
        )
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _number(form: Form, name: str) -> int:
    text = form.text(name)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_UNITS))):
        raise Refused(
            "bad-number",
            "%(text)s is no number of pieces; nothing was written.",
            text=f'"{text[:20]}"',
        )
    return int(text)


def _page(visit: Visit, status: int = 200, problem: str = "", form: Form | None = None) -> Response:
    visit.require_charter()
    found = grants.of_person(visit.store, visit.home.person)
    rows = [_row(visit, each) for each in found]
    return visit.render(
        "consign.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        sent=form or Form(),
        given=[row for row in rows if row.mine],
        got=[row for row in rows if not row.mine],
        people=parties.members(visit),
        own=_own(visit),
    )


def _own(visit: Visit) -> list[Goods]:
    query = Query(person=visit.home.person, sort="new", limit=SHOWN)
    found = listing_queries.search(visit.store, query).offers
    return [
        _goods(each)
        for each in found
        if each.listing.grant is None and each.listing.mode in consigning.GOODS
    ]


def _goods(offer: Offer) -> Goods:
    said = offer.listing
    return Goods(
        id=offer.id.hex(),
        title=said.title,
        path=listing_path(offer.id),
        price="" if said.price is None else money(said.price, said.currency),
        currency=said.currency,
    )


def _row(visit: Visit, found: Version) -> Row:
    words, said = visit.words, found.said
    mine = found.maker == visit.home.person
    other = said.to if mine else found.maker
    low, high = (words.percent(bps) for bps in said.margin)
    sold = consigning.last_unit(visit.store, found.root)
    ends = said.until_ms
    return Row(
        id=found.root.hex()[:SHOWN_DIGITS],
        mine=mine,
        name=words.person(visit.gateway.facts.names().get(other, ""), other),
        path=member_path(other),
        goods=_named(visit, found),
        margin=low
        if low == high
        else words.gettext("%(low)s to %(high)s") % {"low": low, "high": high},
        highest=consigning.percent(said.margin[1]),
        sold=words.number(sold),
        quota=words.number(said.quota),
        left=max(0, said.quota - sold),
        until="" if ends is None else words.date(ends),
        over=ends is not None and ends <= visit.store.now_ms(),
        withdrawn=said.withdrawn,
    )


def _named(visit: Visit, found: Version) -> list[Goods]:
    """The listings that a grant names; where it names none, those that the maker has."""
    goods: list[Goods] = []
    if not found.said.listings:
        query = Query(person=found.maker, sort="new", limit=SHOWN)
        offers: list[Offer] = list(listing_queries.search(visit.store, query).offers)
    else:
        offers = []
        for each in found.said.listings:
            try:
                offers.append(listing_queries.get(visit.store, each))
            except NotFound:
                continue
    for offer in offers:
        if offer.listing.grant is None and offer.listing.mode in consigning.GOODS:
            goods.append(_goods(offer))
    return goods


PAGE = Page(path="/consign", name="consign", endpoint=show, post=act, audience=DESK)
