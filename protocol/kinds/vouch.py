"""`vouch`: a member stands up for somebody who is not on the roll yet."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouch:
    """Whom the author wants admitted."""

    person: bytes


def body(person: bytes) -> dict[str, Plain]:
    """The record's body."""
    return {"person": person}


def read(data: Body) -> Vouch:
    """What `data` holds."""
    return Vouch(person=key32(data, "person"))


KIND = Kind(name="vouch", lane=GOV, erasable=False, read=read)
