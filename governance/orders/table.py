"""Who may make which move when: the one table of an order's life.

A letter is judged by its own past alone: what the letters before it came to gives a state, and a
row of TABLE must name the move, the side that makes it and this state, and find nothing missing
(`needs`, explained in NEEDS). So a verdict on a letter never changes, whatever comes later. Time is
in no row: deadlines give somebody a right to move by their own clock (`rights`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

BUYER: Final = "buyer"
SELLER: Final = "seller"
MEDIATOR: Final = "mediator"  # whom both others name, from then on
PARTIES: Final = (BUYER, SELLER)

ENQUIRY: Final = "enquiry"  # a question, which binds nobody
ORDERED: Final = "ordered"  # the buyer has made an offer
ACCEPTED: Final = "accepted"  # there is a deal
PAID: Final = "paid"  # all of it was paid, as the buyer or the seller says
SENT: Final = "sent"  # on its way, or ready to be fetched
RECEIVED: Final = "received"  # the order's key has signed the receipt's statement
COMPLETED: Final = "completed"  # there is a receipt
DECLINED: Final = "declined"  # no sale, by the seller
CANCELLED: Final = "cancelled"  # no sale, by who had a right to end it
REFUNDED: Final = "refunded"  # all that was paid went back before there was a receipt
DISPUTED: Final = "disputed"
SETTLED: Final = "settled"  # a dispute ended by agreement or verdict
CLOSED: Final = "closed"  # somebody waits no longer; the other side can open it again

STATES: Final = (
    ENQUIRY,
    ORDERED,
    ACCEPTED,
    PAID,
    SENT,
    RECEIVED,
    COMPLETED,
    DECLINED,
    CANCELLED,
    REFUNDED,
    DISPUTED,
    SETTLED,
    CLOSED,
)
FINAL: Final = frozenset({COMPLETED, DECLINED, CANCELLED, REFUNDED, SETTLED, CLOSED})
OPEN: Final = frozenset({ENQUIRY, ORDERED, ACCEPTED, PAID, SENT})  # terms can still be changed

NEEDS: Final = {
    "open-offer": "it names an open offer of the other side",
    "statement": "the statement says what was offered, in shares by the newer charter",
    "unpaid": "nothing is said to be paid",
    "unsent": "the goods are not said to be sent",
    "owing": "at most what is still owed",
    "unconfirmed": "at most what was paid or is due, without what was confirmed before",
    "this-deal": "it names the deal, with the order's key's signature over its statement",
    "unreceived": "the deal is not yet received",
    "all-paid": "received, nothing is owed, and there is no receipt yet",
    "left": "at most what was paid and not given back",
    "refund": "it names a refund",
    "at-stake": "money was paid and not given back, or goods were sent or received",
    "in-dispute": "there is a dispute without an outcome",
    "in-total": "at most the total of the deal",
    "proposal": "it names a proposal of somebody else",
    "mediation": "the charter's disputes have the step `mediator`; it names no party",
    "taken": "who writes it has taken it on to mediate",
    "vote": "the charter's disputes have the step `vote`, and such a decision is in effect",
}
"""What a row may need, by name. `judging` has a function for each."""


class Row(NamedTuple):
    """`side` may make `move` in `states` where nothing of `needs` is missing."""

    move: str
    side: str
    states: frozenset[str]
    needs: tuple[str, ...] = ()


def _rows(move: str, sides: str, states: str, *needs: str) -> list[Row]:
    return [Row(move, side, frozenset(states.split()), needs) for side in sides.split()]


_OPEN = "enquiry ordered accepted paid sent"
_BOTH = "buyer seller"
_DEAL = "accepted paid sent received completed declined cancelled refunded disputed settled closed"
_ARGUED = "disputed closed"

TABLE: Final[tuple[Row, ...]] = (
    *_rows("offer", _BOTH, _OPEN),
    *_rows("accept", BUYER, _OPEN, "open-offer", "statement"),
    *_rows("accept", SELLER, "ordered accepted paid sent", "open-offer", "statement"),
    *_rows("decline", SELLER, "enquiry ordered"),
    *_rows("cancel", BUYER, "enquiry ordered accepted", "unpaid"),
    *_rows("cancel", SELLER, "accepted", "unpaid"),
    *_rows("pay", BUYER, "accepted sent received disputed settled closed", "owing"),
    *_rows("confirm", SELLER, _DEAL, "unconfirmed"),
    *_rows("sent", SELLER, "accepted paid disputed", "unsent", "unreceived"),
    *_rows(
        "received", BUYER, "accepted paid sent disputed settled closed", "unreceived", "this-deal"
    ),
    *_rows("receipt", SELLER, "received settled closed", "all-paid"),
    *_rows("refund", SELLER, _DEAL, "left"),
    *_rows("took", BUYER, _DEAL, "refund"),
    *_rows(
        "dispute",
        _BOTH,
        "accepted paid sent received completed declined cancelled refunded closed",
        "at-stake",
    ),
    *_rows("evidence", _BOTH, _ARGUED, "in-dispute"),
    *_rows("evidence", MEDIATOR, _ARGUED, "taken"),
    *_rows("propose", _BOTH, _ARGUED, "in-dispute", "in-total"),
    *_rows("propose", MEDIATOR, _ARGUED, "taken", "in-total"),
    *_rows("agree", _BOTH, _ARGUED, "proposal"),
    *_rows("mediator", _BOTH, _ARGUED, "in-dispute", "mediation"),
    *_rows("mediate", MEDIATOR, _ARGUED),
    *_rows("verdict", _BOTH, _ARGUED, "in-dispute", "vote"),
    *_rows("verdict", MEDIATOR, _ARGUED, "vote"),
    *_rows("close", BUYER, "received disputed"),
    *_rows("close", SELLER, "sent received disputed"),
)
"""All moves but `place`, which begins an order and so has nothing before it."""
