"""The moves that a reader may make in an order, as forms: fields, and what to know beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from node.gateway.forms import Form
from node.gateway.order_words import move_button, move_hint
from node.gateway.typed import pointed
from node.gateway.visit import Visit
from node.importing.prices import CREDIT, money
from node.trade import credit
from node.trade.inbox import wait_for
from node.trade.reading import Order
from node.trade.words import HOW
from protocol.errors import Refused

# What a form asks for, most pressing move first. Others are made elsewhere on the page.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "accept": ("offer",),  # which offer is accepted is what this page has shown
    "pay": ("amount", "how"),
    "received": (),
    "confirm": ("amount",),
    "sent": ("text",),
    "offer": ("quantity", "price", "delivery", "tip", "text"),
    "decline": ("text",),
    "cancel": ("text",),
    "took": (),
    "refund": ("amount", "text"),
    "dispute": ("text",),
    "close": (),
}
AWAITED: Mapping[str, tuple[str, ...]] = {  # what an order waits for -> the moves that are that
    "reply": ("accept",),
    "pay": ("pay",),
    "send": ("sent",),
    "receive": ("received",),
    "confirm": ("confirm",),
    "refund": ("refund",),
}
_AMOUNTS = ("price", "delivery", "tip", "amount")


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveForm:
    """A move with its form. `values`: what its fields hold, by their names."""

    name: str
    label: str
    hint: str
    fields: tuple[str, ...]
    values: Mapping[str, str]
    awaited: bool
    open: bool  # shown without being unfolded


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """A move that is one's right from a time on, unless the other side moves before."""

    label: str
    from_ms: int


def move_forms(visit: Visit, order: Order, names: Iterable[str], typed: Form) -> list[MoveForm]:
    """A form for each of these moves that has one, as it was typed where it was."""
    usable, sent = set(names), typed.text("do")
    state, wait = order.life.state, wait_for(visit.home, order)
    awaited = AWAITED.get(wait.what, ()) if wait is not None else ()
    if awaited and not usable.intersection(awaited):
        awaited = ("offer",)  # an enquiry is answered with one
    found: list[MoveForm] = []
    for name, fields in FIELDS.items():
        if name not in usable:
            continue
        hint = move_hint(visit.words, name, order.mine)
        if name == "pay" and order.currency == CREDIT:
            fields, hint = ("amount",), visit.words.gettext(credit.PUBLIC)
        held = _values(order, name)
        if name == sent and name != "accept":  # what is accepted is the offer that stands now
            held = _typed(typed, name, fields)
        found.append(
            MoveForm(
                name=name,
                label=move_button(visit.words, name, order.mine, state),
                hint=hint,
                fields=fields,
                values=held,
                awaited=name in awaited,
                open=name in awaited or name == sent,
            )
        )
    return found


def later(visit: Visit, order: Order, now_s: int) -> list[Later]:
    """What becomes one's right in time, soonest first."""
    coming = [
        (right.from_s, right.name)
        for right in order.rights.moves
        if right.from_s is not None and right.from_s > now_s and right.name in FIELDS
    ]
    return [
        Later(label=move_button(visit.words, name, order.mine, order.life.state), from_ms=at * 1000)
        for at, name in sorted(coming)
    ]


def given(order: Order, name: str, form: Form) -> dict[str, Any]:
    """The fields of a move as typed, for `wishes.fields`."""
    found: dict[str, Any] = {}
    for field, value in _typed(form, name, FIELDS[name]).items():
        if field in _AMOUNTS:
            emptied = name == "offer" and field in ("delivery", "tip") and not value
            found[field] = "0" if emptied else pointed(value, order.currency)
        elif field == "offer":
            found[field] = _offer(value)
        else:
            found[field] = value
    return found


def _offer(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Refused(
            "nothing-to-accept", "That is no proposal of this order; nothing was written."
        ) from None


def _typed(form: Form, name: str, fields: Iterable[str]) -> dict[str, str]:
    return {field: form.lines(f"{name}-{field}").strip() for field in fields}


def _values(order: Order, name: str) -> dict[str, str]:
    """What a form holds before somebody types."""
    life, terms = order.life, order.terms

    def text(amount: int) -> str:
        return money(amount, order.currency) if amount else ""

    match name:
        case "accept":
            others = [each.id for each in life.offers if each.side != order.mine]
            return {"offer": others[-1].hex() if others else ""}
        case "offer" if terms is None:
            return {"quantity": str(life.place.quantity)}
        case "offer" if terms is not None:
            return {
                "quantity": str(terms.quantity),
                "delivery": text(terms.delivery),
                "tip": text(terms.tip),
            }
        case "pay":
            return {"amount": text(life.owing), "how": HOW[1]}
        case "confirm":
            return {"amount": text(max(life.paid - life.confirmed, 0) or life.owing)}
        case "refund":
            return {"amount": text(life.owed_back)}
    return {}
