"""Ed25519 keys and domain-separated signatures.

Every signature of Moothall covers a purpose (`moothall/record/1`), a zero byte and fixed-length
parts, so that a signature made for one purpose proves nothing for another. Keys and seeds are
32 bytes, signatures 64. Seeds come from outside; nothing here draws a random number.
"""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from protocol.errors import Invalid

KEY_BYTES = 32
SIGNATURE_BYTES = 64

RECORD = b"moothall/record/1\0"
CERTIFICATE = b"moothall/certificate/1\0"
MOVE_SEAT = b"moothall/move-seat/1\0"
RECALL = b"moothall/recall/1\0"
TELLER = b"moothall/teller/1\0"
ENROL = b"moothall/enrol/1\0"
JOIN = b"moothall/join/1\0"
ADDRESS = b"moothall/address/1\0"
ORDER = b"moothall/order/1\0"
RECEIPT = b"moothall/receipt/1\0"
REFUND = b"moothall/refund/1\0"
REVIEW = b"moothall/review/1\0"


class Signer:
    """A secret key, made from its 32-byte seed."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.public = bytes(self._key.verify_key)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes; for the keystore only."""
        return bytes(self._key)

    def __repr__(self) -> str:  # a secret never reaches a log
        return f"Signer({self.public.hex()[:8]})"

    def sign(self, purpose: bytes, *parts: bytes) -> bytes:
        """The signature over `purpose` and `parts`."""
        return self._key.sign(purpose + b"".join(parts)).signature


def verified(public: bytes, signature: bytes, purpose: bytes, *parts: bytes) -> bool:
    """Whether `public` signed this; libsodium's rules, which refuse small-order keys."""
    try:
        VerifyKey(public).verify(purpose + b"".join(parts), signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def check_key(public: bytes) -> None:
    """Invalid unless `public` is a point of the main subgroup and not of small order."""
    if len(public) != KEY_BYTES or not crypto_core_ed25519_is_valid_point(public):
        raise Invalid("bad-key", "that is not a usable Ed25519 key")
