"""Reading what members said about votes, for tellers and pages.

Only what devices say that are or were certified counts; whether their persons may vote or move
something now is for the reader, who has the certified state at hand. What stays in force beyond
forks and cuts is found too, wherever it is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import cbor2

from governance.membership import CERTIFIED
from protocol.codec import Plain, decode
from protocol.evidence import MAX_OBJECT
from protocol.kinds import proposal as proposal_kind
from protocol.kinds.receipts import Receipts
from protocol.kinds.registry import content
from protocol.kinds.stop import Stop
from protocol.records import Record, read_entry, read_header
from storage import branches, certificates
from storage.rows import find_record
from storage.store import Store, h64
from storage.views import comments as comment_view
from storage.views.comments import Remark

_OF_MEMBERS = (
    "JOIN log ON log.no = {0}.log_no JOIN device ON device.no = log.device_no"
    f" AND device.standing >= {CERTIFIED}"
)


class Proposal(NamedTuple):
    """A proposal, opened or not, as a list shows it; `proposal` has all that it says."""

    record: bytes
    device: bytes
    person: bytes
    kind: str
    title: str
    header: bytes

    @property
    def made_ms(self) -> int:
        """When its author says it was written."""
        return read_header(self.header).time_ms


def proposals(store: Store) -> list[Proposal]:
    """All of them, in the order in which this node came to hold them.

    Those that a vote was opened on and that no log in view holds any more come last.
    """
    query = (
        "SELECT proposal.record, device.key, person, kind, title, header FROM proposal"
        f" {_OF_MEMBERS.format('proposal')} JOIN record ON record.rowid = proposal.rowid"
        " ORDER BY proposal.rowid"
    )
    found = {row[0]: Proposal(*row) for row in store.db.execute(query)}
    state = certificates.current(store)
    for record_id, vote in state.votes.items() if state is not None else ():
        if record_id not in found and (here := proposal(store, record_id)) is not None:
            record, said = here
            found[record_id] = Proposal(
                record_id, record.header.device, vote.author, said.kind, said.title, record.raw
            )
    return list(found.values())


def proposals_between(store: Store, low: bytes, high: bytes) -> list[bytes]:
    """The ids from `low` to `high` of proposals in logs in view."""
    query = (
        f"SELECT proposal.record FROM proposal {_OF_MEMBERS.format('proposal')}"
        " WHERE proposal.record BETWEEN ? AND ?"
    )
    return [row[0] for row in store.db.execute(query, [low, high])]


def proposal(store: Store, record_id: bytes) -> tuple[Record, proposal_kind.Proposal] | None:
    """All that one of them says: text, effect and options; None while it is not here."""
    record = anywhere(store, record_id)
    said = None if record is None else content(record)
    if record is None or not isinstance(said, proposal_kind.Proposal):
        return None
    return record, said


class Ballot(NamedTuple):
    """A ballot in a log in view."""

    record: bytes
    device: bytes
    person: bytes
    version: int
    raw: bytes

    @property
    def choice(self) -> Plain:
        """What its author wrote, whatever that means."""
        found: Plain = cbor2.loads(self.raw)  # encoded by the view
        return found


def ballots(store: Store, open_: bytes, person: bytes | None = None) -> list[Ballot]:
    """The ballots cast in the round that certificate `open_` began, by version, then by id.

    Only those of `person` if one is named.
    """
    query = (
        "SELECT record, device.key, person, version, choice FROM ballot"
        f" {_OF_MEMBERS.format('ballot')} WHERE open = ?1 AND (?2 IS NULL OR person = ?2)"
        " ORDER BY version, record"
    )
    return [Ballot(*row) for row in store.db.execute(query, [open_, person])]


class Receipt(NamedTuple):
    """Receipts that one device wrote: these ballots were held in time."""

    record: bytes
    seq: int
    before: bytes | None
    ballots: tuple[bytes, ...]


def receipts_of(store: Store, device: bytes, open_: bytes) -> list[Receipt]:
    """All receipts of a teller's device for a round, in the order of its log.

    Of a log that forked those of every branch, as far as they are here.
    """
    found = {
        record: Receipt(record, seq, before, _ids(named))
        for record, seq, before, named in store.db.execute(
            "SELECT record, seq, before, ballots FROM receipts JOIN log ON log.no = log_no"
            " JOIN device ON device.no = device_no WHERE open = ? AND device.key = ?",
            [open_, device],
        )
    }
    for record in _spared(store, "receipts", device, open_):
        said = content(record)
        assert isinstance(said, Receipts)  # noqa: S101 - that is its sort
        found[record.id] = Receipt(record.id, record.header.seq, said.before, said.ballots)
    return sorted(found.values(), key=lambda each: (each.seq, each.record))


def any_without_receipt(store: Store, device: bytes, open_: bytes) -> bool:
    """Whether a ballot of a round has no receipt by this device, whatever it is worth.

    A quick look, for a teller's node that asks after every record that comes.
    """
    query = (
        f"SELECT 1 FROM ballot {_OF_MEMBERS.format('ballot')}"
        " JOIN record ON record.log_no = ballot.log_no AND record.seq = ballot.seq"
        " WHERE open = ? AND NOT EXISTS (SELECT 1 FROM receipted"
        " WHERE ballot64 = record.h64 AND open64 = ? AND device64 = ?) LIMIT 1"
    )
    return store.db.execute(query, [open_, h64(open_), h64(device)]).fetchone() is not None


class Stopped(NamedTuple):
    """A teller takes no more ballots; `last` ends its chain of receipts."""

    record: bytes
    seq: int
    last: bytes | None


def stop_of(store: Store, device: bytes, open_: bytes) -> Stopped | None:
    """The stop of a teller's device for a round; of several the first in its log."""
    found = [
        Stopped(*row)
        for row in store.db.execute(
            "SELECT record, seq, last FROM stop JOIN log ON log.no = log_no"
            " JOIN device ON device.no = device_no WHERE open = ? AND device.key = ?",
            [open_, device],
        )
    ]
    for record in _spared(store, "stop", device, open_):
        said = content(record)
        assert isinstance(said, Stop)  # noqa: S101 - that is its sort
        found.append(Stopped(record.id, record.header.seq, said.last))
    return min(found, key=lambda each: (each.seq, each.record), default=None)


class Motion(NamedTuple):
    """Something short that a member moved. `about`: a proposal; for retire a device, for vouch a
    person, for seat the device that is to have it, or nothing. `detail`: of a challenge the ids of
    the close and of ballots, 32 bytes each; of retire the heads, encoded; of seat `[certificate,
    heads]`, encoded; else nothing.
    """

    record: bytes
    device: bytes
    person: bytes
    about: bytes
    detail: bytes


def motions(store: Store, sort: str, about: bytes | None = None) -> list[Motion]:
    """What was moved of this sort (see `storage.views.assembly`), about one thing or all."""
    query = (
        "SELECT record, device.key, person, about, detail FROM motion"
        f" {_OF_MEMBERS.format('motion')} WHERE sort = ?1 AND (?2 IS NULL OR about = ?2)"
        " ORDER BY record"
    )
    return [Motion(*row) for row in store.db.execute(query, [sort, about])]


def comments(store: Store, about: Iterable[bytes]) -> list[Remark]:
    """What members said about these records, oldest first."""
    return comment_view.about(store, about)


def anywhere(store: Store, record_id: bytes) -> Record | None:
    """A gov record with its body, in a log, beside it or in the side set; None if not here."""
    found = find_record(store, record_id)
    record = found[2] if found is not None else branches.find(store, record_id)
    if record is not None and record.body is not None:
        return record
    row = store.db.execute(
        "SELECT raw FROM side WHERE place = ?", [f"record {record_id.hex()}"]
    ).fetchone()
    return None if row is None else _entry(row[0])


def _spared(store: Store, sort: str, device: bytes, open_: bytes) -> Iterator[Record]:
    for (raw,) in store.db.execute(
        "SELECT raw FROM side WHERE subject = ? AND sort = ? AND substr(key, 33) = ?",
        [device, sort, open_],
    ).fetchall():
        yield _entry(raw)


def _entry(raw: bytes) -> Record:
    value: Any = decode(raw, limit=MAX_OBJECT)  # checked in full before it was kept
    return read_entry(value[1])


def _ids(packed: bytes) -> tuple[bytes, ...]:
    return tuple(packed[at : at + 32] for at in range(0, len(packed), 32))
