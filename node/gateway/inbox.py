"""What waits, in a reader's words: for the page and for the feed."""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway.disputes import dispute_path
from node.gateway.hall import proposal_path
from node.gateway.offers import SHOWN_DIGITS
from node.gateway.order_words import asked, order_path
from node.gateway.reviews import review_path
from node.gateway.visit import Visit
from node.trade.inbox import Item
from protocol.kinds.payment import CREDIT


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing that waits. `id` tells it from what waited about the same before."""

    id: str
    path: str
    title: str
    text: str
    name: str  # of whom it is about; empty for nobody
    until_ms: int | None
    since_ms: int | None


def line(visit: Visit, each: Item) -> Line:
    """A thing that waits, said to its reader."""
    t, words = visit.words.gettext, visit.words
    name = _name(visit, each.person)
    listing = each.title or t("a listing that is not here")
    match each.kind:
        case "order":
            path, title = order_path(each.id), listing
            text = f"{asked(words, each.what, each.mine, each.state)} · {name}"
        case "guest-order":
            path, title = "/guests", listing
            text = t("A guest wants to order it: look at it before it goes out")
        case "mediation":
            path, title = dispute_path(each.id), t("A dispute")
            text = t("You are asked to mediate")
        case "review":
            path, title = review_path(each.id), t("A review without a name")
            text = t("%(name)s asks you to publish it") % {"name": name}
        case "payment":
            path = "/fund" if each.fund else "/credit" if each.currency == CREDIT else "/settle"
            amount = words.money(each.amount or 0, each.currency)
            title = t("%(amount)s from %(name)s") % {"amount": amount, "name": name}
            text = t("Say that you have it, once you do")
        case "vote":
            path, title, text = proposal_path(each.id), each.title, t("Your vote is awaited")
        case _:
            count = words.ngettext("%(n)s new letter", "%(n)s new letters", each.count)
            text = count % {"n": words.number(each.count)}
            path = order_path(each.id) if each.state else f"/messages/{each.id[:SHOWN_DIGITS]}"
            title = f"{each.title} · {name}" if each.title else name
    changed = f"{each.kind} {each.id} {each.state} {each.count}"
    return Line(
        id=changed,
        path=path,
        title=title,
        text=text,
        name=name,
        until_ms=each.until_ms,
        since_ms=each.since_ms,
    )


def _name(visit: Visit, person: bytes | None) -> str:
    if person is None:
        return ""
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)
