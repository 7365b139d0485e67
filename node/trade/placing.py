"""Placing an order: what is wished for, whether it can be had, and the first letter.

Everything that speaks against an order is said before anything is written. What the seller decides,
and whether they still have so many, is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from governance.roll import MEMBER
from node import market, post
from node.home import Home
from node.post import Outgoing
from node.trade import recommending, terms
from node.trade.limits import check_text, fits
from protocol.errors import Refused, Term
from protocol.keys import ORDER, Signer
from protocol.kinds.listing import Listing, Variant
from protocol.letters.moves import MAX_QUANTITY, Place
from protocol.letters.order import OrderLetter
from protocol.letters.order_key import OrderKey
from storage import certificates
from storage.own import Draft
from storage.views import members
from storage.views.listing_queries import Offer

NOT_WITH = ("waiting", "left", "removed", "retired")  # standings in which nobody orders


class Proving(Protocol):
    """An order's key, or what it has signed already for somebody who keeps it."""

    @property
    def public(self) -> bytes:
        """The key that names the order."""

    def sign(self, purpose: bytes, *parts: bytes) -> bytes:
        """The signature over `purpose` and `parts`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody wants to order. Amounts are minor units of the listing's currency.

    `guest`: for somebody who is no member, with this home's person as host.
    """

    listing: bytes  # by its first record
    quantity: int = 1
    variant: str = ""
    host: bytes | None = None  # person in whose shop window it was found
    referral: bytes | None = None  # a `recommend` record
    delivery: int = 0
    tip: int = 0
    text: str = ""
    enquiry: bool = False  # only asks; the seller names a price
    guest: bool = False


def place(
    home: Home,
    wish: Wish,
    *,
    key: Proving | None = None,
    drafts: Sequence[Draft] = (),
) -> bytes:
    """Write the order and return its id; `drafts` go with it, all or none.

    `key`: where somebody else keeps the order's key; else one is made, for this person's own
    devices. Refused as by `check`.
    """
    with home.turn():
        offer = check(home, wish)
        own = Signer(os.urandom(32)) if key is None else None
        signer = own or key
        assert signer is not None  # noqa: S101 - one of the two
        said = _place(home, wish, offer, signer)
        letter = OrderLetter(order=signer.public, after=(), move=said, guest=wish.guest)
        readers = {home.person, offer.person} | ({said.host} if said.host else set())
        letters = [Outgoing("order", letter.body(), frozenset(readers))]
        if own is not None:
            kept = OrderKey(order=own.public, seed=own.seed)
            letters.insert(0, Outgoing("order-key", kept.body(), only_own=True))
        post.send(home, letters, drafts)
        return signer.public


def check(home: Home, wish: Wish) -> Offer:
    """The listing as it stands; Refused or NotFound with what stands against this wish."""
    if home.standing() in NOT_WITH:
        raise Refused(
            "not-member",
            "Only members and newcomers who were let in can order. Nothing was written.",
        )
    offer = market.lookup(home, wish.listing)
    _check_offer(home, wish, offer)
    check_text(Term("text"), wish.text)
    variant = variant_of(offer.listing, wish.variant)
    if wish.quantity < 1 or wish.quantity > MAX_QUANTITY:
        raise Refused(
            "bad-quantity",
            "The quantity is a whole number from 1 to %(most)s. Nothing was written.",
            most=MAX_QUANTITY,
        )
    stock = stock_of(offer.listing, variant)
    if stock is not None and wish.quantity > stock:
        raise Refused(
            "too-many",
            "There are %(left)s of it, and you want %(wanted)s. Nothing was written.",
            left=stock,
            wanted=wish.quantity,
        )
    if price_of(offer.listing, variant) is None and not wish.enquiry:
        raise Refused(
            "no-price",
            "That has no price: ask for one first, with an enquiry. Nothing was written.",
        )
    fits(Term("delivery"), wish.delivery)
    fits(Term("tip"), wish.tip)
    fits(Term("total"), (_price(wish, offer.listing, variant) or 0) + wish.delivery + wish.tip)
    _check_helpers(home, wish, offer)
    post.readers(home, [offer.person])  # Refused where they have no device any more
    return offer


def _check_offer(home: Home, wish: Wish, offer: Offer) -> None:
    if offer.person == home.person and not wish.guest:
        raise Refused("oneself", "That is your own listing; nothing was written.")
    if offer.status == "draft":
        raise Refused("not-published", "That is a draft; publish it first. Nothing was written.")
    if offer.status == "withdrawn":
        raise Refused("withdrawn", "That listing was withdrawn; nothing was written.")
    if offer.status == "expired":
        raise Refused("expired", "That listing is over; nothing was written.")
    if offer.listing.mode == "wanted":
        raise Refused(
            "wanted",
            "That is something they want, not something they offer. Write to them instead: "
            "`moothall message send`. Nothing was written.",
        )


def _check_helpers(home: Home, wish: Wish, offer: Offer) -> None:
    """Whoever brought the buyer has to be known, and nobody helps themselves."""
    if wish.host is not None and wish.host not in (home.person, offer.person):
        status = members.get(home.store, wish.host).status
        if status != MEMBER:
            raise Refused("no-host", "Only members can be hosts of an order. Nothing was written.")
    if wish.referral is not None:
        maker = terms.maker_of(home, offer.listing) or offer.person
        sellers = (offer.person, maker)
        named = recommending.referral(home, wish.referral, offer.id, sellers)
        if named.person in (*sellers, home.person) and not wish.guest:
            raise Refused(
                "self-referral",
                "Nobody is paid for recommending something to themselves, or their own things: "
                "order without that recommendation. Nothing was written.",
            )


def _place(home: Home, wish: Wish, offer: Offer, key: Proving) -> Place:
    said = offer.listing
    variant = variant_of(said, wish.variant)
    host = home.person if wish.guest else wish.host
    if host == offer.person or (host == home.person and not wish.guest):
        host = None
    _, at = certificates.tip(home.store)
    return Place(
        listing=offer.id,
        version=offer.version_id,
        seller=offer.person,
        quantity=wish.quantity,
        price=_price(wish, said, variant),
        currency=said.currency or home.charter().currency,
        at=at,
        proof=key.sign(ORDER, home.store.community, home.person, offer.person),
        delivery=wish.delivery,
        tip=wish.tip,
        variant="" if variant is None else variant.name,
        text=wish.text,
        host=host,
        referral=wish.referral,
        enquiry=wish.enquiry,
    )


def variant_of(listing: Listing, name: str) -> Variant | None:
    """The variant of this name, None where a listing has none; Refused otherwise."""
    if not listing.variants and not name:
        return None
    wanted = name.strip().casefold()
    for variant in listing.variants:
        if variant.name.casefold() == wanted:
            return variant
    if not listing.variants:
        raise Refused("no-variant", "That has no variants. Nothing was written.")
    raise Refused(
        "no-variant",
        "Say which one you want: %(names)s. Nothing was written.",
        names=", ".join(variant.name for variant in listing.variants),
    )


def stock_of(listing: Listing, variant: Variant | None) -> int | None:
    """How many the listing speaks of; None: not counted."""
    if variant is not None and variant.quantity is not None:
        return variant.quantity
    return listing.quantity


def price_of(listing: Listing, variant: Variant | None) -> int | None:
    """What one costs, in minor units; None on request."""
    if listing.mode == "give":
        return 0
    if variant is not None and variant.price is not None:
        return variant.price
    return listing.price


def _price(wish: Wish, listing: Listing, variant: Variant | None) -> int | None:
    one = price_of(listing, variant)
    return None if one is None else one * wish.quantity
