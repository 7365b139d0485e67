"""Who a guest is: sealed for the seller the moment it arrives, and readable to nobody else.

The host's node holds it in memory while it answers one request. It is a letter of its own, so that
the seller's further devices get it like any other (see `protocol.letters.contact`).
"""

from __future__ import annotations

import os

from node import post
from node.home import Home
from protocol.codec import Plain
from protocol.errors import Refused
from protocol.letters.contact import LETTER, MAX_NAME, MAX_REACH, Contact
from protocol.letters.registry import write_letter
from protocol.sealing import MOST_READERS, seal
from storage.letters import devices_of


def checked(order: bytes, name: str, reach: str) -> Contact:
    """The contact as it can be sealed; Refused `no-name`, `no-contact`, `too-long`."""
    name, reach = " ".join(name.split()), reach.strip()
    if not name:
        raise Refused("no-name", "Please say who you are; nothing was ordered yet.")
    if not reach:
        raise Refused(
            "no-contact",
            "Please say how you can be reached: an e-mail address, a telephone number or where "
            "you live. Nothing was ordered yet.",
        )
    if len(name) > MAX_NAME or len(reach) > MAX_REACH:
        raise Refused(
            "too-long",
            "A name has at most %(name)s characters, and how to reach you at most %(reach)s. "
            "Nothing was ordered yet.",
            name=MAX_NAME,
            reach=MAX_REACH,
        )
    return Contact(order=order, name=name, reach=reach)


def sealed(home: Home, contact: Contact, seller: bytes) -> dict[str, Plain]:
    """The body of a sealed record that only the seller's devices can open."""
    readers = devices_of(home.store, seller)[:MOST_READERS]
    if not readers:
        raise Refused(
            "no-reader",
            "The maker has no machine here at the moment that could read an order, so nothing was "
            "ordered. Try again in a few days.",
        )
    return seal(
        write_letter(LETTER.name, contact.body()),
        readers,
        community=home.store.community,
        author=home.device,
        ephemeral=os.urandom(32),
        key=os.urandom(32),
    )


def of_order(home: Home, order: bytes, host: bytes) -> Contact | None:
    """Who the guest of this order is; None for everybody but the seller, or when it is not here.

    `host`: whose shop window took the order. What anybody else says about a guest does not count.
    """
    for letter in post.thread(home, order):
        if letter.person == host and isinstance(letter.body, Contact):
            return letter.body
    return None
