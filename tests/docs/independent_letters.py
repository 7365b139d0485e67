"""Opening letters, written from `docs/protocol.md` alone; shares no code with the program.

X25519, XSalsa20-Poly1305 and the change from Ed25519 keys are PyNaCl's, BLAKE2b is hashlib's.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from nacl.bindings import (
    crypto_scalarmult,
    crypto_secretbox_open,
    crypto_sign_ed25519_sk_to_curve25519,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import CryptoError

from tests.docs.independent import Bad, decode, need

PLACE, HINT, COMMIT = 52, 4, 32


def id32(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == 32


def some(value: Any, least: int, most: int, each: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and least <= len(value) <= most and all(map(each, value))


KINDS: dict[str, dict[str, tuple[bool, Callable[[Any], bool]]]] = {  # key -> (needed, allowed)
    "message": {
        "to": (True, id32),
        "text": (True, lambda v: isinstance(v, str) and len(v) <= 4000 and v.strip() != ""),
        "about": (False, id32),
        "reply": (False, id32),
    },
    "seen": {"records": (True, lambda v: some(v, 1, 256, id32))},
    "keys": {
        "keys": (False, lambda v: some(v, 0, 200, lambda pair: some(pair, 2, 2, id32))),
    },
}


def open_letter(body: dict[str, Any], seed: bytes, author: bytes, community: bytes) -> Any:
    """What the letter in a `sealed` body says to the device with this seed; None for nothing."""
    box, key, to = body["box"], body["key"], body["to"]
    need(isinstance(box, bytes) and 52 <= len(box) <= 16_384, "box")
    need(id32(key), "key")
    need(isinstance(to, bytes) and len(to) % PLACE == 0 and 1 <= len(to) // PLACE <= 16, "to")
    reader, pair = crypto_sign_seed_keypair(seed)
    try:
        shared = crypto_scalarmult(crypto_sign_ed25519_sk_to_curve25519(pair), key)
    except CryptoError:
        return None
    w = blake2b(
        key + reader + community + author, digest_size=36, key=shared, person=b"moothall/seal/1\0"
    ).digest()
    for at in range(0, len(to), PLACE):
        place = to[at : at + PLACE]
        content_key = opened(place[HINT:], w[HINT:]) if place[:HINT] == w[:HINT] else None
        if content_key is not None:
            return with_key(body, content_key, author, community)
    return None


def with_key(body: dict[str, Any], content_key: bytes, author: bytes, community: bytes) -> Any:
    """What it says, by its content key."""
    k = blake2b(
        body["key"] + community + author,
        digest_size=64,
        key=content_key,
        person=b"moothall/box/1\0\0",
    ).digest()
    padded = opened(body["box"][COMMIT:], k[32:]) if body["box"][:COMMIT] == k[:32] else None
    if padded is None or len(padded) < 4:
        return None
    size = int.from_bytes(padded[:4], "big")
    return letter(padded[4 : 4 + size]) if 4 + size <= len(padded) else None


def letter(content: bytes) -> Any:
    """`[kind, body]`, or None for what is no letter."""
    try:
        found = decode(content)
        need(isinstance(found, list) and len(found) == 2, "not a pair")
        keys = KINDS.get(found[0]) if isinstance(found[0], str) else None
        need(keys is not None and isinstance(found[1], dict), "an unknown kind")
        for name, (needed, allowed) in (keys or {}).items():
            value = found[1].get(name)
            need(allowed(value) if value is not None else not needed, name)
    except Bad:
        return None
    return found


def opened(box: bytes, key: bytes) -> bytes | None:
    try:
        return bytes(crypto_secretbox_open(box, bytes(24), key))
    except (CryptoError, ValueError):
        return None
