"""`contact`: who a guest is and how to reach them, for the seller of their order alone.

A guest has no person key. The host's node seals this for the seller's devices and keeps no copy, so
not even the host can read it afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.letters.letter import LetterKind
from protocol.shape import Body, key32, text, unreadable

MAX_NAME = 100  # characters
MAX_REACH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A guest's `name` and `reach`: an address, a telephone number, whatever they gave."""

    order: bytes
    name: str
    reach: str

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        return {"order": self.order, "name": self.name, "reach": self.reach}

    def __repr__(self) -> str:  # what it holds never reaches a log
        return f"Contact({self.order.hex()[:8]})"


def read(data: Body) -> Contact:
    """The contact that `data` holds."""
    name = text(data, "name", MAX_NAME, default=None)
    reach = text(data, "reach", MAX_REACH, default=None)
    if not name.strip() or not reach.strip():
        raise unreadable("contact")
    return Contact(order=key32(data, "order"), name=name, reach=reach)


LETTER = LetterKind(name="contact", read=read, order=lambda said: said.order)
