"""Address cards: where a device can be reached, signed by itself, with an expiry.

A card is the strict DAG-CBOR array `[device, addresses, issued_ms, expires_ms]` beside its
signature: it travels as `[card bytes, signature]`. The newest card of a device replaces older
ones. Times are the device's own claim; a node drops a card by its own clock, which changes only
whom it tries to reach.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.invitation import MAX_ADDRESS, MAX_ADDRESSES
from protocol.keys import ADDRESS, Signer, verified

MAX_CARDS = 64
MAX_CARD = 1900  # bytes; 64 of them fit a frame
MAX_FRAME = 128 * 1024
LIFETIME_MS = 14 * 24 * 3600 * 1000


class Card(NamedTuple):
    """A checked card; `travel` is what passes it on."""

    device: bytes
    addresses: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    travel: list[Plain]


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


def _bad() -> Invalid:
    return Invalid("bad-card", "an address card that can't be read")
