"""`found`: the first record of a community, whose id is the community's id.

Its body holds the first charter and the founder's enrolment: the person key's signature over the
device key. There is no community id to sign yet; the record's own hash takes that role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.keys import ENROL, Signer, check_key, verified
from protocol.kinds.kind import Kind
from protocol.records import GOV, ZERO
from protocol.shape import Body, key32, signature, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The founding: `person` enrols the record's device and proposes `charter` (plain data)."""

    person: bytes
    proof: bytes
    charter: dict[str, Any]

    def check(self, device: bytes) -> None:
        """Invalid unless both keys are usable and the person key signed for this device."""
        check_key(self.person)
        check_key(device)
        if not verified(self.person, self.proof, ENROL, ZERO, self.person, device):
            raise Invalid("bad-enrolment", "the founder's person key did not sign for this device")


def body(person: Signer, device: bytes, charter: dict[str, Plain]) -> dict[str, Plain]:
    """The body of a founding record."""
    proof = person.sign(ENROL, ZERO, person.public, device)
    return {"person": person.public, "proof": proof, "charter": charter}


def read(data: Body) -> Found:
    """The founding that `data` holds."""
    charter = data.get("charter")
    if type(charter) is not dict:
        raise unreadable("charter")
    return Found(person=key32(data, "person"), proof=signature(data, "proof"), charter=charter)


KIND = Kind(name="found", lane=GOV, erasable=False, read=read)
