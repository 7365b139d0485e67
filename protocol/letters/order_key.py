"""`order-key`: the secret half of an order's key, from its buyer to the buyer's own devices."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.keys import Signer
from protocol.letters.letter import LetterKind
from protocol.shape import Body, key32, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderKey:
    """`order` is the public key that names the order, `seed` what it is made of."""

    order: bytes
    seed: bytes

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        return {"order": self.order, "seed": self.seed}

    def __repr__(self) -> str:  # a secret never reaches a log
        return f"OrderKey({self.order.hex()[:8]})"


def read(data: Body) -> OrderKey:
    """The key that `data` holds."""
    found = OrderKey(order=key32(data, "order"), seed=key32(data, "seed"))
    if Signer(found.seed).public != found.order:
        raise unreadable("seed")
    return found


LETTER = LetterKind(name="order-key", read=read, order=lambda said: said.order)
