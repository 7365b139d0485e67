"""Mutual credit as this home's owner uses it: balances, paying, taking what was paid.

The limit is kept twice: nobody's own node writes a payment beyond it, and no payee's node takes
one. What two devices of a person do at once neither can see; then everybody sees the overdraft.
"""

from __future__ import annotations

from dataclasses import dataclass

from governance import credit as rules
from governance.credit import Balance, Forecast
from governance.paying import Party, Payment
from node.assembly.finding import state_of
from node.home import Home
from node.importing.prices import money
from node.trade import paying, settling
from protocol.errors import Refused, Term
from protocol.kinds.payment import CREDIT
from storage.own import Draft

PUBLIC = Term(
    "Payments in credits are public: everybody in this community sees for good who paid whom how "
    "much, and when."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """All of a community's credits. `payments`: in effect or waiting, oldest first."""

    balances: dict[Party, Balance]
    payments: list[Payment]

    def of(self, party: Party) -> int:
        """A party's credits; 0 for whoever never had any."""
        held = self.balances.get(party)
        return 0 if held is None else held.amount

    @property
    def sum(self) -> int:
        """Zero, whatever is held here."""
        return sum(each.amount for each in self.balances.values())

    @property
    def overdrawn(self) -> dict[Party, Balance]:
        """Who is beyond the limit."""
        return {party: each for party, each in self.balances.items() if each.over}


def ledger(home: Home) -> Ledger:
    """Balances and payments as things stand here."""
    state, charter = state_of(home.store), home.charter()
    paid = [each for each in paying.payments(home) if each.currency == CREDIT]
    found = rules.balances(paid, settling.debts(home.store, CREDIT))
    return Ledger(
        balances={
            party: Balance(amount=amount, limit=rules.limit_of(party, charter.credit, state.roll))
            for party, amount in found.items()
        },
        payments=paid,
    )


def standing(home: Home, party: Party, amount: int = 0, book: Ledger | None = None) -> Forecast:
    """How a party would stand after paying `amount`, whether it may or not."""
    state, charter = state_of(home.store), home.charter()
    book = book or ledger(home)
    waiting = sum(each.amount for each in book.payments if each.waits and each.payer == party)
    return rules.forecast(
        charter.credit,
        state.roll,
        party,
        balance=book.of(party),
        waiting=waiting,
        amount=amount,
    )


def forecast(home: Home, to: Party, amount: int) -> Forecast:
    """What paying `to` would mean for this home's owner; Refused when they can't."""
    paying.draft(home, to, amount, CREDIT)
    return _allowed(home, home.person, amount)


def _allowed(home: Home, payer: Party, amount: int) -> Forecast:
    _enabled(home)
    found = standing(home, payer, amount)
    if not found.allowed:
        raise Refused(
            "over-limit",
            "That is more credit than there is room for: at most %(room)s can be paid now, down to "
            "the limit of -%(limit)s. Nothing was written.",
            room=money(found.room, CREDIT),
            limit=money(found.limit, CREDIT),
        )
    return found


def _enabled(home: Home) -> None:
    if not home.charter().credit.enabled:
        raise Refused(
            "no-credit",
            "This community's charter has no mutual credit; nothing was written.",
        )


def draft(
    home: Home,
    to: Party,
    amount: int,
    *,
    order: bytes | None = None,
    from_fund: str = "",
    decision: bytes | None = None,
    reference: str = "",
) -> Draft:
    """A payment to be written, within the limit; call it within the home's turn."""
    made = paying.draft(
        home,
        to,
        amount,
        CREDIT,
        order=order,
        from_fund=from_fund,
        decision=decision,
        reference=reference,
    )
    _allowed(home, from_fund or home.person, amount)
    return made


def pay(
    home: Home, to: Party, amount: int, *, order: bytes | None = None, reference: str = ""
) -> bytes:
    """Pay credits; the payment's id. They move once the payee's node has taken them."""
    with home.turn():
        (record,) = home.append([draft(home, to, amount, order=order, reference=reference)])
    return record


def check_taking(home: Home, payment: Payment) -> None:
    """Refused when a payment that waits would leave its payer beyond the limit."""
    book = ledger(home)
    state, charter = state_of(home.store), home.charter()
    limit = rules.limit_of(payment.payer, charter.credit, state.roll)
    if book.of(payment.payer) - payment.amount < -limit:
        raise Refused(
            "over-limit",
            "Whoever pays this has no credit left for it, so it was not taken. It stays where it "
            "is, and can be taken once they have earned more.",
        )


def of_order(home: Home, order: bytes) -> list[Payment]:
    """The payments in credits for an order, oldest first, whoever made them."""
    return [each for each in paying.payments(home, order=order) if each.currency == CREDIT]


def take_drafts(home: Home, order: bytes, payer: bytes) -> list[Draft]:
    """What takes a buyer's payment for an order: the oldest that waits and is within the limit."""
    for each in of_order(home, order):
        if each.waits and each.payer == payer and each.payee == home.person:
            try:
                return [paying.answer(home, each)]
            except Refused:
                continue
    return []
