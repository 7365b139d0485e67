"""Orders as pages show them: made of what `order show --json` says, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.waterfall import persons
from node.gateway.hall import milliseconds
from node.gateway.offers import member_path
from node.gateway.order_sums import Sums, sums
from node.gateway.order_words import asked, delivery_text, move_said, order_path, state_name
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.trade.inbox import wait_for
from node.trade.reading import Order

Data = Mapping[str, Any]
TIMES = "\u00d7"  # between a number and what there are so many of


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An order in a list."""

    path: str
    title: str
    what: str  # how many of which
    whom: str  # with whom, in a sentence
    total: str
    state: str
    name: str  # of the state
    waits: bool  # for the reader
    asked: str  # of the reader, while it waits
    until_ms: int | None


def row(visit: Visit, order: Order) -> Row:
    """An order's row."""
    wait, terms, life = wait_for(visit.home, order), order.terms, order.life
    return Row(
        path=order_path(order.id),
        title=title(visit, order),
        what=pieces(visit.words, (terms or life.place).quantity, life.place.variant),
        whom=whom(visit, order),
        total=price(visit, None if terms is None else terms.total, order.currency),
        state=life.state,
        name=state_name(visit.words, life.state),
        waits=wait is not None,
        asked="" if wait is None else asked(visit.words, wait.what, order.mine, life.state),
        until_ms=None if wait is None or wait.due_s is None else wait.due_s * 1000,
    )


def title(visit: Visit, order: Order) -> str:
    """What is ordered; a few digits where its listing is not here."""
    if order.title:
        return order.title
    listing = order.life.place.listing.hex()[:8]
    return visit.words.gettext("a listing that is not here (%(id)s)") % {"id": listing}


def pieces(words: Words, quantity: int, variant: str) -> str:
    """How many, and which."""
    count = words.number(quantity)
    return f"{count} {TIMES} {variant}" if variant else count


def whom(visit: Visit, order: Order) -> str:
    """Who buys from whom, from where the reader stands."""
    t = visit.words.gettext
    seller, buyer = (name_of(visit, person) for person in (order.seller, order.buyer))
    if order.life.state == "enquiry" and not order.guest:
        if order.mine == "buyer":
            return t("You ask %(name)s about it.") % {"name": seller}
        return t("%(name)s asks you about it.") % {"name": buyer}
    if order.mine == "buyer":
        return t("You buy it from %(name)s.") % {"name": seller}
    if order.mine == "seller":
        if order.guest:
            return t("A guest of %(name)s buys it from you.") % {"name": buyer}
        return t("%(name)s buys it from you.") % {"name": buyer}
    if order.guest:
        return t("A guest of %(host)s buys it from %(name)s.") % {"host": buyer, "name": seller}
    return t("%(buyer)s buys it from %(name)s.") % {"buyer": buyer, "name": seller}


def name_of(visit: Visit, person: bytes) -> str:
    """What somebody is called."""
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)


def price(visit: Visit, amount: int | None, currency: str) -> str:
    """An amount, or that there is none yet."""
    if amount is None:
        return visit.words.gettext("Price on request")
    return visit.words.money(amount, currency)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A letter of the conversation."""

    name: str
    path: str  # of who wrote it; empty for oneself
    mine: bool
    what: str  # what it does; empty for a message
    amount: str
    text: str
    at_ms: int
    void: bool  # it came too late or was not theirs to make
    held: str  # how far it has come, for one's own


def spoken(visit: Visit, order: Order, each: Data) -> list[Spoken]:
    """The conversation, oldest first."""
    return [_spoken(visit, order, letter) for letter in each["letters"]]


def _move(words: Words, order: Order, move: str) -> str:
    if move == "place" and order.life.place.enquiry:
        return state_name(words, "enquiry")
    return move_said(words, move)


def _spoken(visit: Visit, order: Order, letter: Data) -> Spoken:
    words, t = visit.words, visit.words.gettext
    held, amount = letter.get("delivery"), letter.get("amount")
    name = t("You") if letter["mine"] else name_of(visit, bytes.fromhex(letter["from"]))
    if letter["guest"]:
        name = t("The guest")
    return Spoken(
        name=name,
        path=""
        if letter["mine"] or letter["guest"]
        else member_path(bytes.fromhex(letter["from"])),
        mine=letter["mine"] and not letter["guest"],
        what="" if letter["kind"] == "message" else _move(words, order, letter["move"]),
        amount="" if amount is None else words.money(amount, order.currency),
        text=letter["text"],
        at_ms=milliseconds(letter["at"]) or 0,
        void=bool(letter.get("void")),
        held="" if held is None else delivery_text(words, held["state"], held["nodes"]),
    )


def flow(visit: Visit, order: Order, each: Data) -> Sums | None:
    """Where the money goes; None while there is no price."""
    terms, deal = order.terms, order.life.deal
    if terms is None or not each["shares"]:
        return None
    people = {"seller": order.seller} if deal is None else persons(deal.statement)
    if deal is None and order.host is not None:
        people = {**people, "host": order.host}
    return sums(
        visit,
        order.currency,
        each["shares"],
        delivery=terms.delivery,
        tip=terms.tip,
        people=people,
    )


def facts(visit: Visit, order: Order) -> Sequence[tuple[str, str]]:
    """What is agreed, or asked for as long as nothing is, and how much of the money has moved."""
    t, life, terms = visit.words.gettext, order.life, order.terms
    money = [
        (t("Delivery"), terms.delivery if terms else 0),
        (t("Tip"), terms.tip if terms else 0),
        (t("Together"), terms.total if terms else 0),
        (t("Said to be paid"), life.paid),
        (t("Confirmed"), life.confirmed),
        (t("Given back"), life.refunded),
        (t("Owed back to the buyer"), life.owed_back),
    ]
    quantity = (terms or life.place).quantity
    return [
        (t("How many"), pieces(visit.words, quantity, life.place.variant)),
        *((label, visit.words.money(amount, order.currency)) for label, amount in money if amount),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """Terms that somebody may accept."""

    name: str  # whose; empty for one's own
    what: str
    total: str
    text: str


def offers(visit: Visit, order: Order) -> list[Proposed]:
    """What stands beside the agreed terms and is not accepted yet."""
    life, words = order.life, visit.words
    found = []
    for each in life.offers:
        if each.id == life.start:
            continue  # the order itself
        person = life.buyer if each.side == "buyer" else life.seller
        found.append(
            Proposed(
                name="" if each.side == order.mine else name_of(visit, person),
                what=pieces(words, each.terms.quantity, life.place.variant),
                total=words.money(each.terms.total, order.currency),
                text=each.text,
            )
        )
    return found
