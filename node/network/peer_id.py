"""Peer ids as text: the name a device's public key has on the network.

A peer id is the identity multihash of the protobuf-wrapped Ed25519 public key, in base58btc
(libp2p peer id specification), so key and name hold the same 32 bytes and each gives the other.
Pure functions; other key types and other encodings (CIDv1) are refused.
"""

from __future__ import annotations

from functools import lru_cache

from protocol.errors import Invalid

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGIT = {letter: value for value, letter in enumerate(_ALPHABET)}
# Multihash: identity (0x00), 36 bytes. Protobuf: key type = 1 (Ed25519), then 32 bytes.
_PREFIX = bytes.fromhex("002408011220")
_KEY_SIZE = 32
# One leading zero byte is one leading `1`; 37 bytes more are 51 digits, as 0x24... is never small.
_TEXT_SIZE = 52


@lru_cache(maxsize=4096)
def peer_id_of(device_public_key: bytes) -> str:
    """The peer id (`12D3KooW...`) of a 32-byte Ed25519 public key; Invalid for another size."""
    if len(device_public_key) != _KEY_SIZE:
        raise Invalid("bad-key", f"A device key has 32 bytes, not {len(device_public_key)}.")
    number = int.from_bytes(_PREFIX + device_public_key, "big")
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    return "1" + "".join(reversed(digits))


@lru_cache(maxsize=4096)
def device_key_of(peer_id: str) -> bytes:
    """The Ed25519 public key (32 bytes) inside `peer_id`; Invalid for any other text."""
    if len(peer_id) != _TEXT_SIZE or peer_id[0] != "1":
        raise Invalid("bad-peer-id", "This is not the peer id of a device.")
    number = 0
    for letter in peer_id:
        digit = _DIGIT.get(letter)
        if digit is None:
            raise Invalid("bad-peer-id", "This is not the peer id of a device.")
        number = number * 58 + digit
    size = len(_PREFIX) + _KEY_SIZE
    if number.bit_length() > 8 * size:
        raise Invalid("bad-peer-id", "This is not the peer id of a device.")
    return device_key_in(number.to_bytes(size, "big"))


def device_key_in(raw: bytes) -> bytes:
    """The same of a peer id as bytes."""
    if len(raw) != len(_PREFIX) + _KEY_SIZE or not raw.startswith(_PREFIX):
        raise Invalid("bad-peer-id", "This is not the peer id of a device.")
    return raw[len(_PREFIX) :]
