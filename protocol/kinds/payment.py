"""`payment`: its author says that they have paid, or are paying in the community's credits.

It says nothing until the payee answers with `got`; only what a fund pays to somebody outside has
nobody to answer. The payer is the author's person, or the fund `from_fund` for which the author
keeps the purse. Payer, payee and amount are public.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET
from protocol.shape import Body, key32, one_line, text, unreadable, whole

CREDIT = "CREDIT"  # the currency of mutual credit
MAX_AMOUNT = 10**12  # minor units; as in a charter
MAX_REFERENCE = 35  # characters, what a bank transfer carries whole

_CURRENCY = re.compile(r"[A-Z]{3}|CREDIT")
_ROLE = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Who is paid how much: a person `to`, or a `fund`, or (from a fund) somebody outside.

    `order`: what it pays for. `decision`: the proposal that granted it from a fund. One with
    neither settles what the payer owes.
    """

    amount: int  # minor units of `currency`
    currency: str  # ISO 4217, or CREDIT
    to: bytes | None = None  # a person
    fund: str = ""  # the role in the charter whose fund is paid
    from_fund: str = ""  # the role whose fund pays
    order: bytes | None = None
    decision: bytes | None = None
    reference: str = ""  # what the transfer says

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {
            "to": self.to,
            "fund": self.fund,
            "from_fund": self.from_fund,
            "amount": self.amount,
            "currency": self.currency,
            "order": self.order,
            "decision": self.decision,
            "reference": self.reference,
        }


def read(data: Body) -> Payment:
    """The payment that `data` holds; Invalid unless it has one payer and one payee."""
    payment = Payment(
        amount=whole(data, "amount", 1, MAX_AMOUNT),
        currency=text(data, "currency", 10, default=None),
        to=_maybe_key(data, "to"),
        fund=_role(data, "fund"),
        from_fund=_role(data, "from_fund"),
        order=_maybe_key(data, "order"),
        decision=_maybe_key(data, "decision"),
        reference=text(data, "reference", MAX_REFERENCE),
    )
    if not _CURRENCY.fullmatch(payment.currency):
        raise unreadable("currency")
    if not one_line(payment.reference):
        raise unreadable("reference")
    if payment.fund and (payment.to is not None or payment.from_fund):
        raise unreadable("fund")
    if payment.to is None and not payment.fund and not payment.from_fund:
        raise unreadable("to")
    if payment.decision is not None and not payment.from_fund:
        raise unreadable("decision")
    return payment


def _maybe_key(data: Body, key: str) -> bytes | None:
    return None if data.get(key) is None else key32(data, key)


def _role(data: Body, key: str) -> str:
    role = text(data, key, 40)
    if role and not _ROLE.fullmatch(role):
        raise unreadable(key)
    return role


KIND = Kind(name="payment", lane=MARKET, erasable=False, read=read, cited=True)
