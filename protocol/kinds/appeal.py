"""`appeal`: who is to be expelled asks the members to decide once more."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class Appeal:
    """The proposal (its record id) that was passed against the author."""

    proposal: bytes


def body(proposal: bytes) -> dict[str, Plain]:
    """The record's body."""
    return {"proposal": proposal}


def read(data: Body) -> Appeal:
    """What `data` holds."""
    return Appeal(proposal=key32(data, "proposal"))


KIND = Kind(name="appeal", lane=GOV, erasable=False, read=read)
