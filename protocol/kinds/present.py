"""`present`: one of several tellers is still there, after days in which there was nothing to say.

Without it nobody could tell a quiet community from a teller who is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """The newest certificate that the teller's device knows."""

    certificate: bytes


def body(certificate: bytes) -> dict[str, Plain]:
    """The record's body."""
    return {"certificate": certificate}


def read(data: Body) -> Present:
    """What `data` holds."""
    return Present(certificate=key32(data, "certificate"))


KIND = Kind(name="present", lane=GOV, erasable=False, read=read)
