"""Address cards: where a device can be reached, signed by itself, with an expiry.

A card is the strict DAG-CBOR array `[device, addresses, issued_ms, expires_ms]` beside its
signature: it travels as `[card bytes, signature]`. The newest card of a device replaces older
ones. Times are the device's own claim; a node drops a card by its own clock, which changes only
whom it tries to reach.

Two nodes exchange cards by *offers*, which name cards, and *deliveries* of what the other wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.invitation import MAX_ADDRESS, MAX_ADDRESSES
from protocol.keys import ADDRESS, Signer, verified

MAX_CARDS = 64
MAX_CARD = 1900  # bytes; 64 of them fit a frame
MAX_FRAME = 128 * 1024  # bytes of a delivery
MAX_OFFER = 2048
MARK = 8  # bytes of a device's key that name it in an offer
LIFETIME_MS = 14 * 24 * 3600 * 1000


class Card(NamedTuple):
    """A checked card; `travel` is what passes it on."""

    device: bytes
    addresses: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    travel: list[Plain]


class Offer(NamedTuple):
    """What one side has, and what it wants of the other side's offer."""

    now_ms: int  # what time it is there
    whole: bool  # it has nothing to build on: all that the other knows is news to it
    cards: tuple[tuple[bytes, int], ...]  # (first MARK bytes of the device, issued_ms)
    wanted: tuple[int, ...] = ()  # places in the other's offer


class Delivery(NamedTuple):
    """The cards that were wanted, and what is wanted in return."""

    cards: tuple[Card, ...]
    wanted: tuple[int, ...] = ()


def make_card(signer: Signer, community: bytes, addresses: tuple[str, ...], now_ms: int) -> Card:
    """A card of one's own, good for two weeks. Addresses that are too long are left out."""
    some = tuple(each for each in addresses if len(each) <= MAX_ADDRESS)[:MAX_ADDRESSES]
    raw = encode([signer.public, list(some), now_ms, now_ms + LIFETIME_MS])
    signature = signer.sign(ADDRESS, community, raw)
    return Card(signer.public, some, now_ms, now_ms + LIFETIME_MS, [raw, signature])


def read_card(travel: object, community: bytes) -> Card:
    """The card that travelled; Invalid unless it is whole and signed by its device."""
    if (
        not isinstance(travel, list)
        or len(travel) != 2
        or type(travel[0]) is not bytes
        or type(travel[1]) is not bytes
    ):
        raise _bad()
    raw, signature = travel
    value = decode(raw, limit=MAX_CARD)
    if not isinstance(value, list) or len(value) != 4:
        raise _bad()
    device, addresses, issued, expires = value
    if (
        type(device) is not bytes
        or len(device) != 32
        or not isinstance(addresses, list)
        or len(addresses) > MAX_ADDRESSES
        or not all(isinstance(each, str) and len(each) <= MAX_ADDRESS for each in addresses)
        or type(issued) is not int
        or type(expires) is not int
        or not 0 <= issued <= expires <= 2**53
        or expires - issued > LIFETIME_MS
    ):
        raise _bad()
    if not verified(device, signature, ADDRESS, community, raw):
        raise Invalid("bad-signature", "an address card that its device did not sign")
    return Card(device, tuple(map(str, addresses)), issued, expires, [raw, signature])


def pack_offer(offer: Offer) -> bytes:
    """An offer as one message."""
    cards: list[Plain] = [[mark, issued] for mark, issued in offer.cards]
    return encode([offer.now_ms, offer.whole, cards, list(offer.wanted)])


def read_offer(frame: bytes, offered: int) -> Offer:
    """The offer in a message; Invalid for what is none. `offered`: cards in our own so far."""
    value = decode(frame, limit=MAX_OFFER)
    if not isinstance(value, list) or len(value) != 4:
        raise _bad()
    now, whole, cards, wanted = value
    if type(whole) is not bool or not isinstance(cards, list) or len(cards) > MAX_CARDS:
        raise _bad()
    named = tuple(map(_read_named, cards))
    if len({mark for mark, _ in named}) != len(named):
        raise _bad()
    return Offer(_read_time(now), whole, named, _read_wanted(wanted, offered))


def pack_delivery(cards: Sequence[Plain], wanted: Sequence[int] = ()) -> bytes:
    """A delivery of travelling cards as one message."""
    return encode([list(cards), list(wanted)])


def read_delivery(
    frame: bytes, community: bytes, asked: Collection[bytes], offered: int
) -> Delivery:
    """The delivery in a message; Invalid unless all its cards are sound and were asked for.

    `asked`: the names of their devices, as in the offer. `offered`: cards in our own offer.
    """
    value = decode(frame, limit=MAX_FRAME)
    if not isinstance(value, list) or len(value) != 2:
        raise _bad()
    travelled, wanted = value
    if not isinstance(travelled, list) or len(travelled) > len(asked):
        raise _bad()
    cards = tuple(read_card(travel, community) for travel in travelled)
    if not all(card.device[:MARK] in asked for card in cards):
        raise _bad()
    return Delivery(cards, _read_wanted(wanted, offered))


def _read_wanted(value: object, offered: int) -> tuple[int, ...]:
    """Places in an offer of so many cards, in ascending order."""
    if not isinstance(value, list) or not all(type(place) is int for place in value):
        raise _bad()
    if not all(low < high for low, high in pairwise([-1, *value, offered])):
        raise _bad()
    return tuple(value)


def _read_named(item: object) -> tuple[bytes, int]:
    if not isinstance(item, list) or len(item) != 2:
        raise _bad()
    mark, issued = item
    if type(mark) is not bytes or len(mark) != MARK:
        raise _bad()
    return mark, _read_time(issued)


def _read_time(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 2**53:
        raise _bad()
    return value


def _bad() -> Invalid:
    return Invalid("bad-card", "an address card that can't be read")
