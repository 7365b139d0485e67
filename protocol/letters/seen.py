"""`seen`: the reader's node has opened these letters. It says nothing about their owner's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.letters.letter import LetterKind
from protocol.shape import Body, ids

MOST_SEEN = 256  # letters that one of these acknowledges


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Ids of `sealed` records by the person whom this is sent to."""

    records: Sequence[bytes]

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        return {"records": list(self.records)}


def read(data: Body) -> Seen:
    """The acknowledgement that `data` holds."""
    return Seen(records=ids(data.get("records"), MOST_SEEN))


LETTER = LetterKind(name="seen", read=read)
