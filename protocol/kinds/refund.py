"""`refund`: a counter-receipt. Part of a sale's money went back, and who gives how much of it.

By the person who wrote the receipt. The refunds of a sale are numbered from 1; each is divided
over what the ones before it left. The order's key signs each, so that nobody can lower what they
owe the community by a refund that the buyer never got.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocol.codec import Plain
from protocol.keys import REFUND, Signer, verified
from protocol.kinds.kind import Kind
from protocol.kinds.receipt import BY_ORDER, MAX_AMOUNT, amounts, digest
from protocol.records import MARKET
from protocol.shape import Body, key32, signature, whole

MAX_REFUNDS = 1000  # of one order


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """Refund `number` of an order: `amount` in minor units, and what each role gives of it.

    `digest` is what the order's key signs, over the map as it came.
    """

    order: bytes
    vendor: bytes  # person who wrote the receipt
    number: int
    amount: int
    parts: Mapping[str, int]
    digest: bytes = field(compare=False)
    by_order: bytes | None = None

    def signed(self, community: bytes) -> bool:
        """Whether the order's key agreed to this refund."""
        return self.by_order is not None and verified(
            self.order, self.by_order, REFUND, community, self.digest
        )


def terms(
    order: bytes, vendor: bytes, number: int, amount: int, parts: Mapping[str, int]
) -> dict[str, Plain]:
    """The map that the order's key signs."""
    return {
        "order": order,
        "vendor": vendor,
        "number": number,
        "amount": amount,
        "parts": dict(parts),
    }


def sign(order: Signer, community: bytes, said: Mapping[str, Plain]) -> bytes:
    """The order's key agrees that the sale counts for less."""
    return order.sign(REFUND, community, digest(said))


def signs(order: bytes, by_order: bytes, community: bytes, said: Mapping[str, Plain]) -> bool:
    """Whether `by_order` is the order's key's signature over this refund."""
    return verified(order, by_order, REFUND, community, digest(said))


def body(said: Mapping[str, Plain], by_order: bytes | None) -> dict[str, Plain]:
    """The record's body."""
    return {**said, BY_ORDER: by_order}


def read(said: Body) -> Refund:
    """The refund that a body holds."""
    return Refund(
        order=key32(said, "order"),
        vendor=key32(said, "vendor"),
        number=whole(said, "number", 1, MAX_REFUNDS),
        amount=whole(said, "amount", 1, MAX_AMOUNT),
        parts=amounts(said, "parts"),
        digest=digest({key: value for key, value in said.items() if key != BY_ORDER}),
        by_order=None if said.get(BY_ORDER) is None else signature(said, BY_ORDER),
    )


KIND = Kind(name="refund", lane=MARKET, erasable=False, read=read)
