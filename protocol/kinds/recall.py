"""`recall`: a person signs that others should be the tellers from certificate `prev` on.

Enough of them, of one `prev`, `attempt` and slate of tellers, make a `recall` certificate. So the
signature is the person key's own and covers nothing in which two of them could differ: whoever
holds the records puts the certificate together, and it has one id everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocol.certificates import Seat, read_seats
from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.keys import RECALL, Signer, verified
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, signature, unreadable, whole

MAX_ATTEMPT = 2**31  # attempts are below it
SIZES = (1, 4)  # how many tellers may take over


@dataclass(frozen=True, kw_only=True, slots=True)
class Slate:
    """What a recall asks for: these tellers after certificate `prev`. Attempts count from 1."""

    prev: bytes
    attempt: int
    tellers: tuple[Seat, ...]

    def parts(self, community: bytes) -> tuple[bytes, ...]:
        """What a signature covers after its purpose: 100 bytes."""
        named = sha256(encode(plain(self.tellers))).digest()
        return community, self.prev, self.attempt.to_bytes(4, "big"), named

    def id(self, community: bytes) -> bytes:
        """What people call it by when they ask others to sign."""
        return sha256(b"".join(self.parts(community))).digest()

    def signed_by(self, community: bytes, person: bytes, signature: bytes) -> bool:
        """Whether this is the signature of a person key for it."""
        return verified(person, signature, RECALL, *self.parts(community))


@dataclass(frozen=True, kw_only=True, slots=True)
class Recall:
    """`person` signs `slate`."""

    person: bytes
    slate: Slate
    signature: bytes

    def check(self, community: bytes) -> None:
        """Invalid unless it is the person's signature."""
        if not self.slate.signed_by(community, self.person, self.signature):
            raise Invalid("bad-signature", "a recall that the person key did not sign")


def plain(tellers: Sequence[Seat]) -> list[Plain]:
    """Tellers as they travel."""
    return [[seat.person, seat.device] for seat in tellers]


def read_tellers(value: object) -> tuple[Seat, ...]:
    """1 or 4 tellers, each another person; Invalid `unreadable` otherwise."""
    try:
        seats = read_seats(value)
    except Invalid as error:
        raise unreadable("tellers") from error
    if len(seats) not in SIZES or len({seat.person for seat in seats}) != len(seats):
        raise unreadable("tellers")
    return seats


def body(person: Signer, community: bytes, slate: Slate) -> dict[str, Plain]:
    """The body by which `person` signs a slate."""
    return {
        "person": person.public,
        "prev": slate.prev,
        "attempt": slate.attempt,
        "tellers": plain(slate.tellers),
        "signature": person.sign(RECALL, *slate.parts(community)),
    }


def read(data: Body) -> Recall:
    """What `data` holds."""
    return Recall(
        person=key32(data, "person"),
        slate=Slate(
            prev=key32(data, "prev"),
            attempt=whole(data, "attempt", 1, MAX_ATTEMPT - 1),
            tellers=read_tellers(data.get("tellers")),
        ),
        signature=signature(data, "signature"),
    )


KIND = Kind(name="recall", lane=GOV, erasable=False, read=read)
