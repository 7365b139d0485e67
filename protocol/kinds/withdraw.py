"""`withdraw`: a member takes a listing of their own off the market, for good."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """The listing (its first record's id) that is withdrawn."""

    listing: bytes


def body(listing: bytes) -> dict[str, Plain]:
    """The body that withdraws `listing`."""
    return {"listing": listing}


def read(data: Body) -> Withdraw:
    """The withdrawal that `data` holds."""
    return Withdraw(listing=key32(data, "listing"))


KIND = Kind(name="withdraw", lane=MARKET, erasable=False, read=read)
