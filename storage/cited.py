"""What a vote rests on stays in force beyond forks and cuts: tellers' receipts and stops, ballots.

A `receipts` or `stop` record is evidence when its device holds a seat in the round that it names,
and a ballot when such receipts name it. Both are read from facts that only ever come: the seats of
rounds, from certificates (`seat`), and what authentic receipts name (`receipted`). So it does not
matter in which order records and certificates arrive, nor what becomes of the logs they stood in.
`storage.sideset` carries such records where the logs in view don't hold them.

Every receipt that a teller signed counts, whichever branch of its log holds it: a teller who forks
its log can't take a ballot back that it has said to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from governance.certified import Certified, Round
from protocol.kinds.ballot import Ballot
from protocol.kinds.receipts import Receipts
from protocol.kinds.registry import content
from protocol.kinds.stop import Stop
from protocol.records import GOV, Record, read_record
from storage.store import Store, h64

Evidence = Ballot | Receipts | Stop
KINDS = ("ballot", "receipts", "stop")


def evidence(record: Record) -> Evidence | None:
    """What a record says that a vote may rest on; None for any other."""
    if record.header.kind not in KINDS:
        return None
    said = content(record)
    return said if isinstance(said, Evidence) else None


def in_force(store: Store, sort: str, device: bytes, record_id: bytes, open_: bytes) -> bool:
    """Whether a record of one of `KINDS`, about the round `open_`, is evidence as things stand."""
    if sort == "ballot":
        query = (
            "SELECT 1 FROM receipted JOIN seat USING (open64, device64)"
            " WHERE ballot64 = ? AND open64 = ?"
        )
        values = [h64(record_id), h64(open_)]
    else:
        query = "SELECT 1 FROM seat WHERE open64 = ? AND device64 = ?"
        values = [h64(open_), h64(device)]
    return store.db.execute(query, values).fetchone() is not None


def learn(store: Store, record: Record, said: Receipts) -> list[Record]:
    """Note what authentic receipts name; the ballots among it beyond their log's prefix."""
    _note(store, record.header.device, said.open, said.ballots)
    return [found for found in _beyond(store, said.ballots) if found.header.kind == "ballot"]


def relearn(store: Store, device: bytes, beyond: Iterable[Record]) -> list[Record]:
    """Some receipts of a device are not kept any more: only what the others name stays named.

    `beyond`: those that no log in view holds; as with `learn`, the ballots that these name. So
    what is in force depends on what is kept alone.
    """
    store.db.execute("DELETE FROM receipted WHERE device64 = ?", [h64(device)])
    in_view = store.db.execute(
        "SELECT open, ballots FROM receipts JOIN log ON log.no = log_no"
        " JOIN device ON device.no = device_no WHERE device.key = ?",
        [device],
    ).fetchall()
    for open_, packed in in_view:
        _note(store, device, open_, [packed[at : at + 32] for at in range(0, len(packed), 32)])
    found: list[Record] = []
    for record in beyond:
        said = content(record)
        if isinstance(said, Receipts):
            found += learn(store, record, said)
    return found


def _note(store: Store, device: bytes, open_: bytes, ballots: Sequence[bytes]) -> None:
    open64, device64 = h64(open_), h64(device)
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO receipted (ballot64, open64, device64) VALUES (?, ?, ?)",
        [(h64(ballot), open64, device64) for ballot in ballots],
    )


def opened(store: Store, round_: Round) -> list[Record]:
    """A round has begun: note its seats; what is held beyond prefixes that may be its evidence."""
    _seats(store, [round_])
    about = [round_.open]
    rows = store.db.execute(
        "SELECT header, signature, salt, body FROM contested JOIN log ON log.no = log_no"
        " WHERE lane = 0 AND instr(body, ?)",
        about,
    ).fetchall()
    rows += store.db.execute(
        "SELECT header, signature, salt, body FROM log JOIN record ON log_no = log.no"
        " WHERE lane = 0 AND head_seq > prefix_seq AND seq > prefix_seq AND instr(body, ?)",
        about,
    ).fetchall()
    found = (read_record(*row) for row in rows)
    return [record for record in found if evidence(record) is not None]


def rebuild(store: Store, state: Certified | None) -> None:
    """Note the seats of every round again, after the chain has changed or the views are rebuilt."""
    store.db.execute("DELETE FROM seat")
    if state is not None:
        _seats(store, [each for vote in state.votes.values() for each in vote.rounds])


def _seats(store: Store, rounds: Iterable[Round]) -> None:
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO seat (open64, device64) VALUES (?, ?)",
        [(h64(each.open), h64(seat.device)) for each in rounds for seat in each.tellers],
    )


def _beyond(store: Store, ids: Sequence[bytes]) -> Iterator[Record]:
    """Those of these gov records that are held beside a log, or in it beyond its prefix."""
    marks = ", ".join("?" * len(ids))
    rows = store.db.execute(
        "SELECT header, signature, salt, body FROM contested"
        f" WHERE id IN ({marks}) AND body IS NOT NULL",
        list(ids),
    ).fetchall()
    rows += store.db.execute(
        "SELECT header, signature, salt, body FROM record JOIN log ON log.no = log_no"
        f" WHERE h64 IN ({marks}) AND lane = 0 AND seq > prefix_seq",
        [h64(each) for each in ids],
    ).fetchall()
    for row in rows:
        record = read_record(*row)
        if record.header.lane == GOV and record.id in ids:
            yield record
