"""Statements of account: all that changed a party's position in one currency, in a period.

The times are those that each record claims, or when it came if that was earlier; so two people's
statements may put one payment on different days, and never differ in the sum of everything.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from governance.paying import Party
from node.home import Home
from node.importing.formulas import guarded
from node.importing.prices import money
from node.status import rfc3339
from node.trade import paying
from protocol.kinds.payment import CREDIT
from storage import debts

SHARE, REFUND, PAYMENT = "share", "refund", "payment"
_WHAT = {debts.RECEIPT: SHARE, debts.REFUND: REFUND}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One change. `amount`: above zero for what the party is owed or was credited."""

    at_ms: int
    what: str  # SHARE, REFUND or PAYMENT
    other: Party | None  # None: somebody outside
    amount: int
    reference: str  # a payment's, else the first digits of the order
    record: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """`before` and `after`: the position at the period's ends. Above zero: the party is owed."""

    party: Party
    currency: str
    from_ms: int | None
    to_ms: int | None  # excluded
    before: int
    lines: list[Line]

    @property
    def after(self) -> int:
        """The position at the end."""
        return self.before + sum(line.amount for line in self.lines)


def statement(
    home: Home,
    party: Party,
    currency: str,
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> Statement:
    """A party's statement; without bounds all there is."""
    lines = sorted(
        [*_of_sales(home, party, currency), *_of_payments(home, party, currency)],
        key=lambda line: (line.at_ms, line.record, line.amount),
    )
    return Statement(
        party=party,
        currency=currency,
        from_ms=from_ms,
        to_ms=to_ms,
        before=sum(line.amount for line in lines if from_ms is not None and line.at_ms < from_ms),
        lines=[
            line
            for line in lines
            if (from_ms is None or line.at_ms >= from_ms) and (to_ms is None or line.at_ms < to_ms)
        ],
    )


def _of_sales(home: Home, party: Party, currency: str) -> list[Line]:
    """Shares of sales, and what was given back of them."""
    found = []
    for share in debts.of_party(home.store, party):
        if share.currency != currency:
            continue
        owes = (share.debtor == party) == (share.kind == debts.RECEIPT)
        found.append(
            Line(
                at_ms=share.shown_ms,
                what=_WHAT[share.kind],
                other=share.creditor if share.debtor == party else share.debtor,
                amount=-share.amount if owes else share.amount,
                reference=share.order.hex()[:8],
                record=share.record,
            )
        )
    return found


def _of_payments(home: Home, party: Party, currency: str) -> list[Line]:
    """Payments in effect; in credits all of them, in money those that settle.

    Who pays credits has fewer; who pays money owes less.
    """
    sign = -1 if currency == CREDIT else 1
    return [
        Line(
            at_ms=each.shown_ms if each.got_ms is None else each.got_ms,
            what=PAYMENT,
            other=each.payee if each.payer == party else each.payer,
            amount=sign * (each.amount if each.payer == party else -each.amount),
            reference=each.reference,
            record=each.record,
        )
        for each in paying.payments(home)
        if each.in_effect
        and each.payee is not None
        and each.currency == currency
        and (each.settles or currency == CREDIT)
        and party in (each.payer, each.payee)
    ]


def as_csv(made: Statement, names: Mapping[bytes, str]) -> str:
    """The statement as a table for spreadsheets: a line a change, its position at the end."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(("date", "what", "with", "amount", "currency", "position", "reference", "record"))
    position = made.before
    for line in made.lines:
        position += line.amount
        other = line.other if isinstance(line.other, str) else names.get(line.other or b"", "")
        if isinstance(line.other, bytes) and not other:
            other = line.other.hex()[:8]
        write(
            (
                rfc3339(line.at_ms)[:10],
                line.what,
                guarded(other),
                money(line.amount, made.currency),
                made.currency,
                money(position, made.currency),
                guarded(line.reference),
                line.record.hex(),
            )
        )
    return out.getvalue()
