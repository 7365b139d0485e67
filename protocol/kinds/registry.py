"""Every kind this program can read. A record of another kind is kept and passed on, in no view."""

from __future__ import annotations

from typing import Any

from protocol.errors import Invalid
from protocol.kinds import (
    appeal,
    ask_seat,
    ballot,
    challenge,
    comment,
    confirm,
    enrol,
    erase,
    found,
    got,
    grant,
    invite,
    join,
    leave,
    listing,
    payment,
    present,
    profile,
    proposal,
    recall,
    receipt,
    receipts,
    recommend,
    refund,
    retire,
    review,
    sealed,
    stop,
    vouch,
    withdraw,
    withdraw_proposal,
)
from protocol.kinds.kind import Kind
from protocol.records import GOV, Record, read_body

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        found,
        enrol,
        invite,
        confirm,
        join,
        leave,
        erase,
        profile,
        listing,
        withdraw,
        retire,
        vouch,
        proposal,
        withdraw_proposal,
        ballot,
        receipts,
        stop,
        challenge,
        appeal,
        recall,
        ask_seat,
        present,
        comment,
        sealed,
        payment,
        got,
        receipt,
        refund,
        grant,
        recommend,
        review,
    )
}


def content(record: Record) -> Any:
    """What the record says, as its kind's dataclass; None when this program can't read it.

    None for an unknown kind, a kind in a lane that isn't its own, a missing body, and a body of
    the wrong shape: such records are kept and relayed, and appear in no view.
    """
    kind = KINDS.get(record.header.kind)
    if kind is None or kind.lane != record.header.lane:
        return None
    body = read_body(record)
    if body is None:
        return None
    try:
        return kind.read(body)
    except Invalid:
        return None


def erasable(record: Record) -> bool:
    """Whether this record's body may be missing beside an erase record.

    Nothing in `gov`; elsewhere what its kind says; an unknown kind may (its own program knows).
    """
    if record.header.lane == GOV:
        return False
    kind = KINDS.get(record.header.kind)
    return kind is None or kind.erasable
