"""Certificates: decisions signed by a quorum of the community's tellers, in one chain.

Certificate body: the strict DAG-CBOR array
`[community, height, prev, kind, charter_hash, roll_root, next_tellers, decision]`, whose SHA-256
is the certificate's id. The view and the signatures travel beside it, outside the id, so that
agreement on an id does not depend on who led. A signature covers id and view. Height 0 has the
community id as `prev` and is signed by the founding record's device.

A `move-seat` of the one teller is signed by their person key instead, for another purpose: it is
for the day when the seat's device is lost. A `recall` is signed by the person keys of members; each
signature names its person by a place on the roll instead of a seat (`protocol.kinds.recall`).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.keys import CERTIFICATE, MOVE_SEAT, SIGNATURE_BYTES, Signer, verified

MAX_CERTIFICATE = 64 * 1024  # bytes of the body
MAX_TELLERS = 7
MAX_SIGNERS = 3200  # of a recall; a proof of two recalls still fits an object of the side set
MAX_PLACE = 2**16  # places on the roll that signatures of a recall name are below it
KINDS = (
    "roll",
    "open",
    "close",
    "effect",
    "annul",
    "remove",
    "tellers",
    "move-seat",
    "recall",
    "checkpoint",
)


class Seat(NamedTuple):
    """A teller's seat: the person who was elected and the one device that signs."""

    person: bytes
    device: bytes


class Certificate(NamedTuple):
    """A decision at one height of the chain. `signatures`: (seat, or place on the roll; signature),
    in order.
    """

    id: bytes
    raw: bytes
    community: bytes
    height: int
    prev: bytes
    kind: str
    charter_hash: bytes
    roll_root: bytes
    next_tellers: tuple[Seat, ...]
    decision: dict[str, Any]
    view: int
    signatures: tuple[tuple[int, bytes], ...]

    @property
    def by_persons(self) -> bool:
        """Whether person keys sign it and not tellers: a recall, or a move of the only seat."""
        alone = self.kind == "move-seat" and len(self.next_tellers) == 1
        return self.kind == "recall" or alone

    def travel(self) -> list[Plain]:
        """What travels: `[body, view, [[seat, signature], ...]]`."""
        return [self.raw, self.view, [[seat, signature] for seat, signature in self.signatures]]


def quorum(seats: int) -> int:
    """2f+1 of 3f+1 seats."""
    return 2 * ((seats - 1) // 3) + 1


def read_certificate(data: object) -> Certificate:
    """The certificate that travelled as `[body, view, signatures]`; Invalid if malformed.

    Neither the chain nor the signatures are checked here.
    """
    if (
        type(data) is not list
        or len(data) != 3
        or type(data[0]) is not bytes
        or type(data[1]) is not int
        or not 0 <= data[1] < 2**32
        or type(data[2]) is not list
        or len(data[2]) > MAX_SIGNERS
    ):
        raise _bad("what travels is not [body, view, signatures]")
    raw, view, signatures = data
    parts = decode(raw, limit=MAX_CERTIFICATE)
    if not isinstance(parts, list) or len(parts) != 8:
        raise _bad("its body is not an array of eight")
    community, height, prev, kind, charter_hash, roll_root, tellers, decision = parts
    for value in (community, prev, charter_hash, roll_root):
        if type(value) is not bytes or len(value) != 32:
            raise _bad("an id or hash has the wrong length")
    if type(height) is not int or not 0 <= height < 2**53:
        raise _bad("its height is out of range")
    if kind not in KINDS or not isinstance(decision, dict):
        raise _bad("its kind or decision is not known")
    most, places = (MAX_SIGNERS, MAX_PLACE) if kind == "recall" else (MAX_TELLERS, MAX_TELLERS)
    if len(signatures) > most:
        raise _bad("more signatures than there can be")
    seats = [_signature(item, places) for item in signatures]
    if sorted({seat for seat, _ in seats}) != [seat for seat, _ in seats]:
        raise _bad("signatures repeated or out of order")
    return Certificate(
        id=sha256(raw).digest(),
        raw=raw,
        community=community,  # type: ignore[arg-type]
        height=height,
        prev=prev,  # type: ignore[arg-type]
        kind=kind,
        charter_hash=charter_hash,  # type: ignore[arg-type]
        roll_root=roll_root,  # type: ignore[arg-type]
        next_tellers=read_seats(tellers),
        decision=decision,
        view=view,
        signatures=tuple(seats),
    )


def read_seats(value: object) -> tuple[Seat, ...]:
    """`[[person, device], ...]` with 1, 4 or 7 seats on devices of their own."""
    if type(value) is not list or len(value) not in (1, 4, 7):
        raise _bad("there must be 1, 4 or 7 tellers")
    seats: list[Seat] = []
    for item in value:
        if (
            type(item) is not list
            or len(item) != 2
            or any(type(key) is not bytes or len(key) != 32 for key in item)
        ):
            raise _bad("a seat is not [person, device]")
        seats.append(Seat(*item))
    if len({seat.device for seat in seats}) != len(seats):
        raise _bad("two seats on one device")
    return tuple(seats)


def make_body(
    *,
    community: bytes,
    height: int,
    prev: bytes,
    kind: str,
    charter_hash: bytes,
    roll_root: bytes,
    next_tellers: Sequence[Seat],
    decision: dict[str, Plain],
) -> bytes:
    """The bytes whose hash is the certificate's id."""
    seats: list[Plain] = [[seat.person, seat.device] for seat in next_tellers]
    return encode([community, height, prev, kind, charter_hash, roll_root, seats, decision])


def sign_certificate(raw: bytes, view: int, signer: Signer) -> bytes:
    """A teller's signature for the certificate with body `raw`, in this view."""
    return signer.sign(CERTIFICATE, sha256(raw).digest(), view.to_bytes(4, "big"))


def sign_move(raw: bytes, person: Signer) -> bytes:
    """The signature of the one teller's person key for the `move-seat` with body `raw`."""
    return person.sign(MOVE_SEAT, sha256(raw).digest())


def check_move(certificate: Certificate, person: bytes) -> None:
    """Invalid unless `person` signed this `move-seat`, once, in view 0, and nobody else."""
    if certificate.view or [seat for seat, _ in certificate.signatures] != [0]:
        raise _bad("a move of a seat that its person did not sign")
    if not verified(person, certificate.signatures[0][1], MOVE_SEAT, certificate.id):
        raise Invalid("bad-signature", f"certificate {certificate.height}: a false signature")


def check_signatures(certificate: Certificate, seats: Sequence[Seat]) -> None:
    """Invalid unless a quorum of `seats` signed, and nobody else; of one seat that moves, its
    person.
    """
    if certificate.kind == "move-seat" and len(seats) == 1:
        check_move(certificate, seats[0].person)
        return
    for index, signature in certificate.signatures:
        if index >= len(seats):
            raise _bad("signed by a seat that does not exist")
        if not verified(
            seats[index].device,
            signature,
            CERTIFICATE,
            certificate.id,
            certificate.view.to_bytes(4, "big"),
        ):
            raise Invalid("bad-signature", f"certificate {certificate.height}: a false signature")
    if len(certificate.signatures) < quorum(len(seats)):
        raise _bad(f"{len(certificate.signatures)} signatures where {quorum(len(seats))} are due")


def _signature(item: object, places: int) -> tuple[int, bytes]:
    if (
        type(item) is not list
        or len(item) != 2
        or type(item[0]) is not int
        or not 0 <= item[0] < places
        or type(item[1]) is not bytes
        or len(item[1]) != SIGNATURE_BYTES
    ):
        raise _bad("a signature is not [seat, 64 bytes]")
    return item[0], item[1]


def _bad(why: str) -> Invalid:
    return Invalid("bad-certificate", f"a certificate that can't be read: {why}")
