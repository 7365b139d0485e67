"""The ballots of one round that may count: by whom they are, and what they choose.

A ballot may count if it is signed, names the round, is by a device that was listed for a voter when
the round was closed (or is now, while it is open) and that the voter enrolled, and the method can
read its choice. The roll alone does not do: a teller who lists a device of its own as somebody's
has no enrolment by them. Which of a voter's ballots does count is for `storage.recount`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import cbor2

from governance.certified import SECOND_CALL, Certified, Round, Vote
from governance.counting import Question
from governance.methods.registry import METHODS
from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.keys import RECORD, verified
from protocol.kinds.ballot import Ballot
from protocol.kinds.registry import content
from protocol.records import signed
from storage import assembly
from storage.database import get_meta
from storage.store import Store, h64

FETCH = 500  # ids in one query


class Cast(NamedTuple):
    """A ballot that may count for a person. `choice` is as the method reads it."""

    person: bytes
    record: bytes
    version: int
    choice: Plain

    @property
    def order(self) -> tuple[int, bytes]:
        """Of a person's ballots the lowest in this order stands."""
        return -self.version, self.record


def question(vote: Vote, round_: Round) -> Question:
    """What a round asks, and what it takes."""
    return Question(
        method=vote.rule.method,
        options=tuple(name for name, _ in round_.options),
        seats=round_.seats,
        alternates=round_.alternates,
        thresholds=vote.thresholds,
        quorums=vote.quorums,
    )


def second_call_left(vote: Vote) -> bool:
    """Whether a missed quorum would lead to another round."""
    return vote.rule.second_call and SECOND_CALL not in vote.tried


# A round is counted again and again while it is open, and shown as often: of each ballot the
# same is asked every time, and it never changes.


@lru_cache(maxsize=4096)
def authentic(device: bytes, signature: bytes, community: bytes, record: bytes) -> bool:
    """Whether a device signed the record with this id."""
    return verified(device, signature, RECORD, community, record)


@lru_cache(maxsize=2048)
def chosen(method: str, options: tuple[str, ...], raw: bytes) -> Plain | None:
    """The choice in an encoded one as the method reads it; None if it can't."""
    try:
        return METHODS[method].read(cbor2.loads(raw), options)
    except Invalid:
        return None


def _without_enrolment(store: Store, persons: Mapping[bytes, bytes]) -> set[bytes]:
    """Of these devices (device -> person) those of which no authentic enrolment is here."""
    query = store.db.execute
    enrolled = set(query("SELECT device, person FROM enrolment"))
    rest = {device for device, person in persons.items() if (device, person) not in enrolled}
    for device in tuple(rest):  # their logs are cut, or forked where they begin
        beside = query(
            "SELECT 1 FROM side WHERE subject = ? AND sort = 'enrol' AND substr(key, 33) = ?",
            [device, persons[device]],
        ).fetchone()
        if beside is not None or _is_founders(store, device):
            rest.discard(device)
    return rest


def _is_founders(store: Store, device: bytes) -> bool:
    """Whether the founding record, which is held whatever becomes of its log, enrols a device."""
    return get_meta(store.db, "founder") == device.hex()


class Polling:
    """A round as the certified state and the records held show it."""

    def __init__(self, store: Store, state: Certified, vote: Vote, round_: Round) -> None:
        self._store, self.open = store, round_.open
        self.question = question(vote, round_)
        self.voters = round_.voters if round_.close else round_.electorate & state.members()
        last = state.height if round_.height is None else round_.height
        self._listed = {d for person in state.roll.persons.values() for d in person.devices}
        self._persons = {
            device: person
            for person in self.voters
            for device, height in state.roll.persons[person].devices.items()
            if height <= last
        }
        self._strange = _without_enrolment(store, self._persons)
        self._options = self.question.on_ballot

    def here(self, ids: Collection[bytes]) -> tuple[dict[bytes, Cast], int]:
        """Of these ballots those that may count, by id, and how many are not here.

        Each one's signature is verified, wherever it is held. What is no ballot of this round by a
        device on the roll, or comes without its person's enrolment, is as good as not here: not
        everybody may hold it.
        """
        found: dict[bytes, Cast] = {}
        rest = set(ids)
        for record_id, header, signature, device, version, choice in self._rows(tuple(rest)):
            if (
                record_id in rest
                and device in self._listed
                and sha256(header).digest() == record_id
                and authentic(device, signature, self._store.community, record_id)
            ):
                rest.discard(record_id)
                self._add(found, record_id, device, version, choice)
        for record_id in self._anywhere(tuple(rest)):
            record = assembly.anywhere(self._store, record_id)
            said = None if record is None else content(record)
            if (
                record is not None
                and isinstance(said, Ballot)
                and said.open == self.open
                and record.header.device in self._listed
                and record.header.device not in self._strange
                and signed(record, self._store.community)
            ):
                rest.discard(record_id)
                raw = encode(said.choice)
                self._add(found, record_id, record.header.device, said.version, raw)
        return found, len(rest)

    def _anywhere(self, ids: Sequence[bytes]) -> Iterator[bytes]:
        """Those of these that may be here at all: a false teller may name any number of others."""
        query = self._store.db.execute
        for start in range(0, len(ids), FETCH):
            some = ids[start : start + FETCH]
            marks = ", ".join("?" * len(some))
            beside = query(f"SELECT id FROM contested WHERE id IN ({marks})", list(some))
            here = {row[0] for row in beside}
            spared = query(
                f"SELECT place FROM side WHERE place IN ({marks})",
                [f"record {each.hex()}" for each in some],
            )
            here.update(bytes.fromhex(place.split()[1]) for (place,) in spared)
            in_logs = query(
                f"SELECT h64 FROM record WHERE h64 IN ({marks})", [h64(each) for each in some]
            )
            numbers = {number for (number,) in in_logs}
            yield from (each for each in some if each in here or h64(each) in numbers)

    def in_view(self) -> dict[bytes, Cast]:
        """By id, the ballots that may count and stand in logs in view."""
        found: dict[bytes, Cast] = {}
        for each in assembly.ballots(self._store, self.open):
            self._add(found, each.record, each.device, each.version, each.raw)
        return found

    def _add(
        self,
        found: dict[bytes, Cast],
        record: bytes,
        device: bytes,
        version: int,
        raw: bytes,
    ) -> None:
        person = self._persons.get(device)
        if person is None or device in self._strange:
            return
        choice = chosen(self.question.method, self._options, raw)
        if choice is not None:
            found[record] = Cast(person, record, version, choice)

    def _rows(
        self, ids: Collection[bytes]
    ) -> Iterator[tuple[bytes, bytes, bytes, bytes, int, bytes]]:
        """What logs in view hold of these: (record, header, signature, device, version, choice)."""
        wanted = [h64(each) for each in ids]
        for start in range(0, len(wanted), FETCH):
            some = wanted[start : start + FETCH]
            yield from self._store.db.execute(
                "SELECT ballot.record, header, signature, device.key, version, choice FROM record"
                " JOIN ballot ON ballot.log_no = record.log_no AND ballot.seq = record.seq"
                " JOIN log ON log.no = record.log_no JOIN device ON device.no = log.device_no"
                f" WHERE open = ? AND h64 IN ({', '.join('?' * len(some))})",
                [self.open, *some],
            )
