"""`leave`: a member goes, naming the heads of their own logs; what comes after is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, head, rows

Head = tuple[bytes, int, int, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave:
    """`heads`: (device, lane, seq, id) where each of the leaver's logs is to end."""

    heads: tuple[Head, ...]


def body(heads: Sequence[Head]) -> dict[str, Plain]:
    """The body of a leave."""
    return {"heads": [list(each) for each in heads]}


def read(data: Body) -> Leave:
    """The leave that `data` holds."""
    return Leave(heads=tuple(head(each) for each in rows(data, "heads", 64)))


KIND = Kind(name="leave", lane=GOV, erasable=False, read=read)
