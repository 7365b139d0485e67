"""What `gov` says about votes: proposals, ballots, receipts, stops, and what members move.

Facts as their authors state them. Whether a device may vote, whether a receipt is a teller's, what
counts: all that is for who reads them together with the certified state (`storage.assembly`,
`storage.recount`). Nothing here is ever erased, since nothing in `gov` is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.codec import encode
from protocol.kinds.appeal import Appeal
from protocol.kinds.ask_seat import AskSeat
from protocol.kinds.ballot import Ballot
from protocol.kinds.challenge import Challenge
from protocol.kinds.proposal import Proposal
from protocol.kinds.receipts import Receipts
from protocol.kinds.retire import Retire
from protocol.kinds.stop import Stop
from protocol.kinds.vouch import Vouch
from protocol.kinds.withdraw_proposal import WithdrawProposal
from storage.store import Store
from storage.views.view import Item, View

WITHDRAW, CHALLENGE, APPEAL, RETIRE, VOUCH = "withdraw", "challenge", "appeal", "retire", "vouch"
SEAT = "seat"

_COLUMNS = {
    "proposal": "rowid, log_no, seq, record, kind, title",
    "ballot": "log_no, seq, record, open, version, choice",
    "receipts": "log_no, seq, record, open, before, ballots",
    "stop": "log_no, seq, record, open, last",
    "motion": "log_no, seq, record, sort, about, detail",
}
TABLES = tuple(_COLUMNS)


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add a row for each statement; of what tellers act on, note when this node first held it."""
    rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in TABLES}
    for item in items:
        at = (item.log.no, item.record.header.seq, item.record.id)
        match item.said:
            case Proposal(kind=kind, title=title):
                rows["proposal"].append((item.rowid, *at, kind, title))
            case Ballot(open=open_, version=version, choice=choice):
                rows["ballot"].append((*at, open_, version, encode(choice)))
            case Receipts(open=open_, ballots=ballots, before=before):
                rows["receipts"].append((*at, open_, before, b"".join(ballots)))
            case Stop(open=open_, last=last):
                rows["stop"].append((*at, open_, last))
            case _:
                rows["motion"].append((*at, *_motion(item.said)))
    for table, some in rows.items():
        if some:
            marks = ", ".join("?" * len(some[0]))
            store.db.conn.executemany(
                f"INSERT INTO {table} ({_COLUMNS[table]}) VALUES ({marks})", some
            )
    now = store.now_ms()
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO seen (record, at_ms) VALUES (?, ?)",
        [
            (item.record.id, now)
            for item in items
            if not isinstance(item.said, Ballot | Receipts | Stop)
        ],
    )


def _motion(said: object) -> tuple[str, bytes, bytes]:
    """Sort, subject and detail."""
    match said:
        case WithdrawProposal(proposal=proposal):
            return WITHDRAW, proposal, b""
        case Challenge(proposal=proposal, close=close, ballots=ballots):
            return CHALLENGE, proposal, b"".join((close, *ballots))
        case Appeal(proposal=proposal):
            return APPEAL, proposal, b""
        case Retire(device=device, heads=heads):
            return RETIRE, device, encode([list(head) for head in heads])
        case Vouch(person=person):
            return VOUCH, person, b""
        case AskSeat(certificate=certificate, device=device, heads=heads):
            return SEAT, device or b"", encode([certificate, [list(head) for head in heads]])
    raise AssertionError(f"not a motion: {said}")


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back what a log said after a seq."""
    for table in TABLES:
        store.db.execute(f"DELETE FROM {table} WHERE log_no = ? AND seq > ?", [log_no, after])


def digest(store: Store) -> Iterator[bytes]:
    """Every statement by a device in view."""
    for table in TABLES:
        for (record,) in store.db.execute(
            f"SELECT record FROM {table} JOIN log ON log.no = {table}.log_no"
            " JOIN device ON device.no = log.device_no WHERE device.standing > 0 ORDER BY record"
        ):
            yield record


VIEW = View(
    name="assembly",
    kinds=(
        "proposal",
        "withdraw-proposal",
        "ballot",
        "receipts",
        "stop",
        "challenge",
        "appeal",
        "retire",
        "vouch",
        "ask-seat",
    ),
    tables=TABLES,
    apply=apply,
    retract=retract,
    digest=digest,
)
