"""Who pays whom so that nobody owes anything any more: few transfers, the same on every node.

Debts come from receipts: whoever collected a price owes the others their shares. All debts of one
currency are netted into one position each, so that somebody who owes and is owed pays or gets only
the difference, and whom they pay may be somebody they never traded with. Nothing here holds money:
a transfer is a suggestion until both sides have signed that it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from governance.paying import Party, Payment


class Debt(NamedTuple):
    """`debtor` owes `creditor` this much, in minor units of the one currency at hand."""

    debtor: Party
    creditor: Party
    amount: int


class Transfer(NamedTuple):
    """`payer` pays `payee` this much."""

    payer: Party
    payee: Party
    amount: int


def place(party: Party) -> tuple[bool, bytes]:
    """An order of parties: persons by their keys, then funds by their names."""
    return (True, party.encode()) if isinstance(party, str) else (False, party)


def positions(debts: Iterable[Debt], paid: Iterable[Payment]) -> dict[Party, int]:
    """What each party gets (above zero) or pays (below) to be even; it adds up to zero.

    Only payments that settle count; whoever paid more than they owed gets the rest back.
    """
    found: dict[Party, int] = {}
    for debtor, creditor, amount in debts:
        found[debtor] = found.get(debtor, 0) - amount
        found[creditor] = found.get(creditor, 0) + amount
    for each in paid:
        if each.in_effect and each.settles and each.payee is not None:
            found[each.payer] = found.get(each.payer, 0) + each.amount
            found[each.payee] = found.get(each.payee, 0) - each.amount
    return {party: amount for party, amount in found.items() if amount}


def transfers(positions: Mapping[Party, int]) -> list[Transfer]:
    """Transfers after which every position is zero; fewer than there are parties.

    First whoever owes just what another is owed; then, again and again, whoever owes most pays
    whoever is owed most. The fewest possible would take too long to find (it is NP-hard). Equal
    amounts go by the order of parties: what anybody pays in all does not depend on that.
    """
    owed: dict[int, list[Party]] = {}
    for party in sorted((p for p, amount in positions.items() if amount > 0), key=place):
        owed.setdefault(positions[party], []).append(party)
    made: list[Transfer] = []
    owing: list[tuple[int, tuple[bool, bytes], Party]] = []
    for party in sorted((p for p, amount in positions.items() if amount < 0), key=place):
        amount = -positions[party]
        if owed.get(amount):
            made.append(Transfer(party, owed[amount].pop(0), amount))
        else:
            owing.append((-amount, place(party), party))
    getting = [(-amount, place(p), p) for amount, parties in owed.items() for p in parties]
    heapify(owing)
    heapify(getting)
    while owing:
        owes, payer_place, payer = heappop(owing)
        gets, payee_place, payee = heappop(getting)
        amount = -max(owes, gets)
        made.append(Transfer(payer, payee, amount))
        if owes + amount:
            heappush(owing, (owes + amount, payer_place, payer))
        if gets + amount:
            heappush(getting, (gets + amount, payee_place, payee))
    return sorted(made, key=lambda t: (place(t.payer), -t.amount, place(t.payee)))
