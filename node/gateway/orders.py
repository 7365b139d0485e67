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
from node.trade.reading import Order

Data = Mapping[str, Any]


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


def row(visit: Visit, each: Data) -> Row:
    """An order's row."""
    waits = each["waits_for"] == each["mine"]
    return Row(
        path=order_path(each["order"]),
        title=title(visit, each),
        what=pieces(visit, each),
        whom=whom(visit, each),
        total=money(visit, each["total"]),
        state=each["state"],
        name=state_name(visit.words, each["state"]),
        waits=waits,
        asked=asked(visit.words, each["mine"], each["state"]) if waits else "",
        until_ms=milliseconds(each["due"]) if waits else None,
    )


def title(visit: Visit, each: Data) -> str:
    """What is ordered; a few digits where its listing is not here."""
    if each["title"]:
        return str(each["title"])
    return visit.words.gettext("a listing that is not here (%(id)s)") % {"id": each["listing"][:8]}


def pieces(visit: Visit, each: Data) -> str:
    """How many, and which."""
    count = f"{visit.words.number(each['quantity'])} ×"
    return f"{count} {each['variant']}" if each["variant"] else count


def whom(visit: Visit, each: Data) -> str:
    """Who buys from whom, from where the reader stands."""
    t = visit.words.gettext
    seller, buyer = (name_of(visit, each[role]) for role in ("seller", "buyer"))
    if each["mine"] == "buyer":
        return t("You buy it from %(name)s.") % {"name": seller}
    if each["mine"] == "seller":
        if each["guest"]:
            return t("A guest of %(name)s buys it from you.") % {"name": buyer}
        return t("%(name)s buys it from you.") % {"name": buyer}
    if each["guest"]:
        return t("A guest of %(host)s buys it from %(name)s.") % {"host": buyer, "name": seller}
    return t("%(buyer)s buys it from %(name)s.") % {"buyer": buyer, "name": seller}


def name_of(visit: Visit, person: str | bytes | None) -> str:
    """What somebody is called; empty for nobody."""
    if not person:
        return ""
    key = bytes.fromhex(person) if isinstance(person, str) else person
    return visit.words.person(visit.gateway.facts.names().get(key, ""), key)


def money(visit: Visit, amount: Mapping[str, Any] | None) -> str:
    """`{amount, currency}` as a price."""
    if amount is None:
        return visit.words.gettext("Price on request")
    return visit.words.money(amount["amount"], amount["currency"])


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


def spoken(visit: Visit, each: Data) -> list[Spoken]:
    """The conversation, oldest first."""
    return [_spoken(visit, each, letter) for letter in each["letters"]]


def _spoken(visit: Visit, each: Data, letter: Data) -> Spoken:
    words, t = visit.words, visit.words.gettext
    held, amount = letter.get("delivery"), letter.get("amount")
    name = t("You") if letter["mine"] else name_of(visit, letter["from"])
    if letter["guest"]:
        name = t("The guest")
    return Spoken(
        name=name,
        path=""
        if letter["mine"] or letter["guest"]
        else member_path(bytes.fromhex(letter["from"])),
        mine=letter["mine"] and not letter["guest"],
        what="" if letter["kind"] == "message" else move_said(words, letter["move"]),
        amount="" if amount is None else words.money(amount, each["currency"]),
        text=letter["text"],
        at_ms=milliseconds(letter["at"]) or 0,
        void=bool(letter.get("void")),
        held="" if held is None else delivery_text(words, held["state"], held["nodes"]),
    )


def flow(visit: Visit, order: Order, each: Data) -> Sums | None:
    """Where the money goes; None while there is no price."""
    if each["total"] is None or not each["shares"]:
        return None
    deal, extras = order.life.deal, each["extras"]
    people = {"seller": order.seller} if deal is None else persons(deal.statement)
    return sums(
        visit,
        order.currency,
        each["shares"],
        delivery=extras["delivery"],
        tip=extras["tip"],
        people=people,
    )


def facts(visit: Visit, each: Data) -> Sequence[tuple[str, str]]:
    """How much of the money has moved."""
    t = visit.words.gettext
    labels = {
        "paid": t("Said to be paid"),
        "confirmed": t("Confirmed"),
        "refunded": t("Given back"),
        "owed_back": t("Owed back to the buyer"),
    }
    return [
        (label, visit.words.money(each[name], each["currency"]))
        for name, label in labels.items()
        if each[name]
    ]


def terms(visit: Visit, each: Data) -> Sequence[tuple[str, str]]:
    """What is agreed, or asked for as long as nothing is."""
    t = visit.words.gettext
    extras, currency = each["extras"], each["currency"]
    rows = [(t("How many"), pieces(visit, each))]
    for name, label in (("delivery", t("Delivery")), ("tip", t("Tip"))):
        if extras[name]:
            rows.append((label, visit.words.money(extras[name], currency)))
    rows.append((t("Together"), money(visit, each["total"])))
    return rows


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
        variant = life.place.variant
        found.append(
            Proposed(
                name="" if each.side == order.mine else name_of(visit, person),
                what=f"{words.number(each.terms.quantity)} × {variant}".strip(),
                total=words.money(each.terms.total, order.currency),
                text=each.text,
            )
        )
    return found
