"""One sale before and after a change of fees, so that everybody sees what it means."""

from __future__ import annotations

from dataclasses import dataclass

from governance.charter import Charter
from governance.charter_market import SELLER, FeeRule
from governance.fees import split
from node.gateway.charter_words import EXAMPLE
from node.gateway.hall import role
from node.gateway.words import Words

NOTHING = "\u2013"  # stands where there is no number or choice


@dataclass(frozen=True, slots=True)
class Example:
    """A sale of a category ("" for everything else): (who, before, after) for each role."""

    category: str
    price: str
    rows: tuple[tuple[str, str, str], ...]


def examples(words: Words, before: Charter, after: Charter) -> list[Example]:
    """A sale in each category whose fee differs, when everybody had a part in it."""
    names = ["", *sorted({name for name, _ in (*before.fees.categories, *after.fees.categories)})]
    shown = []
    for name in names:
        old, new = before.fees.of(name or None), after.fees.of(name or None)
        if old != new or before.currency != after.currency:
            shown.append(_example(words, name, (old, before.currency), (new, after.currency)))
    return shown


def _example(
    words: Words, category: str, old: tuple[FeeRule, str], new: tuple[FeeRule, str]
) -> Example:
    parts = [(split(rule, EXAMPLE).waterfall, currency) for rule, currency in (old, new)]
    roles = [each for each in dict.fromkeys([*parts[0][0], *parts[1][0]]) if each != SELLER]

    def amount(which: int, name: str) -> str:
        waterfall, currency = parts[which]
        return words.money(waterfall[name], currency) if name in waterfall else NOTHING

    return Example(
        category=category,
        price=words.money(EXAMPLE, new[1]),
        rows=tuple(
            (role(words, name), amount(0, name), amount(1, name)) for name in (*roles, SELLER)
        ),
    )
