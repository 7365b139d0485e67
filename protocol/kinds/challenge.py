"""`challenge`: a member says that a vote was closed wrongly, and names the ballots left out.

Or that it was opened for something else than its author proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, ids, key32

MOST = 64  # ballots named


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """Against certificate `close` of `proposal`, which is the newest close or the first `open`;
    `ballots`: those that should have counted.
    """

    proposal: bytes
    close: bytes
    ballots: tuple[bytes, ...]


def body(proposal: bytes, close: bytes, ballots: Sequence[bytes]) -> dict[str, Plain]:
    """The record's body."""
    return {"proposal": proposal, "close": close, "ballots": list(ballots)}


def read(data: Body) -> Challenge:
    """What `data` holds."""
    named = data.get("ballots")
    return Challenge(
        proposal=key32(data, "proposal"),
        close=key32(data, "close"),
        ballots=() if named in (None, []) else ids(named, MOST),
    )


KIND = Kind(name="challenge", lane=GOV, erasable=False, read=read)
