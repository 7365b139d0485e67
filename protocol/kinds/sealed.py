"""`sealed`: a letter that only the devices it is sealed for can open; see `protocol.sealing`.

Everybody keeps and carries it. What it holds is told by `protocol.letters`. Nobody can erase one:
what was agreed in letters stays provable to those who had them.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET, MAX_BODY
from protocol.sealing import LEAST_BOX, MOST_READERS, PLACE
from protocol.shape import Body, key32, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A box for some devices, as `protocol.sealing` makes it."""

    box: bytes
    key: bytes
    to: bytes

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {"box": self.box, "key": self.key, "to": self.to}


def read(data: Body) -> Sealed:
    """The box that `data` holds. Who can open it, and whether anybody can, is not seen here."""
    box, to = data.get("box"), data.get("to")
    if type(box) is not bytes or not LEAST_BOX <= len(box) <= MAX_BODY:
        raise unreadable("box")
    if type(to) is not bytes or len(to) not in range(PLACE, (MOST_READERS + 1) * PLACE, PLACE):
        raise unreadable("to")
    return Sealed(box=box, key=key32(data, "key"), to=to)


KIND = Kind(name="sealed", lane=MARKET, erasable=False, read=read)
