"""Guests' orders that the owner of the shop window wants to look at before they go out.

What was ordered lies here under this home's letters key, and who ordered it is already sealed for
the seller. An order leaves when the owner decides, or after KEPT_MS: nobody waits for ever.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from node.home import Home
from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid, NotFound, Refused
from protocol.kinds import sealed
from protocol.records import MAX_BODY
from protocol.shape import key32, maybe_key32, text, whole
from protocol.shape import signature as signature_of
from storage.store import Store

KEPT_MS = 30 * 86_400_000
MOST_WAITING = 100
_PURPOSE = b"guest-orders"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An order that waits. `proof` is made by the guest's key, `contact` sealed for the seller."""

    order: bytes
    listing: bytes
    version: bytes  # the listing as the guest saw it
    quantity: int
    variant: str
    text: str
    referral: bytes | None
    proof: bytes
    contact: dict[str, Plain]  # the body of a sealed record
    received_ms: int = 0


def keep(home: Home, waiting: Waiting) -> None:
    """Let it wait; the caller holds the turn. Refused `too-many-waiting`."""
    db = home.store.db
    now = home.store.now_ms()
    with home.store.transaction():
        db.execute("DELETE FROM guest_order WHERE received_ms < ?", [now - KEPT_MS])
        if count(home.store) >= MOST_WAITING:
            raise Refused(
                "too-many-waiting",
                "Too many orders wait to be looked at here, so this one was not kept. Try again "
                "tomorrow, or turn to the maker another way.",
            )
        db.execute(
            "INSERT INTO guest_order (id, received_ms, turned_down, box) VALUES (?, ?, 0, ?)",
            [waiting.order, now, _closed(home, waiting)],
        )


def standing(store: Store, order: bytes) -> str:
    """waiting or declined, or empty where no such order waits; without any key."""
    row = store.db.execute("SELECT turned_down FROM guest_order WHERE id = ?", [order]).fetchone()
    return "" if row is None else ("declined" if row[0] else "waiting")


def count(store: Store) -> int:
    """How many wait for the owner."""
    (found,) = store.db.execute("SELECT count(*) FROM guest_order WHERE turned_down = 0").fetchone()
    return int(found)


def all_waiting(home: Home) -> list[Waiting]:
    """What waits, oldest first."""
    rows = home.store.db.execute(
        "SELECT id, received_ms, box FROM guest_order WHERE turned_down = 0"
        " ORDER BY received_ms, id"
    ).fetchall()
    return [_opened(home, *row) for row in rows]


def get(home: Home, order: bytes) -> Waiting | None:
    """One that waits."""
    row = home.store.db.execute(
        "SELECT id, received_ms, box FROM guest_order WHERE turned_down = 0 AND id = ?", [order]
    ).fetchone()
    return None if row is None else _opened(home, *row)


def resolve(store: Store, text: str) -> bytes:
    """The id of one that waits, by a unique prefix of 8 digits or more; NotFound, Refused."""
    given = text.strip().lower()
    rows = store.db.execute(
        "SELECT id FROM guest_order WHERE turned_down = 0 AND hex(id) LIKE ? LIMIT 2",
        [f"{given.upper()}%" if given.isalnum() and len(given) >= 8 else ""],
    ).fetchall()
    if not rows:
        raise NotFound(
            "no-order",
            "No order of a guest that waits for you has this id; `moothall guest list` shows them.",
        )
    if len(rows) > 1:
        raise Refused("ambiguous", "Several orders begin like this; give more of the id.")
    return bytes(rows[0][0])


def leave(store: Store, order: bytes) -> None:
    """It waits no longer; the caller holds the transaction."""
    store.db.execute("DELETE FROM guest_order WHERE id = ?", [order])


def turn_down(store: Store, order: bytes) -> None:
    """It will not go out: all that is kept is that the owner said so, for its guest to read."""
    with store.transaction():
        store.db.execute("UPDATE guest_order SET turned_down = 1, box = x'' WHERE id = ?", [order])


def _box(home: Home) -> SecretBox:
    return SecretBox(blake2b(key=home.letters_key(), person=_PURPOSE, digest_size=32).digest())


def _closed(home: Home, waiting: Waiting) -> bytes:
    plain = encode(
        {
            "listing": waiting.listing,
            "version": waiting.version,
            "quantity": waiting.quantity,
            "variant": waiting.variant,
            "text": waiting.text,
            "referral": waiting.referral,
            "proof": waiting.proof,
            "contact": waiting.contact,
        }
    )
    return bytes(_box(home).encrypt(plain, os.urandom(SecretBox.NONCE_SIZE)))


def _opened(home: Home, order: bytes, received_ms: int, box: bytes) -> Waiting:
    try:
        data: Any = decode(_box(home).decrypt(box), limit=2 * MAX_BODY)
        return _read(data, order, received_ms)
    except (CryptoError, Invalid) as error:  # the row was changed from outside
        raise Refused("damaged", "What this guest ordered can't be read any more.") from error


def _read(data: Any, order: bytes, received_ms: int) -> Waiting:
    return Waiting(
        order=order,
        listing=key32(data, "listing"),
        version=key32(data, "version"),
        quantity=whole(data, "quantity", 1),
        variant=text(data, "variant", 1000),
        text=text(data, "text", MAX_BODY),
        referral=maybe_key32(data, "referral"),
        proof=signature_of(data, "proof"),
        contact=sealed.read(data["contact"]).body(),
        received_ms=received_ms,
    )
