"""`join`: a newcomer takes up an invitation.

The proof is a signature with the invitation's one-time secret over the newcomer's person and
device keys, so that a link seen in passing can't be turned to another's use by who relays it.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.keys import JOIN, Signer, verified
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, signature


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """Takes up the invitation whose record id is `invite`."""

    invite: bytes
    proof: bytes

    def proves(self, key: bytes, community: bytes, person: bytes, device: bytes) -> bool:
        """Whether the holder of the one-time `key`'s secret let this person and device in."""
        return verified(key, self.proof, JOIN, community, self.invite, person, device)


def body(
    once: Signer, community: bytes, invite: bytes, person: bytes, device: bytes
) -> dict[str, Plain]:
    """The body that takes up `invite`, with the secret `once` from the link."""
    return {"invite": invite, "proof": once.sign(JOIN, community, invite, person, device)}


def read(data: Body) -> Join:
    """The join that `data` holds."""
    return Join(invite=key32(data, "invite"), proof=signature(data, "proof"))


KIND = Kind(name="join", lane=GOV, erasable=False, read=read)
