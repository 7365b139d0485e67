"""What people type about an order, on the command line or in a form, as values.

Amounts are read in the currency of the listing or the order and no other; a quantity is a whole
number. Every fault is one sentence, and nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from node import market, people
from node.home import Home
from node.importing.prices import minor_units
from node.trade.placing import Wish
from protocol.errors import Refused

if TYPE_CHECKING:
    from node.trade.reading import Order

MOST_PIECES = 1_000_000  # of a thing in one order
AMOUNTS = ("price", "delivery", "tip", "amount", "refund")


def read(
    home: Home,
    listing: str,
    *,
    quantity: str = "1",
    variant: str = "",
    host: str | None = None,
    referrer: str | None = None,
    delivery: str | None = None,
    tip: str | None = None,
    enquiry: bool = False,
    text: str = "",
) -> Wish:
    """The wish that these words say; Refused or NotFound with what to write instead."""
    offer = market.find(home, listing)
    currency = offer.listing.currency or home.charter().currency
    return Wish(
        listing=offer.id,
        quantity=pieces(quantity),
        variant=variant.strip(),
        host=people.resolve(home, host).person if host else None,
        referral=_referral(home, referrer) if referrer else None,
        delivery=minor_units(delivery, currency) if delivery else 0,
        tip=minor_units(tip, currency) if tip else 0,
        text=said(text),
        enquiry=enquiry,
    )


def fields(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a move; what is None or empty was not named."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or (value == "" and name != "text"):
            continue
        if name in AMOUNTS:
            found[name] = minor_units(value, order.life.currency)
        elif name == "quantity":
            found[name] = pieces(value)
        elif name == "text":
            found[name] = said(value)
        else:
            found[name] = value
    return found


def said(text: str) -> str:
    """A text with the line ends and without the blanks around it that forms and shells add."""
    return text.replace("\r\n", "\n").strip()


def pieces(text: str) -> int:
    """A quantity: a whole number from 1 on."""
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        count = int(digits)
        if 1 <= count <= MOST_PIECES:
            return count
    raise Refused(
        "bad-quantity",
        "%(text)s is no number of pieces: write a whole number from 1 to %(most)s. Nothing was "
        "written.",
        text=repr(text[:40]),
        most=MOST_PIECES,
    )


def _referral(home: Home, text: str) -> bytes:
    """The recommendation with this id or prefix."""
    from node.trade import recommending

    return recommending.find(home.store, text).record
