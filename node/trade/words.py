"""Words of orders as commands say them: states, parts, ways to pay, moves."""

from __future__ import annotations

from typing import Final

STATES: Final = {
    "enquiry": "an enquiry",
    "ordered": "ordered",
    "accepted": "accepted",
    "paid": "paid",
    "sent": "sent",
    "received": "received",
    "completed": "completed",
    "declined": "declined",
    "cancelled": "cancelled",
    "refunded": "refunded in full",
    "disputed": "in dispute",
    "settled": "settled",
    "closed": "closed",
}
PARTS: Final = ("buyer", "seller", "host", "mediator")
HOW: Final = ("cash", "bank", "credit", "other")


def command_of(move: str) -> str:
    """What a move is called as a command; `took` is said of money as `received` is of goods."""
    return {"offer": "change", "took": "received"}.get(move, move)
