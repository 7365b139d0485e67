"""`recommend`: a member recommends a listing, or everything that a person sells.

Who buys after it may name it, and its author then has the referrer's part in the sale. Of the
versions by one person about one thing the highest stands; equal versions: the lowest id. A later
withdrawal undoes no sale. What the author says about it is a `comment`, which can be erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET
from protocol.shape import Body, flag, maybe_key32, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommend:
    """What is recommended: a listing, by its first record, or else a person; or nothing at all."""

    listing: bytes | None = None
    person: bytes | None = None
    version: int = 1
    withdrawn: bool = False

    @property
    def subject(self) -> bytes | None:
        """The listing or the person."""
        return self.listing or self.person

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {
            "listing": self.listing,
            "person": self.person,
            "version": self.version,
            "withdrawn": self.withdrawn,
        }


def read(data: Body) -> Recommend:
    """The recommendation that `data` holds."""
    listing, person = maybe_key32(data, "listing"), maybe_key32(data, "person")
    return Recommend(
        listing=listing,
        person=person if listing is None else None,
        version=whole(data, "version", 1),
        withdrawn=flag(data, "withdrawn"),
    )


KIND = Kind(name="recommend", lane=MARKET, erasable=False, read=read)
