"""`payment`: its author says that they have paid, or are paying in the community's credits.

It says nothing until the payee answers with `got`; only what a fund pays to somebody outside has
nobody to answer. The payer is the author's person, or the fund `from_fund` for which the author
keeps the purse. Payer, payee and amount are public.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET
from protocol.shape import Body, maybe_key32, text, unreadable, whole

CREDIT = "CREDIT"  # the currency of mutual credit
MAX_AMOUNT = 10**12  # minor units; as in a charter
MAX_CURRENCY = 10  # characters
MAX_ROLE = 40
MAX_REFERENCE = 35  # characters, what a bank transfer carries whole


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
    """The payment that `data` holds; whether it means anything is for `governance.paying`."""
    currency = text(data, "currency", MAX_CURRENCY, default=None)
    if not currency:
        raise unreadable("currency")
    return Payment(
        amount=whole(data, "amount", 1, MAX_AMOUNT),
        currency=currency,
        to=maybe_key32(data, "to"),
        fund=text(data, "fund", MAX_ROLE),
        from_fund=text(data, "from_fund", MAX_ROLE),
        order=maybe_key32(data, "order"),
        decision=maybe_key32(data, "decision"),
        reference=text(data, "reference", MAX_REFERENCE),
    )


KIND = Kind(name="payment", lane=MARKET, erasable=False, read=read, cited=True)
