"""`invite`: a certified device offers one place, in a slot of its own, to whoever holds a secret.

The record names the slot, its round and the public half of a one-time key. The secret half
travels in the link. An invitation counts as its inviter's vouch.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, whole

MAX_SLOTS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Invite:
    """Slot `slot` in its `round`-th use; `key` is the one-time public key."""

    slot: int
    round: int
    key: bytes


def body(slot: int, round_: int, key: bytes) -> dict[str, Plain]:
    """The body of an invitation."""
    return {"slot": slot, "round": round_, "key": key}


def read(data: Body) -> Invite:
    """The invitation that `data` holds."""
    return Invite(
        slot=whole(data, "slot", 0, MAX_SLOTS - 1),
        round=whole(data, "round"),
        key=key32(data, "key"),
    )


KIND = Kind(name="invite", lane=GOV, erasable=False, read=read)
