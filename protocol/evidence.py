"""The side set: proofs and spared records that stay in force beyond forks and cuts.

Objects of the side set are nobody's record; whoever can show one may. Each is a strict DAG-CBOR
array whose SHA-256 is its id:

- `["fork", device, lane, seq, branch, branch]`: two different records at one place of a log. A
  branch is `[[header, signature], ...]` from `seq` up to its first signed record, without bodies;
  both hang on the same `prev` and are ordered by the id of their first record.
- `["contest", join, join]`: two joins with valid proofs on one invitation slot, each
  `[enrol entry, join entry]`, ordered by the id of the join record.
- `["seats", certificate, certificate]`: two moves of one seat, or two recalls, of one attempt. They
  halt that height, whoever of the two came first where.
- `["split", certificate, certificate]`: two certificates of any other kinds, which a quorum of the
  tellers signed: fraud. They halt that height for who holds none above it yet.
- `["propose", …]`, `["prepare", …]`, `["commit", …]`, `["move-on", …]`, `["double", …]`: what
  tellers say while they agree, and proof of one who said two things (`protocol.teller_messages`).
- `["record", entry]`: one signed `gov` record with its body: an `erase`, an enrolment, what a
  certificate cites or a vote rests on.

The two certificates of an object are as they travel, differ, have one height and one `prev`, and
are ordered by id. Of several such objects on one `prev` a node keeps the one with the lowest ids;
of those with the same certificates, signed by others, the one with the lowest id itself.

Of several forks of one log a node keeps the one with the lowest seq, then the lowest id; of
several contests of one slot the lowest id. The choice decides only which proof is kept, never
what it proves, so grinding ids gains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from protocol.certificates import Certificate, check_move, read_certificate
from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.kinds import enrol as enrol_kind
from protocol.kinds import join as join_kind
from protocol.kinds.registry import content
from protocol.records import GOV, Record, read_entry, read_record, signed
from protocol.segments import MAX_RECORDS, check_chain
from protocol.teller_messages import DOUBLE, KINDS, Double, Message, read_double, read_message

MAX_OBJECT = 448 * 1024  # bytes; two branches of 1,024 of the longest headers fit, and a frame it


class Fork(NamedTuple):
    """Proof that (device, lane) has two records at `seq`, both after `prev`."""

    id: bytes
    raw: bytes
    device: bytes
    lane: int
    seq: int
    prev: bytes


class Contest(NamedTuple):
    """Proof that two joins were made; whether they share a slot depends on the invitations."""

    id: bytes
    raw: bytes
    records: tuple[Record, Record, Record, Record]  # enrol, join, enrol, join


class Spared(NamedTuple):
    """A `gov` record that stays in force on its own signature."""

    id: bytes
    raw: bytes
    record: Record


SEATS, SPLIT = "seats", "split"


class Rivals(NamedTuple):
    """Proof that two certificates were made on one `prev`. `sort`: SEATS by persons, SPLIT by
    tellers. Whether these could sign them depends on the chain.
    """

    id: bytes
    raw: bytes
    sort: str
    certificates: tuple[Certificate, Certificate]

    @property
    def attempt(self) -> int:
        """Of both; 0 for what tellers signed."""
        return 0 if self.sort == SPLIT else int(self.certificates[0].decision["attempt"])

    @property
    def prev(self) -> bytes:
        """What both follow."""
        return self.certificates[0].prev

    @property
    def height(self) -> int:
        """Of both."""
        return self.certificates[0].height

    @property
    def key(self) -> bytes:
        """Both ids: the same however the certificates were signed."""
        return self.certificates[0].id + self.certificates[1].id


SideObject = Fork | Contest | Rivals | Spared | Message | Double


def fork_proof(community: bytes, one: Sequence[Record], other: Sequence[Record]) -> Fork:
    """The proof from two branches that begin at the same seq; each ends in a signed record."""
    branches = sorted(
        (_to_signed(one, community), _to_signed(other, community)), key=lambda b: b[0].id
    )
    header = one[0].header
    sides: list[Plain] = [[[r.raw, r.signature] for r in branch] for branch in branches]
    raw = encode(["fork", header.device, header.lane, header.seq, *sides])
    found = read_object(raw, community)
    assert isinstance(found, Fork)  # noqa: S101 - for the type checker; read_object just read it
    return found


def contest_proof(community: bytes, one: Sequence[Record], other: Sequence[Record]) -> Contest:
    """The proof from two pairs (enrol record, join record)."""
    pairs = sorted((one, other), key=lambda pair: pair[1].id)
    sides: list[Plain] = [[record.entry() for record in pair] for pair in pairs]
    raw = encode(["contest", *sides])
    found = read_object(raw, community)
    assert isinstance(found, Contest)  # noqa: S101 - as above
    return found


def rivals_proof(community: bytes, sort: str, *several: Certificate) -> Rivals:
    """The proof from two certificates or more; of more, the two with the lowest ids."""
    ordered = sorted(several, key=lambda each: (each.id, encode(each.travel())), reverse=True)
    chosen = sorted({each.id: each for each in ordered}.values(), key=lambda each: each.id)[:2]
    raw = encode([sort, *[each.travel() for each in chosen]])
    found = read_object(raw, community)
    assert isinstance(found, Rivals)  # noqa: S101 - as above
    return found


def spare(record: Record) -> Spared:
    """The object that carries one signed `gov` record."""
    raw = encode(["record", record.entry()])
    return Spared(sha256(raw).digest(), raw, record)


def read_object(raw: bytes, community: bytes) -> SideObject:
    """The object that `raw` encodes, with everything it proves checked; Invalid otherwise."""
    value = decode(raw, limit=MAX_OBJECT)
    if not isinstance(value, list) or not value:
        raise _bad("not an array")
    object_id = sha256(raw).digest()
    if value[0] == "fork" and len(value) == 6:
        return _read_fork(object_id, raw, value, community)
    if value[0] == "contest" and len(value) == 3:
        return _read_contest(object_id, raw, value, community)
    if value[0] in (SEATS, SPLIT) and len(value) == 3:
        return _read_rivals(object_id, raw, value, community)
    if value[0] == "record" and len(value) == 2:
        record = read_entry(value[1])
        if record.header.lane != GOV or record.body is None:
            raise _bad("a spared record that is not in gov, or has no body")
        check_chain([record], community=community, device=record.header.device, lane=GOV)
        return Spared(object_id, raw, record)
    if value[0] == DOUBLE and len(value) == 3:
        return read_double(raw, value, community)
    if value[0] in KINDS:
        return read_message(raw, community)
    raise _bad("of an unknown sort")


def _read_fork(object_id: bytes, raw: bytes, value: list[Plain], community: bytes) -> Fork:
    device, lane, seq = value[1:4]
    branches = [_read_branch(branch) for branch in value[4:]]
    one, other = branches
    if (
        type(device) is not bytes
        or type(lane) is not int
        or type(seq) is not int
        or one[0].header.seq != seq
        or other[0].header.seq != seq
        or one[0].header.prev != other[0].header.prev
        or one[0].id >= other[0].id
    ):
        raise _bad("branches that do not begin at the same place")
    for branch in branches:
        if lane == GOV and len(branch) != 1:
            raise _bad("in gov each branch is one record")
        if lane != GOV and any(record.signature is not None for record in branch[:-1]):
            raise _bad("a branch that goes on past its first signature")
        check_chain(branch, community=community, device=device, lane=lane)
    return Fork(object_id, raw, device, lane, seq, one[0].header.prev)


def _read_branch(branch: Plain) -> list[Record]:
    if not isinstance(branch, list) or not 1 <= len(branch) <= MAX_RECORDS:
        raise _bad("a branch of no or too many records")
    records = []
    for item in branch:
        if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], bytes):
            raise _bad("a branch holds something that is not [header, signature]")
        records.append(read_record(item[0], item[1], None, None))  # type: ignore[arg-type]
    return records


def _read_contest(object_id: bytes, raw: bytes, value: list[Plain], community: bytes) -> Contest:
    records: list[Record] = []
    for pair in value[1:]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _bad("a side of a contest that is not [enrol, join]")
        enrol, join = (read_entry(entry) for entry in pair)
        said = content(enrol)
        if (
            not isinstance(said, enrol_kind.Enrol)
            or not isinstance(content(join), join_kind.Join)
            or enrol.header.seq != 1
            or join.header.seq != 2
        ):
            raise _bad("a side of a contest that is not an enrolment and a join")
        check_chain([enrol, join], community=community, device=enrol.header.device, lane=GOV)
        said.check(community, enrol.header.device)
        records += [enrol, join]
    if records[1].id >= records[3].id:
        raise _bad("the sides of a contest out of order")
    return Contest(object_id, raw, (records[0], records[1], records[2], records[3]))


def _read_rivals(object_id: bytes, raw: bytes, value: list[Plain], community: bytes) -> Rivals:
    one, other = (read_certificate(travel) for travel in value[1:])
    if one.id >= other.id:
        raise _bad("two certificates out of order")
    if any(each.community != community for each in (one, other)):
        raise _bad("certificates of another community")
    if (one.height, one.prev) != (other.height, other.prev):
        raise _bad("two certificates that don't follow the same one")
    sort = SPLIT if value[0] == SPLIT else SEATS
    if any(each.by_persons != (sort == SEATS) for each in (one, other)):
        raise _bad("what persons sign and what tellers sign, mixed up")
    if sort == SEATS:
        _check_attempts(one, other)
    return Rivals(object_id, raw, sort, (one, other))


def _check_attempts(one: Certificate, other: Certificate) -> None:
    """Invalid unless they are two moves of one seat, or two recalls, of one attempt."""
    attempts = [each.decision.get("attempt") for each in (one, other)]
    if one.kind != other.kind or any(type(each) is not int for each in attempts):
        raise _bad("certificates that are not two moves or two recalls")
    if attempts[0] != attempts[1]:
        raise _bad("certificates of two attempts")
    if one.kind == "move-seat":
        for each in (one, other):
            check_move(each, each.next_tellers[0].person)


def _to_signed(branch: Sequence[Record], community: bytes) -> Sequence[Record]:
    """Up to the first record whose signature is valid; false signatures before it are dropped."""
    kept: list[Record] = []
    for record in branch[:MAX_RECORDS]:
        if signed(record, community):
            return [*kept, record]
        kept.append(record._replace(signature=None))
    raise Invalid("unsigned-branch", "a branch without a valid signature proves nothing")


def _bad(why: str) -> Invalid:
    return Invalid("bad-evidence", f"an object of the side set that can't be read: {why}")
