"""Why a move can't be made, in one sentence for the person who wanted to make it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from node.status import rfc3339
from protocol.errors import Refused, Term

if TYPE_CHECKING:
    from node.trade.reading import Order

STATES: Final = {
    "enquiry": Term("This is an enquiry so far, without an agreement."),
    "ordered": Term("This order is not accepted yet."),
    "accepted": Term("This order is accepted, and not paid yet."),
    "paid": Term("This order is paid."),
    "sent": Term("This order is on its way."),
    "received": Term("This order was received."),
    "completed": Term("This order is completed; there is a receipt."),
    "declined": Term("This order was declined."),
    "cancelled": Term("This order was cancelled."),
    "refunded": Term("All the money of this order went back."),
    "disputed": Term("This order is in dispute."),
    "settled": Term("The dispute about this order is settled."),
    "closed": Term("This order is closed."),
}
_NOT_POSSIBLE = Term("That is not possible in it now; nothing was written.")

WHY: Final = {
    "not-yours": Term("That is not for you to do in this order; nothing was written."),
    "open-offer": Term(
        "There is no proposal of the other side that you could accept; nothing was written."
    ),
    "unpaid": Term("Something was paid already, so it can't be cancelled; nothing was written."),
    "unsent": Term("It was sent already; nothing was written."),
    "owing": Term("That is more than is owed in this order; nothing was written."),
    "unconfirmed": Term("That is more than was paid or is due; nothing was written."),
    "this-deal": Term("There is no agreement yet that you could have received; write to them."),
    "unreceived": Term("It was received already; nothing was written."),
    "all-paid": Term("Something is still to be paid; nothing was written."),
    "left": Term("That is more than is left of what was paid; nothing was written."),
    "at-stake": Term(
        "Nothing was paid or sent in this order, so there is nothing to argue about: cancel or "
        "decline it. Nothing was written."
    ),
    "in-dispute": Term("There is no dispute about this order; nothing was written."),
    "in-total": Term("That is more than the order comes to; nothing was written."),
    "proposal": Term("There is no such proposal of somebody else; nothing was written."),
    "mediation": Term(
        "The charter has no mediators, or that is a party to the order; nothing was written."
    ),
    "asked": Term("Both sides have to name you as mediator first; nothing was written."),
    "taken": Term("Say first that you will mediate; nothing was written."),
    "vote": Term("The members have not decided about this order; nothing was written."),
    "refund": Term("There is no such refund; nothing was written."),
    "superseded-charter": Term(
        "The charter has changed in the meantime: try again. Nothing was written."
    ),
    "at": Term(
        "A decision of the community that this names is not here yet. Wait until your node has "
        "been in touch with others; nothing was written."
    ),
}


def refused(order: Order, reason: str) -> Refused:
    """The refusal for a reason of the table (`governance.orders`)."""
    if reason == "not-now":
        return Refused(
            reason,
            "%(state)s That is not possible in it now; nothing was written.",
            state=STATES.get(order.life.state, Term("")),
        )
    return Refused(reason, WHY.get(reason, _NOT_POSSIBLE))


def too_early(from_s: int) -> Refused:
    """The charter gives the other side time until then."""
    return Refused(
        "too-early",
        "The charter gives the other side until %(time)s; nothing was written. Until then you can "
        "write to them.",
        time=rfc3339(from_s * 1000),
    )
