"""An order as its guest sees it: the values that their page is filled with."""

from __future__ import annotations

from dataclasses import dataclass

import segno

from governance.orders.life import Life
from node import post
from node.gateway import guest_words, reviews
from node.gateway.order_words import move_said
from node.gateway.visit import Visit
from node.trade import banking, guests, reading
from node.trade import reviews as reviewing
from protocol.letters.message import Message
from protocol.letters.moves import PayTo
from protocol.letters.order import OrderLetter
from storage import reviews as held

BUTTONS = ("pay", "received", "cancel")  # moves that take nothing but a press
LISTENS = ["declined", "cancelled", "refunded", "settled", "closed"]  # nothing is said after these


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Something that was said about the order. `own`: by the guest."""

    own: bool
    who: str
    what: str
    text: str
    at_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Something that the guest may agree to: an offer, a refund or how to settle."""

    move: str
    id: str
    what: str
    text: str
    button: str
    hint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Where to pay, and how much."""

    amount: str
    to: PayTo | None
    code: bool  # there is a QR code for it


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """The guest's review: what stands of it, and whether they may say it, or say it anew."""

    said: reviews.Said | None
    may: bool
    until_ms: int
    host: str  # who publishes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """All of it. `facts`: label and text."""

    said: str
    after: str
    facts: list[tuple[str, str]]
    asked: list[Asked]
    buttons: list[tuple[str, str, str]]  # move, button, hint
    next: str  # the move that is awaited of the guest
    disputes: bool
    payment: Payment | None
    told: list[Told]
    talks: bool
    review: Opinion | None


def shown(visit: Visit, order: reading.Order) -> Shown:
    """The order as it stands."""
    words, life = visit.words, order.life
    maker, host = _name(visit, order.seller), visit.gateway.name()
    moves = {right.name for right in reading.my_moves(order)}
    asked = _asked(visit, life, moves)
    offered = any(each.move == "accept" for each in asked)
    state = "free" if life.state == "accepted" and not life.owing else life.state
    said, after = guest_words.standing(words, state, offered=offered)
    names = {"name": maker, "host": host}
    return Shown(
        said=said % names,
        after=after % names,
        facts=_facts(visit, order),
        asked=asked,
        buttons=[
            (move, guest_words.button(words, move), guest_words.hint(words, move))
            for move in BUTTONS
            if move in moves
        ],
        next="received" if state in ("sent", "free") else "",
        disputes="dispute" in moves,
        payment=_payment(visit, life) if "pay" in moves else None,
        told=_told(visit, order),
        talks=life.state not in LISTENS,
        review=_review(visit, order),
    )


def queued(visit: Visit, state: str, maker: str) -> tuple[str, str]:
    """(how it stands, what comes next) of an order that the owner has not let go out."""
    names = {"name": maker, "host": visit.gateway.name()}
    word = "turned-down" if state == "declined" else state
    said, after = guest_words.standing(visit.words, word, offered=False)
    return said % names, after % names


def payment_code(life: Life) -> segno.QRCode | None:
    """What a bank's program reads to pay the rest; None where there can't be a code."""
    to = None if life.deal is None else life.deal.pay
    if to is None:
        return None
    return banking.epc_qr(
        iban=to.iban,
        name=to.name,
        bic=to.bic,
        amount=life.owing,
        currency=life.place.currency,
        reference=to.reference,
    )


def _facts(visit: Visit, order: reading.Order) -> list[tuple[str, str]]:
    words, life, t = visit.words, order.life, visit.words.gettext
    place = life.place
    terms = place if life.deal is None else life.deal.terms
    found = [(t("How many"), words.number(terms.quantity))]
    if place.variant:
        found.append((t("Which one"), place.variant))
    found.append((t("From"), _name(visit, order.seller)))
    for label, amount in (
        (t("Price"), terms.price),
        (t("Delivery"), terms.delivery or None),
        (t("Tip"), terms.tip or None),
        (t("Paid"), life.money or None),
        (t("Given back"), life.refunded or None),
        (t("Still to be given back"), life.owed_back or None),
    ):
        if amount is not None:
            found.append((label, words.money(amount, place.currency)))
    return found


def _asked(visit: Visit, life: Life, moves: set[str]) -> list[Asked]:
    words, t, currency = visit.words, visit.words.gettext, life.place.currency
    found: list[tuple[str, bytes, str, str]] = []
    if "accept" in moves:
        for offer in life.offers:
            if offer.side == "seller":
                terms = offer.terms
                what = t("%(n)s for %(total)s in all") % {
                    "n": words.number(terms.quantity),
                    "total": words.money(terms.total, currency),
                }
                found.append(("accept", offer.id, what, offer.text))
    if "took" in moves:
        for back in life.refunds:
            if back.of_price and not back.took:
                what = t("%(amount)s back") % {"amount": words.money(back.amount, currency)}
                found.append(("took", back.id, what, ""))
    if "agree" in moves and life.dispute is not None:
        for each in life.dispute.proposals:
            if each.side != "buyer" and "buyer" not in each.agreed:
                what = t("%(amount)s back, and all is settled") % {
                    "amount": words.money(each.refund, currency)
                }
                found.append(("agree", each.id, what, each.text))
    if "mediator" in moves and life.dispute is not None:
        named = life.dispute.named.get("seller")
        if named is not None and life.dispute.named.get("buyer") != named:
            what = t("%(name)s as mediator") % {"name": _name(visit, named)}
            found.append(("mediator", named, what, ""))
    return [
        Asked(
            move=move,
            id=which.hex(),
            what=what,
            text=text,
            button=guest_words.button(words, move),
            hint=guest_words.hint(words, move),
        )
        for move, which, what, text in found
    ]


def _payment(visit: Visit, life: Life) -> Payment:
    return Payment(
        amount=visit.words.money(life.owing, life.place.currency),
        to=None if life.deal is None else life.deal.pay,
        code=payment_code(life) is not None,
    )


def _told(visit: Visit, order: reading.Order) -> list[Told]:
    found = []
    # The host has no say in it, unless it is their own listing.
    speaking = {each.person for each in order.letters} - {order.buyer} | {order.seller}
    for letter in order.letters:
        body, own = letter.body, guests.by_guest(letter)
        if isinstance(body, OrderLetter) and letter.id not in order.life.void:
            what, text = move_said(visit.words, body.move.word), getattr(body.move, "text", "")
        elif isinstance(body, Message) and (own or letter.person in speaking):
            what, text = "", body.text
        else:
            continue
        who = visit.words.gettext("You") if own else _name(visit, letter.person)
        found.append(Told(own=own, who=who, what=what, text=text, at_ms=letter.written_ms))
    return found


def _review(visit: Visit, order: reading.Order) -> Opinion | None:
    """None until the order is completed, and when its time went by in silence."""
    until_s = reviewing.until_s(order)
    found = [each for each in held.of_orders(visit.store, [order.id]) if each.sound]
    may = until_s is not None and order.now_s <= until_s
    if not may and not found:
        return None
    return Opinion(
        said=reviews.said_of(visit, found[0]) if found else None,
        may=may,
        until_ms=(until_s or 0) * 1000,
        host=visit.gateway.name(),
    )


def arrived(visit: Visit, order: reading.Order) -> bool | None:
    """Whether the maker's machine is known to have what the guest said last.

    None where that needs no word: it is this one, or the maker has answered since.
    """
    home = visit.gateway.home
    assert home is not None  # noqa: S101 - guests come when there is one
    last = order.letters[-1]
    if order.seller == home.person or not guests.by_guest(last):
        return None
    return post.delivery_of(home, last).state == "received"


def _name(visit: Visit, person: bytes) -> str:
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)
