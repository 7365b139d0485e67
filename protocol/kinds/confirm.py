"""`confirm`: the inviter says which of several joins on one slot was meant."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm:
    """Of the joins on (author's device, `slot`, `round`), the record `join` stands."""

    slot: int
    round: int
    join: bytes


def body(slot: int, round_: int, join: bytes) -> dict[str, Plain]:
    """The body of a confirmation."""
    return {"slot": slot, "round": round_, "join": join}


def read(data: Body) -> Confirm:
    """The confirmation that `data` holds."""
    return Confirm(slot=whole(data, "slot"), round=whole(data, "round"), join=key32(data, "join"))


KIND = Kind(name="confirm", lane=GOV, erasable=False, read=read)
