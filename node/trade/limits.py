"""What a letter of an order can hold, said to whoever types it."""

from __future__ import annotations

from node import market
from protocol.errors import Refused, Term
from protocol.kinds.receipt import MAX_AMOUNT
from protocol.letters.moves import MAX_TEXT


def fits(name: Term, amount: int, low: int = 0) -> int:
    """The amount in minor units; Refused when it is no amount of money that can be written."""
    if amount < low:
        raise Refused(
            "bad-amount",
            "The %(field)s is at least %(low)s. Nothing was written.",
            field=name,
            low=low,
        )
    if amount > MAX_AMOUNT:
        raise Refused(
            "bad-amount",
            "The %(field)s is larger than a receipt can hold. Nothing was written.",
            field=name,
        )
    return amount


def check_text(name: Term, text: str) -> str:
    """The text; Refused when a letter can't hold it."""
    market.check_text(name, text, MAX_TEXT, lines=True)
    return text
