"""`stop`: a teller takes no more ballots for a vote; `last` ends its chain of receipts."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """The end of the vote `open` for this teller; `last`: its last receipts, None for none."""

    open: bytes
    last: bytes | None


def body(open_: bytes, last: bytes | None) -> dict[str, Plain]:
    """The body of a stop."""
    return {"open": open_, "last": last}


def read(data: Body) -> Stop:
    """The stop that `data` holds."""
    return Stop(
        open=key32(data, "open"),
        last=None if data.get("last") is None else key32(data, "last"),
    )


KIND = Kind(name="stop", lane=GOV, erasable=False, read=read)
