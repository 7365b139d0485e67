"""`keys`: what opens older letters, for a device that was no reader of theirs.

The letters themselves stay where they are, in the records of those who wrote them: whoever hands on
a key can't change what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.letters.letter import LetterKind
from protocol.shape import Body, rows, unreadable

MOST_KEYS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedKeys:
    """(id of a `sealed` record, key of its content) each."""

    keys: Sequence[tuple[bytes, bytes]]

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        return {"keys": [[record, key] for record, key in self.keys]}


def read(data: Body) -> HandedKeys:
    """The keys that `data` holds."""
    found = []
    for item in rows(data, "keys", MOST_KEYS):
        match item:
            case [bytes(record), bytes(key)] if len(record) == len(key) == 32:
                found.append((record, key))
            case _:
                raise unreadable("keys")
    return HandedKeys(keys=tuple(found))


LETTER = LetterKind(name="keys", read=read)
