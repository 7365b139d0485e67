"""`receipts`: a teller says which ballots of a vote have reached its node in time.

The receipts of one teller for one vote form a chain of their own by `before`, which ends in the
teller's `stop`. So what a teller held can be followed by ids alone, whatever becomes of its log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, ids, key32

MOST = 256  # ballots in one record


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipts:
    """These ballots (record ids) of the vote `open` are held; `before`: the receipts before."""

    open: bytes
    ballots: tuple[bytes, ...]
    before: bytes | None


def body(open_: bytes, ballots: Sequence[bytes], before: bytes | None) -> dict[str, Plain]:
    """The body of receipts."""
    return {"open": open_, "ballots": list(ballots), "before": before}


def read(data: Body) -> Receipts:
    """The receipts that `data` holds."""
    return Receipts(
        open=key32(data, "open"),
        ballots=ids(data.get("ballots"), MOST),
        before=None if data.get("before") is None else key32(data, "before"),
    )


KIND = Kind(name="receipts", lane=GOV, erasable=False, read=read)
