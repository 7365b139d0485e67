"""Settling up as this home sees it: who pays whom in a currency, and what of that is one's own."""

from __future__ import annotations

from dataclasses import dataclass

from governance.charter import Charter
from governance.paying import Party, Payment
from governance.settling import Debt, Transfer, positions, transfers
from node.home import Home
from node.importing.prices import decimals
from node.trade import banking, paying
from protocol.errors import Refused
from protocol.kinds.payment import CREDIT
from storage import debts as owed
from storage.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """One currency. `payments`: those that settle, in effect or waiting, oldest first."""

    currency: str
    positions: dict[Party, int]  # above zero: gets; below: pays
    transfers: list[Transfer]
    payments: list[Payment]

    def of(self, party: Party) -> list[Transfer]:
        """The transfers that a party makes or gets."""
        return [each for each in self.transfers if party in (each.payer, each.payee)]

    def waiting(self, payer: Party, payee: Party) -> int:
        """What one has said to have paid the other, and the other not to have got yet."""
        return sum(
            each.amount
            for each in self.payments
            if each.waits and (each.payer, each.payee) == (payer, payee)
        )


def debts(store: Store, currency: str) -> list[Debt]:
    """What vendors owe others from valid receipts, less what was refunded."""
    return [Debt(*row) for row in owed.valid_debts(store, currency)]


def settlement(home: Home, currency: str) -> Settlement:
    """Who pays whom; nothing in credits, whose shares are booked with the receipt itself."""
    decimals(currency)
    if currency == CREDIT:
        return Settlement(currency=currency, positions={}, transfers=[], payments=[])
    paid = [
        each
        for each in paying.payments(home)
        if each.currency == currency and each.settles and each.payee is not None
    ]
    net = positions(debts(home.store, currency), paid)
    return Settlement(currency=currency, positions=net, transfers=transfers(net), payments=paid)


def currencies(home: Home) -> list[str]:
    """The charter's currency, and every other that there are receipts or payments in."""
    charter: Charter = home.charter()
    also = {each for each in owed.currencies(home.store) if paying.known(each)}
    also.update(each.currency for each in paying.payments(home))
    return [charter.currency, *sorted(also - {charter.currency, CREDIT})]


def next_reference(settled: Settlement, payer: Party, payee: Party) -> str:
    """What the next transfer between two parties says, the same on both their nodes."""
    between = [each for each in settled.payments if (each.payer, each.payee) == (payer, payee)]
    return banking.settling_reference(_key(payer), _key(payee), settled.currency, len(between))


def _key(party: Party) -> bytes:
    return party.encode() if isinstance(party, str) else party


def pay(home: Home, to: Party, amount: int, currency: str, *, from_fund: str = "") -> bytes:
    """Say that one has paid; the payment's id. It counts once the payee says that it came."""
    if currency == CREDIT:
        raise Refused(
            "credits",
            "Credits are paid with `moothall credit pay`; nothing was written.",
        )
    with home.turn():
        settled = settlement(home, currency)
        payer = from_fund or home.person
        told = next_reference(settled, payer, to)
        (record,) = home.append(
            [paying.draft(home, to, amount, currency, from_fund=from_fund, reference=told)]
        )
    return record
