"""The funds' book: what came in, what went out and by which decision, what is still to be paid."""

from __future__ import annotations

from dataclasses import dataclass

from governance import fund as rules
from governance.fund import Granted
from governance.paying import Payment
from node.assembly import finding
from node.assembly.finding import state_of
from node.home import Home
from node.trade import paying, settling
from node.trade.credit import ledger as credits
from protocol.errors import NotFound, Refused
from protocol.kinds.payment import CREDIT


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What a fund has in one currency, as the book says, and what it is still owed."""

    role: str
    currency: str
    held: int
    owed: int  # below zero: it got more than its shares, and owes that back


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """All funds. `payments`: into and from them, in effect or waiting, oldest first."""

    holdings: list[Holding]
    payments: list[Payment]
    marks: dict[bytes, str]  # payment -> what is wrong with it
    granted: list[Granted]


def book(home: Home) -> Book:
    """The book as things stand here."""
    state = state_of(home.store)
    all_payments = paying.payments(home)
    moved = [each for each in all_payments if isinstance(each.payee, str)]
    moved += [each for each in all_payments if isinstance(each.payer, str)]
    moved.sort(key=lambda each: (each.shown_ms, each.record))
    holdings: list[Holding] = []
    surplus: dict[tuple[str, str], int] = {}
    for currency in settling.currencies(home):
        got = rules.balances(all_payments, currency)
        owed: dict[str, int] = {}
        for debt in settling.debts(home.store, currency):
            if isinstance(debt.creditor, str):
                owed[debt.creditor] = owed.get(debt.creditor, 0) + debt.amount
        back: dict[str, int] = {}
        for each in moved:
            if each.in_effect and each.settles and each.currency == currency:
                if isinstance(each.payee, str):
                    owed[each.payee] = owed.get(each.payee, 0) - each.amount
                elif each.payee is not None:
                    back[str(each.payer)] = back.get(str(each.payer), 0) + each.amount
        for role in dict.fromkeys([*rules.roles(home.charter()), *got, *owed]):
            surplus[role, currency] = max(0, -owed.get(role, 0))
            holdings.append(
                Holding(
                    role=role,
                    currency=currency,
                    held=got.get(role, 0),
                    owed=owed.get(role, 0) + back.get(role, 0),
                )
            )
    holdings += [
        Holding(role=party, currency=CREDIT, held=each.amount, owed=0)
        for party, each in credits(home).balances.items()
        if isinstance(party, str)
    ]
    return Book(
        holdings=holdings,
        payments=moved,
        marks=rules.marks(state, all_payments, surplus),
        granted=rules.granted(state, all_payments),
    )


def proposal_of(home: Home, text: str) -> bytes:
    """The id of the proposal that a prefix means; NotFound or Refused `ambiguous`."""
    return finding.resolve(home.store, text)


def currency_of(home: Home, proposal: bytes) -> str:
    """The currency in which members granted something by this decision; NotFound if nothing."""
    return _granted(home, proposal).spend.currency


def _granted(home: Home, proposal: bytes) -> Granted:
    state = state_of(home.store)
    for each in rules.granted(state, paying.payments(home)):
        if each.spend.proposal == proposal:
            return each
    raise NotFound(
        "no-grant",
        "That proposal has granted nothing from the common fund; `moothall fund show` lists those "
        "that have. Nothing was written.",
    )


def spend(home: Home, decision: str, amount: int | None = None) -> bytes:
    """Pay out what members granted, or a part of it, from the common fund; the payment's id."""
    proposal = proposal_of(home, decision)
    with home.turn():
        found = _granted(home, proposal)
        if amount is None:
            amount = found.left
        if amount > found.left or not found.left:
            raise Refused(
                "too-much",
                "That is more than is left of what was granted; nothing was written.",
            )
        (record,) = home.append(
            [
                paying.draft(
                    home,
                    found.spend.to,
                    amount,
                    found.spend.currency,
                    from_fund=rules.common(home.charter()),
                    decision=proposal,
                )
            ]
        )
    return record
