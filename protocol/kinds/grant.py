"""`grant`: a maker lets another member sell their goods, for a margin within bounds.

The first record of a grant has no `root`; its id names the grant for good. What changes later is a
new version that carries that id. Units of the goods are numbered from 1; a grant covers those up
to its `quota`, so a lower one, or a withdrawal, says by its quota which sales still stand.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.kinds.listing import ALL_BPS
from protocol.kinds.receipt import MAX_UNITS
from protocol.records import MARKET, MAX_TIME
from protocol.shape import Body, flag, ids, key32, maybe_key32, maybe_whole, unreadable, whole

MAX_LISTINGS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """`to` may sell `listings` of the author's (none named: all of them)."""

    to: bytes  # person
    quota: int  # units
    margin: tuple[int, int]  # basis points of the seller's part, lowest and highest
    version: int = 1
    root: bytes | None = None  # None in the first version
    listings: tuple[bytes, ...] = ()  # by their first records
    until_ms: int | None = None  # until when new sales may be agreed, by one's own clock
    withdrawn: bool = False

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {
            "version": self.version,
            "root": self.root,
            "to": self.to,
            "listings": list(self.listings),
            "margin": list(self.margin),
            "quota": self.quota,
            "until": self.until_ms,
            "withdrawn": self.withdrawn,
        }


def read(data: Body) -> Grant:
    """The grant that `data` holds."""
    margin = data.get("margin")
    if type(margin) is not list or len(margin) != 2 or any(type(bps) is not int for bps in margin):
        raise unreadable("margin")
    low, high = margin
    if not 0 <= low <= high <= ALL_BPS:
        raise unreadable("margin")
    listings = data.get("listings")
    return Grant(
        to=key32(data, "to"),
        quota=whole(data, "quota", 0, MAX_UNITS),
        margin=(low, high),
        version=whole(data, "version", 1),
        root=maybe_key32(data, "root"),
        listings=() if listings in (None, []) else ids(listings, MAX_LISTINGS),
        until_ms=maybe_whole(data, "until", 0, MAX_TIME),
        withdrawn=flag(data, "withdrawn"),
    )


KIND = Kind(name="grant", lane=MARKET, erasable=False, read=read)
