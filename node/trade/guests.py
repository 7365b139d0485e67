"""Orders of guests: people without a key of their own, through the shop window of a host.

A guest's only key is the secret in their link. The order's own key is made of it, so what a guest
signs is signed while they look at their page, and at no other time: the host's node knows the
order by its public half and keeps no copy of the rest. The host's device writes the guest's letters
for them, and marks each so.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace
from typing import Any

from node.home import Home
from node.market import check_text
from node.post import Letter
from node.trade import guest_contact, guest_queue, ordering, placing, reading, reviews
from node.trade.guest_queue import Waiting
from node.trade.guest_rules import may_order, on_offer, setting
from node.trade.placing import Wish
from protocol.errors import NotFound, Refused, Term
from protocol.keys import Signer
from protocol.letters.contact import MAX_NAME, MAX_REACH
from protocol.letters.order import prove
from storage.own import Draft
from storage.views.listing_queries import Offer, get

MOST_LETTERS = 60  # of one guest in one order: each is kept by every member for good
MAX_TEXT = 1500  # characters


# The key


def secret_text(seed: bytes) -> str:
    """The secret as a link holds it: 52 characters of base32, in small letters."""
    return base64.b32encode(seed).decode("ascii").rstrip("=").lower()


def key_of(secret: str) -> Signer | None:
    """The order's key; None for what no link of ours holds."""
    if len(secret) != 52 or not secret.isascii():
        return None
    try:
        seed = base64.b32decode(secret.upper() + "====")
    except (binascii.Error, ValueError):
        return None
    return Signer(seed) if secret_text(seed) == secret.lower() else None


@dataclass(frozen=True, slots=True)
class _Proof:
    """Stands in for the key of an order whose guest is not here: it has signed already."""

    public: bytes
    proof: bytes

    def sign(self, *_: bytes) -> bytes:
        return self.proof


# Placing


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestWish:
    """What a guest asks for. `version`: the listing as they saw it."""

    listing: bytes
    version: bytes
    quantity: int = 1
    variant: str = ""
    text: str = ""
    name: str = field(default="", repr=False)
    reach: str = field(default="", repr=False)
    referral: bytes | None = None


def ask(home: Home, key: Signer, wish: GuestWish) -> str:
    """Place a guest's order, or let it wait for the owner: "placed", "waiting" or "before".

    "before": this very order was taken already. Refused with a sentence for the guest, and nothing
    is written. The caller holds the turn.
    """
    if find(home, key.public) is not None:
        return "before"
    offer = _offered(home, wish.listing, wish.version)
    check_text(Term("message"), wish.text, MAX_TEXT, lines=True)
    check_text(Term("name"), wish.name, MAX_NAME)
    check_text(Term("contact"), wish.reach, MAX_REACH, lines=True)
    contact = guest_contact.checked(key.public, wish.name, wish.reach)
    box = guest_contact.sealed(home, contact, offer.person)
    wanted = _wish(home, offer, wish.quantity, wish.variant, wish.text, wish.referral)
    wanted = _without_void_referral(home, wanted)
    if setting(home.store) == "yes":
        placing.place(home, wanted, key=key, drafts=[Draft("sealed", box)])
        return "placed"
    placing.check(home, wanted)
    waiting = Waiting(
        order=key.public,
        listing=offer.id,
        version=offer.version_id,
        quantity=wish.quantity,
        variant=wish.variant,
        text=wish.text,
        referral=wish.referral,
        proof=prove(key, home.store.community, home.person, offer.person),
        contact=box,
    )
    guest_queue.keep(home, waiting)
    return "waiting"


def approve(home: Home, order: bytes) -> None:
    """The owner lets a waiting order go out. Refused where it can't any more; then it waits on."""
    waiting = guest_queue.get(home, order)
    if waiting is None:
        raise NotFound("no-order", "No order of a guest that waits for you has this id.")
    offer = _offered(home, waiting.listing, waiting.version)
    wanted = _wish(home, offer, waiting.quantity, waiting.variant, waiting.text, waiting.referral)
    if reading.as_guest(home, order) is None:  # else killed between the two the last time
        key = _Proof(order, waiting.proof)
        placing.place(home, wanted, key=key, drafts=[Draft("sealed", waiting.contact)])
    with home.store.transaction():
        guest_queue.leave(home.store, order)


def _offered(home: Home, listing: bytes, version: bytes) -> Offer:
    """The listing, if it can be ordered as the guest saw it."""
    if not may_order(home.store, home.charter()):
        raise Refused(
            "no-guests",
            "Guests can't order in this shop window at the moment; nothing was ordered.",
        )
    offer = get(home.store, listing)
    if not on_offer(offer):
        raise Refused(
            "not-on-offer", "This is not on offer to guests any more; nothing was ordered."
        )
    if offer.version_id != version:
        raise Refused(
            "changed",
            "The listing was changed in the meantime, so nothing was ordered: look at it again.",
        )
    return offer


def _wish(
    home: Home, offer: Offer, quantity: int, variant: str, text: str, referral: bytes | None
) -> Wish:
    price = placing.price_of(offer.listing, placing.variant_of(offer.listing, variant))
    return Wish(
        listing=offer.id,
        quantity=quantity,
        variant=variant,
        text=text,
        host=None if offer.person == home.person else home.person,
        referral=referral,
        enquiry=price is None,
        guest=True,
    )


def _without_void_referral(home: Home, wish: Wish) -> Wish:
    """A guest came by a link: what it says of a recommendation is no reason to send them away."""
    try:
        placing.check(home, wish)
    except Refused as error:
        if error.reason == "no-referral":
            return replace(wish, referral=None)
        raise
    return wish


# Following


def find(home: Home, order: bytes) -> reading.Order | str | None:
    """A guest's order, as its guest sees it: while it waits here "waiting" or "declined"."""
    found = reading.as_guest(home, order)
    return found or guest_queue.standing(home.store, order) or None


def act(home: Home, key: Signer, name: str, **fields: Any) -> None:
    """A guest's move, or `say`. Refused with a sentence; the caller holds the turn."""
    order = reading.as_guest(home, key.public)
    if order is None:
        raise NotFound("no-order", "There is no such order here.")
    _room_for_one(order)
    check_text(Term("message"), fields.get("text", ""), MAX_TEXT, lines=True)
    if name == "say":
        ordering.say(home, key.public, fields["text"], guest=True)
    else:
        ordering.move(home, key.public, name, key=key, guest=True, **fields)


def review(home: Home, key: Signer, stars: int, text: str) -> None:
    """Publish what a guest thinks of their order. Refused with a sentence; the caller holds the
    turn."""
    order = reading.as_guest(home, key.public)
    if order is None:
        raise NotFound("no-order", "There is no such order here.")
    check_text(Term("review"), text, MAX_TEXT, lines=True)
    reviews.write_for_guest(home, order, key, stars, text)


def by_guest(letter: Letter) -> bool:
    """Whether this home, their host, wrote a letter for a guest; others can only claim so."""
    return letter.mine and bool(getattr(letter.body, "guest", False))


def _room_for_one(order: reading.Order) -> None:
    if sum(map(by_guest, order.letters)) >= MOST_LETTERS:
        raise Refused(
            "too-many-letters",
            "You have written as often as fits one order. Turn to the maker directly.",
        )


def title(home: Home, waiting: Waiting) -> str:
    """What is ordered, as its maker calls it now; empty where that is gone."""
    try:
        return get(home.store, waiting.listing).listing.title
    except NotFound:
        return ""
