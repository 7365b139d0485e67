"""What an order comes to, as a page shows it: what is paid for, and where each part of it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from node.gateway.hall import role
from node.gateway.visit import Visit

Rows = list[tuple[str, str, str]]  # who gets it, their name or "", how much


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows of a waterfall, and what they add up to."""

    rows: Rows
    total: str


def sums(
    visit: Visit,
    currency: str,
    shares: Mapping[str, int],
    *,
    delivery: int = 0,
    tip: int = 0,
    people: Mapping[str, bytes] | None = None,
) -> Sums:
    """The shares of a price, whoever sells first, with delivery and tip. `people`: role -> person.

    A role without a person is one of the community's funds.
    """
    words, named = visit.words, people or {}
    t = words.gettext
    first = [each for each in ("seller", "reseller") if each in shares]
    rows: Rows = []
    for name in (*first, *(each for each in shares if each not in first)):
        who = named.get(name)
        called = "" if who is None else words.person(visit.gateway.facts.names().get(who, ""), who)
        maker = name == "seller" and "reseller" in shares
        label = t("the maker") if maker else role(words, name)
        rows.append((label, called, words.money(shares[name], currency)))
    for label, amount in ((t("Delivery"), delivery), (t("Tip for whoever sells"), tip)):
        if amount:
            rows.append((label, "", words.money(amount, currency)))
    total = sum(shares.values()) + delivery + tip
    return Sums(rows, words.money(total, currency))
