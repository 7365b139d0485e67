"""Sealed boxes: bytes that only some devices can open, in the body of a record.

One ephemeral X25519 key a box. With each reader's device key it makes a shared secret, from which
follow a *hint* of 4 bytes and a key that wraps the content's key: a reader spends one
Diffie-Hellman on a box, and finds its place by the hint or knows that the box is for others. Both
depend on the community and on the author's device as well, so a box copied into somebody else's
record opens for nobody. The content is padded, so that its size says little.

A body is `{"box", "key", "to"}`: the encrypted content, the ephemeral public key, and 52 bytes a
reader. `box` begins with a hash that the content's key must lead to: the cipher alone would let an
author make one box that says different things under two keys. Ephemeral secret and content key come
from outside, 32 random bytes each, never used twice; reading draws nothing. X25519 keys are made of
the devices' Ed25519 keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from nacl.bindings import (
    crypto_scalarmult,
    crypto_scalarmult_base,
    crypto_secretbox,
    crypto_secretbox_open,
    crypto_sign_ed25519_pk_to_curve25519,
    crypto_sign_ed25519_sk_to_curve25519,
)
from nacl.exceptions import CryptoError

from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.keys import KEY_BYTES, Signer
from protocol.records import MAX_BODY

SIZES = (256, 1024, 4096, MAX_BODY)  # bytes of a body: the least that holds the content
MOST_READERS = 16
HINT = 4
MAC = 16
PLACE = HINT + KEY_BYTES + MAC  # bytes a reader
COMMIT = 32  # bytes at the beginning of `box` that the content's key leads to
LENGTH = 4  # bytes, big-endian, before the content
LEAST_BOX = COMMIT + MAC + LENGTH
_WRAP = b"moothall/seal/1\0"
_BOX = b"moothall/box/1\0\0"
_NONCE = bytes(24)  # every key encrypts once


class Opened(NamedTuple):
    """What a box holds, and the key that opens it for others."""

    content: bytes
    key: bytes


def seal(
    content: bytes,
    readers: Sequence[bytes],
    *,
    community: bytes,
    author: bytes,
    ephemeral: bytes,
    key: bytes,
) -> dict[str, Plain]:
    """The body that carries `content` to the devices in `readers`, which are Ed25519 keys.

    Invalid `too-large` when it does not fit, `too-many` for more than MOST_READERS, `bad-key` for
    a reader's key that is none.
    """
    known = sorted(set(readers))
    if not 1 <= len(known) <= MOST_READERS:
        raise Invalid("too-many", f"a box for {len(known)} devices; {MOST_READERS} can read one")
    public = crypto_scalarmult_base(ephemeral)
    places = []
    for reader in known:
        shared = _shared(ephemeral, _x25519(reader))
        if shared is None:
            raise Invalid("bad-key", "a reader's key that is no usable Ed25519 key")
        hint, wrap = _derived(shared, public, reader, community, author)
        places.append(hint + crypto_secretbox(key, _NONCE, wrap))
    to = b"".join(sorted(places))  # hints are as good as random: their order says nothing
    commit, cipher = _of_content(key, public, community, author)
    framed = len(content).to_bytes(LENGTH, "big") + content
    room = _room(len(framed), len(to))
    return {
        "box": commit + crypto_secretbox(framed.ljust(room, b"\0"), _NONCE, cipher),
        "key": public,
        "to": to,
    }


def most_content(readers: int) -> int:
    """How many bytes of content a box for so many devices can hold."""
    return _rooms(readers * PLACE)[-1] - LENGTH


class Opener:
    """Opens boxes for one device, in any thread."""

    def __init__(self, signer: Signer, community: bytes) -> None:
        self._secret = crypto_sign_ed25519_sk_to_curve25519(signer.seed + signer.public)
        self._reader = signer.public
        self._community = community

    def open(self, body: Mapping[str, Any], author: bytes) -> Opened | None:
        """What the box by the device `author` holds; None when it is not for us, or is none.

        `body` has the shape that kind `sealed` asks for. One Diffie-Hellman, whatever it holds.
        """
        public, to = body["key"], body["to"]
        shared = _shared(self._secret, public)
        if shared is None:
            return None
        hint, wrap = _derived(shared, public, self._reader, self._community, author)
        for at in range(0, len(to), PLACE):
            if to[at : at + HINT] == hint:
                key = _decrypted(to[at + HINT : at + PLACE], wrap)
                if key is not None:
                    return open_with(body, key, community=self._community, author=author)
        return None


def open_with(
    body: Mapping[str, Any], key: bytes, *, community: bytes, author: bytes
) -> Opened | None:
    """What the box holds, by the content's key that one of its readers handed on."""
    commit, cipher = _of_content(key, body["key"], community, author)
    if body["box"][:COMMIT] != commit:
        return None
    framed = _decrypted(body["box"][COMMIT:], cipher)
    if framed is None:
        return None
    end = LENGTH + int.from_bytes(framed[:LENGTH], "big")
    return Opened(framed[LENGTH:end], key) if LENGTH <= end <= len(framed) else None


def _derived(
    shared: bytes, public: bytes, reader: bytes, community: bytes, author: bytes
) -> tuple[bytes, bytes]:
    """(hint, key that wraps the content's key)."""
    who = public + reader + community + author
    made = blake2b(who, digest_size=HINT + KEY_BYTES, key=shared, person=_WRAP).digest()
    return made[:HINT], made[HINT:]


def _of_content(key: bytes, public: bytes, community: bytes, author: bytes) -> tuple[bytes, bytes]:
    """(what the box begins with, the key of its cipher)."""
    who = public + community + author
    made = blake2b(who, digest_size=COMMIT + KEY_BYTES, key=key, person=_BOX).digest()
    return made[:COMMIT], made[COMMIT:]


def _x25519(public: bytes) -> bytes:
    try:
        return bytes(crypto_sign_ed25519_pk_to_curve25519(public))
    except (CryptoError, ValueError, TypeError) as error:
        raise Invalid("bad-key", "a reader's key that is no usable Ed25519 key") from error


def _shared(secret: bytes, public: bytes) -> bytes | None:
    """The shared secret; None for a point of small order, which shares nothing."""
    try:
        return bytes(crypto_scalarmult(secret, public))
    except CryptoError:
        return None


def _decrypted(box: bytes, key: bytes) -> bytes | None:
    try:
        return bytes(crypto_secretbox_open(box, _NONCE, key))
    except (CryptoError, ValueError):
        return None


def _room(framed: int, to: int) -> int:
    """To how many bytes the content and its length are padded."""
    for room in _rooms(to):
        if framed <= room:
            return room
    raise Invalid("too-large", "more than a box for so many devices can hold")


def _rooms(to: int) -> list[int]:
    """What bodies of SIZES have room for beside so many bytes of places, where they have any.

    A body may be one byte less than its size, where the length of a shorter box takes less.
    """
    rooms = []
    for size in SIZES:
        body: Plain = {"box": bytes(size), "key": bytes(KEY_BYTES), "to": bytes(to)}
        room = 2 * size - len(encode(body)) - COMMIT - MAC
        if room > LENGTH:
            rooms.append(room)
    return rooms
