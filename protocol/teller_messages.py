"""What tellers say to each other while they agree on a certificate: signed, carried by everybody.

Four kinds of message, each a strict DAG-CBOR array whose SHA-256 is its id:

- `["propose", height, prev, view, device, body, proof, signature]`: the leader of a view names the
  body of the certificate that should follow `prev`. `proof` is null, or `[view, prepares]` of an
  earlier view in which a quorum prepared that body.
- `["prepare", height, prev, view, device, id, signature]`: this body may be certified.
- `["commit", height, prev, view, device, id, prepares, seal, signature]`: a quorum prepared it in
  this view, as `prepares` shows. `seal` is the certificate's signature.
- `["move-on", height, prev, view, device, prepared, signature]`: asks for `view`. `prepared` is
  null, or `[view, id, prepares]`: the highest the sender knows of an earlier view.

`prepares` is `[[seat, signature], ...]` by seat: signatures of prepare messages. A signature covers
the community id and the message without its signature. An honest device says each kind at most
once in a view, so two different ones are proof against it:

- `["double", message, message]`: two messages of one device, kind, height, prev and view, ordered
  by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, cast

from protocol.certificates import MAX_CERTIFICATE, MAX_TELLERS, Certificate, Seat, quorum
from protocol.certificates import read_certificate as _read_certificate
from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.keys import CERTIFICATE, SIGNATURE_BYTES, TELLER, Signer, verified

PROPOSE, PREPARE, COMMIT, MOVE_ON = "propose", "prepare", "commit", "move-on"
KINDS = (PROPOSE, PREPARE, COMMIT, MOVE_ON)
DOUBLE = "double"
MAX_MESSAGE = MAX_CERTIFICATE + 4096  # bytes
MAX_VIEW = 2**32 - 1

Prepares = tuple[tuple[int, bytes], ...]
"""(seat index, signature of its prepare message), by seat."""


class Prepared(NamedTuple):
    """What a quorum prepared in a view."""

    view: int
    id: bytes  # of the certificate
    prepares: Prepares


class Place(NamedTuple):
    """Where an honest device says one thing at most."""

    device: bytes
    kind: str
    height: int
    prev: bytes
    view: int


class Message(NamedTuple):
    """A teller's word on the certificate at `height`. What a kind does not have is None or ()."""

    id: bytes
    raw: bytes
    kind: str
    height: int
    prev: bytes
    view: int
    device: bytes
    certificate: bytes | None  # the id proposed, prepared or committed
    body: bytes | None  # of a proposal
    prepared: Prepared | None  # what it shows to have been prepared; of a commit, in its own view
    seal: bytes | None  # of a commit: the certificate's signature by this device
    signature: bytes

    @property
    def place(self) -> Place:
        """Where an honest device says one thing at most."""
        return Place(self.device, self.kind, self.height, self.prev, self.view)


class Double(NamedTuple):
    """Proof that a device said two things in one place."""

    id: bytes
    raw: bytes
    messages: tuple[Message, Message]

    @property
    def device(self) -> bytes:
        """Whose."""
        return self.messages[0].device


class About(NamedTuple):
    """Which certificate is agreed on: the one at `height` that follows `prev`."""

    community: bytes
    height: int
    prev: bytes


def propose(
    signer: Signer, about: About, view: int, body: bytes, prepared: Prepared | None
) -> Message:
    """The leader's proposal of a certificate's body, with the proof if it was prepared before."""
    proof = None if prepared is None else [prepared.view, _plain(prepared.prepares)]
    return _say(signer, about, PROPOSE, view, body, proof)


def prepare(signer: Signer, about: About, view: int, certificate: bytes) -> Message:
    """This body may be certified."""
    return _say(signer, about, PREPARE, view, certificate)


def commit(signer: Signer, about: About, prepared: Prepared) -> Message:
    """The certificate's signature, in the view in which a quorum prepared it."""
    seal = signer.sign(CERTIFICATE, prepared.id, prepared.view.to_bytes(4, "big"))
    return _say(signer, about, COMMIT, prepared.view, prepared.id, _plain(prepared.prepares), seal)


def move_on(signer: Signer, about: About, view: int, prepared: Prepared | None) -> Message:
    """Ask for `view`, telling the highest prepared."""
    shown = None if prepared is None else [prepared.view, prepared.id, _plain(prepared.prepares)]
    return _say(signer, about, MOVE_ON, view, shown)


def _plain(prepares: Prepares) -> list[Plain]:
    return [[seat, signature] for seat, signature in prepares]


def _say(signer: Signer, about: About, kind: str, view: int, *rest: object) -> Message:
    said = cast(list[Plain], [kind, about.height, about.prev, view, signer.public, *rest])
    signature = signer.sign(TELLER, about.community, encode(said))
    return read_message(encode([*said, signature]), about.community)


def read_message(raw: bytes, community: bytes) -> Message:
    """The message in these bytes, its signature checked; Invalid otherwise.

    What it shows as prepared is for `check_prepared`, since the tellers' keys are not in it.
    """
    return _shaped(decode(raw, limit=MAX_MESSAGE), raw, community)


@lru_cache(maxsize=1024)  # the same few are shown again and again
def _prepared_by(
    device: bytes, signature: bytes, about: About, view: int, certificate: bytes
) -> bool:
    """Whether a device signed that it prepared this certificate in this view."""
    said = encode([PREPARE, about.height, about.prev, view, device, certificate])
    return verified(device, signature, TELLER, about.community, said)


def _shaped(value: Plain, raw: bytes, community: bytes) -> Message:
    if not isinstance(value, list) or len(value) < 7 or value[0] not in KINDS:
        raise _bad("not a message")
    kind, height, prev, view, device, *rest, signature = cast(list[Any], value)
    if (
        type(height) is not int
        or not 0 <= height < 2**53
        or not _sized(32, prev, device)
        or type(view) is not int
        or not 0 <= view <= MAX_VIEW
        or not _sized(SIGNATURE_BYTES, signature)
    ):
        raise _bad("a field of the wrong shape")
    body: bytes | None = None
    prepared = seal = certificate = None
    match kind, rest:
        case "propose", [bytes() as proposed, proof]:
            body, certificate = proposed, sha256(proposed).digest()
            _check_body(proposed, community, height, prev)
            if proof is not None:
                prepared = _prepared([*_pair(proof)[:1], certificate, _pair(proof)[1]])
        case "prepare", [certificate] if _sized(32, certificate):
            pass
        case "commit", [certificate, prepares, seal] if _sized(32, certificate):
            if not _sized(SIGNATURE_BYTES, seal):
                raise _bad("a seal that is no signature")
            prepared = _prepared([view, certificate, prepares])
        case "move-on", [shown] if view > 0:
            prepared = None if shown is None else _prepared(shown)
        case _:
            raise _bad("fields of the wrong number or shape")
    if prepared is not None and prepared.view >= view and kind != COMMIT:
        raise _bad("shows what was prepared in a later view")
    if not verified(device, signature, TELLER, community, encode(value[:-1])):
        raise Invalid("bad-signature", "a teller's message with a false signature")
    if seal is not None and not verified(
        device, seal, CERTIFICATE, certificate or b"", view.to_bytes(4, "big")
    ):
        raise Invalid("bad-signature", "a teller's message with a false seal")
    return Message(
        sha256(raw).digest(),
        raw,
        kind,
        height,
        prev,
        view,
        device,
        certificate,
        body,
        prepared,
        seal,
        signature,
    )


def _check_body(body: bytes, community: bytes, height: int, prev: bytes) -> None:
    found = read_body(body)
    if (found.community, found.height, found.prev) != (community, height, prev):
        raise _bad("proposes a certificate for another place")


def read_body(body: bytes) -> Certificate:
    """The certificate with this body, without signatures; Invalid if it can't be read."""
    return _read_certificate([body, 0, []])


def _pair(value: object) -> list[Any]:
    if type(value) is not list or len(value) != 2:
        raise _bad("a proof that is not [view, prepares]")
    return value


def _prepared(value: object) -> Prepared:
    if type(value) is not list or len(value) != 3:
        raise _bad("something prepared that is not [view, id, prepares]")
    view, certificate, prepares = value
    if (
        type(view) is not int
        or not 0 <= view <= MAX_VIEW
        or not _sized(32, certificate)
        or type(prepares) is not list
        or not 1 <= len(prepares) <= MAX_TELLERS
    ):
        raise _bad("something prepared of the wrong shape")
    pairs: list[tuple[int, bytes]] = []
    for item in prepares:
        if (
            type(item) is not list
            or len(item) != 2
            or type(item[0]) is not int
            or not 0 <= item[0] < MAX_TELLERS
            or not _sized(SIGNATURE_BYTES, item[1])
        ):
            raise _bad("a prepare that is not [seat, signature]")
        pairs.append((item[0], item[1]))
    seats = [seat for seat, _ in pairs]
    if sorted(set(seats)) != seats:
        raise _bad("prepares repeated or out of order")
    return Prepared(view, certificate, tuple(pairs))


def check_prepared(message: Message, community: bytes, tellers: Sequence[Seat]) -> None:
    """Invalid unless what a message shows as prepared was prepared by a quorum of `tellers`."""
    shown = message.prepared
    if shown is None:
        return
    if len(shown.prepares) < quorum(len(tellers)) or shown.prepares[-1][0] >= len(tellers):
        raise Invalid("bad-proof", "a teller's message that shows too few prepares")
    about = About(community, message.height, message.prev)
    for seat, signature in shown.prepares:
        if not _prepared_by(tellers[seat].device, signature, about, shown.view, shown.id):
            raise Invalid("bad-proof", "a teller's message that shows a false prepare")


def gather(prepares: Mapping[int, Message]) -> Prepares:
    """The prepares of one certificate in one view, by seat, as a proof holds them."""
    return tuple((seat, prepares[seat].signature) for seat in sorted(prepares))


def double(one: Message, other: Message, community: bytes) -> Double:
    """The proof from two different messages of one place."""
    pair = sorted((one, other), key=lambda message: message.id)
    raw = encode([DOUBLE, *[decode(each.raw, limit=MAX_MESSAGE) for each in pair]])
    return read_double(raw, cast(list[Plain], decode(raw, limit=2 * MAX_MESSAGE)), community)


def read_double(raw: bytes, value: Sequence[Plain], community: bytes) -> Double:
    """The proof in an already decoded array `["double", message, message]`; Invalid otherwise."""
    one, other = (_shaped(each, encode(each), community) for each in value[1:])
    if one.id >= other.id or one.place != other.place:
        raise Invalid("bad-evidence", "two messages that do not contradict each other")
    return Double(sha256(raw).digest(), raw, (one, other))


def _sized(size: int, *values: object) -> bool:
    return all(type(value) is bytes and len(value) == size for value in values)


def _bad(why: str) -> Invalid:
    return Invalid("bad-message", f"a teller's message that can't be read: {why}")
