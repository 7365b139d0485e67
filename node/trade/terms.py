"""The statement of an order: what its receipt will say, from what both sides agreed on.

Both make it for themselves from the order's letters and their own store, and come to the same;
only which units of consigned goods they are is the seller's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance import receipts, waterfall
from node.home import Home
from node.trade import consigning
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from protocol.kinds.receipt import Statement, Units
from storage import certificates
from storage.views import grants, recommendations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.orders.life import Life
    from governance.orders.view import Terms
    from node.trade.context import Context

_FAULTS = {
    receipts.WAITING: "Something that this order names is not here yet. Wait until your node has "
    "been in touch with others, and try again; nothing was written.",
    receipts.NO_GRANT: "The consignment does not cover this sale; nothing was written.",
    receipts.PAST_QUOTA: "The consignment covers fewer pieces than that; nothing was written.",
    receipts.NO_REFERRAL: "The recommendation that this order names is not of this listing or its "
    "seller, or was withdrawn; nothing was written.",
    receipts.SELF_REFERRAL: "The order names a recommendation by somebody who has another part in "
    "it; nothing was written.",
    receipts.SELF_HOST: "The order names a host who sells or buys; nothing was written.",
}


def statement(
    home: Home,
    context: Context,
    life: Life,
    terms: Terms,
    at: bytes,
    *,
    taken: Iterable[Units | tuple[int, int]] = (),
) -> Statement:
    """The statement if this home accepts `terms` now, which were proposed at certificate `at`.

    `taken`: units of consigned goods that acceptances without a receipt have taken. Refused where
    no valid receipt could come of it, with what to do.
    """
    said = life.place
    listing = context.ordered(said)
    if listing is None:
        raise _waits(
            "The listing that was ordered is not here, or was erased; nothing was written."
        )
    older, newer = _at(home, at)
    height = context.height(newer)
    charter = None if height is None else context.charter(context.in_force(height))
    if charter is None:
        raise _waits(_FAULTS[receipts.WAITING])
    consigned = _consigned(home, life, listing, terms.quantity, taken)
    made = waterfall.statement(
        charter,
        order=life.order,
        vendor=life.seller,
        buyer=None if life.guest else life.buyer,
        listing=said.listing,
        category=listing.category,
        at=[older, newer],
        currency=said.currency,
        quantity=terms.quantity,
        price=terms.price,
        delivery=terms.delivery,
        tip=terms.tip,
        host=said.host,
        referral=_referral(home, life),
        consigned=consigned,
    )
    fault = receipts.fault(made, context, buyer=None if life.guest else life.buyer)
    if fault:
        raise Refused(fault, _FAULTS.get(fault, _FAULTS[receipts.NO_GRANT]))
    return made


def _at(home: Home, theirs: bytes) -> tuple[bytes, bytes]:
    """The two certificates that the two have acknowledged, the older one first."""
    tip, mine = certificates.tip(home.store)
    height = certificates.height_of(home.store, theirs)
    if height is None:
        raise _waits(
            "The other one knows a newer decision of the community than this node. Wait until your "
            "node has been in touch with others, and try again; nothing was written."
        )
    return (theirs, mine) if height <= tip else (mine, theirs)


def _consigned(
    home: Home,
    life: Life,
    listing: Listing,
    quantity: int,
    taken: Iterable[Units | tuple[int, int]],
) -> waterfall.Consigned | None:
    """Whose goods these are. Only who sells them knows which units are free."""
    if listing.grant is None:
        return None
    if home.person == life.seller:
        return consigning.consigned(home, listing, quantity, taken)
    maker = maker_of(home, listing)
    if maker is None:
        raise _waits(_FAULTS[receipts.WAITING])
    return waterfall.Consigned(
        grant=listing.grant,
        maker=maker,
        first=1,
        margin_bps=listing.margin_bps or 0,
        goods=listing.goods,
    )


def maker_of(home: Home, listing: Listing) -> bytes | None:
    """Whose goods are sold by a listing; None for its owner's, or where the grant isn't here."""
    if listing.grant is None:
        return None
    found = grants.get(home.store, listing.grant)
    return None if found is None else found.maker


def _referral(home: Home, life: Life) -> waterfall.Referral | None:
    """Who recommended it, as the order says; a recommendation taken back since stands for it."""
    record = life.place.referral
    if record is None:
        return None
    found = recommendations.get(home.store, record)
    if found is None:
        raise _waits(_FAULTS[receipts.WAITING])
    return waterfall.Referral(record, found.by)


def _waits(sentence: str) -> Refused:
    return Refused(receipts.WAITING, sentence)
