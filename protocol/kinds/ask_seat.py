"""`ask-seat`: one of several tellers asks the others to move their seat, or gives it up.

`heads` say where the logs of the device that has the seat are to end; a lane that is not named ends
at nothing. `certificate` is the newest that the author knows: what was asked in an earlier term is
over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.kinds.leave import Head
from protocol.records import GOV
from protocol.shape import Body, head, key32, rows


@dataclass(frozen=True, kw_only=True, slots=True)
class AskSeat:
    """The device of the author's that is to have the seat; None gives it up."""

    certificate: bytes
    device: bytes | None
    heads: tuple[Head, ...]  # (device, lane, seq, id)


def body(certificate: bytes, device: bytes | None, heads: Sequence[Head]) -> dict[str, Plain]:
    """The record's body."""
    return {
        "certificate": certificate,
        "device": device,
        "heads": [list(each) for each in heads],
    }


def read(data: Body) -> AskSeat:
    """What `data` holds."""
    return AskSeat(
        certificate=key32(data, "certificate"),
        device=None if data.get("device") is None else key32(data, "device"),
        heads=tuple(head(each) for each in rows(data, "heads", 3)),
    )


KIND = Kind(name="ask-seat", lane=GOV, erasable=False, read=read)
