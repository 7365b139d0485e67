"""`please-carry`: a buyer asks somebody to publish a review that does not say whose it is.

The order's key has signed it for the person whom this is sent to: nobody else's log can hold it.
Whoever is asked decides, since it will stand among their own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.codec import Plain
from protocol.kinds import review as review_kind
from protocol.kinds.review import Review
from protocol.letters.letter import LetterKind
from protocol.shape import Body, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class PleaseCarry:
    """The review, as it is to stand in the reader's log."""

    review: Review

    @property
    def order(self) -> bytes:
        """The order that it is about."""
        return self.review.order

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        return {"review": self.review.body()}


def read(data: Body) -> PleaseCarry:
    """What `data` asks for."""
    value: Any = data.get("review")
    if not isinstance(value, Mapping):
        raise unreadable("review")
    review = review_kind.read(value)
    if review.buyer is not None:
        raise unreadable("buyer")
    return PleaseCarry(review=review)


LETTER = LetterKind(name="please-carry", read=read, order=lambda said: said.order)
