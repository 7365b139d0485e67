"""`withdraw-proposal`: who made a proposal takes it back, before its vote begins."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawProposal:
    """The proposal (its record id) that is taken back."""

    proposal: bytes


def body(proposal: bytes) -> dict[str, Plain]:
    """The record's body."""
    return {"proposal": proposal}


def read(data: Body) -> WithdrawProposal:
    """What `data` holds."""
    return WithdrawProposal(proposal=key32(data, "proposal"))


KIND = Kind(name="withdraw-proposal", lane=GOV, erasable=False, read=read)
