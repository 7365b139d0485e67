"""`enrol`: the first record of a device's `gov` log; a person takes the device as theirs.

The record is signed by the device, its body by the person key, so nobody can claim another's
device.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.keys import ENROL, Signer, check_key, verified
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, signature


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrol:
    """`person` takes the record's device; `proof` is the person key's signature for it."""

    person: bytes
    proof: bytes

    def check(self, community: bytes, device: bytes) -> None:
        """Invalid unless both keys are usable and the person key signed for this device."""
        check_key(self.person)
        check_key(device)
        if not verified(self.person, self.proof, ENROL, community, self.person, device):
            raise Invalid("bad-enrolment", "the person key did not sign for this device")


def body(person: Signer, community: bytes, device: bytes) -> dict[str, Plain]:
    """The body that enrols `device` for `person`."""
    proof = person.sign(ENROL, community, person.public, device)
    return {"person": person.public, "proof": proof}


def read(data: Body) -> Enrol:
    """The enrolment that `data` holds."""
    return Enrol(person=key32(data, "person"), proof=signature(data, "proof"))


KIND = Kind(name="enrol", lane=GOV, erasable=False, read=read)
