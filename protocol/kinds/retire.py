"""`retire`: a person gives up one of their own devices, from another one.

`heads` say where the logs of that device are to end; a lane that is not named ends at nothing.
Records that a certificate or a teller's receipt rests on stay in force beyond.
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
class Retire:
    """The device, and (device, lane, seq, id) where each of its logs is to end."""

    device: bytes
    heads: tuple[Head, ...]


def body(device: bytes, heads: Sequence[Head]) -> dict[str, Plain]:
    """The record's body."""
    return {"device": device, "heads": [list(each) for each in heads]}


def read(data: Body) -> Retire:
    """What `data` holds."""
    return Retire(
        device=key32(data, "device"), heads=tuple(head(each) for each in rows(data, "heads", 3))
    )


KIND = Kind(name="retire", lane=GOV, erasable=False, read=read)
