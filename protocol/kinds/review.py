"""`review`: what the buyer of an order thinks of it, signed with the order's key; erasable.

*Named*: the author's device writes it under the buyer's own name (`buyer` is the author's person).
*Unnamed*: `buyer` is null, and whoever writes it only carries it. Whether an order is real, and
whether a review counts, is for the view: it needs the order's receipt. The order's key signs for
one author, so that nobody else's log can show the words as if they had been given them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from protocol.codec import Plain, encode
from protocol.keys import REVIEW, Signer, verified
from protocol.kinds.kind import Kind
from protocol.records import TALK
from protocol.shape import Body, key32, maybe_key32, signature, text, whole

MAX_TEXT = 4000  # characters
MOST_STARS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """`order`: the order key. Of several about one order the highest version stands."""

    order: bytes
    version: int
    stars: int  # 1 to MOST_STARS
    text: str  # Markdown; may be empty
    buyer: bytes | None  # the author's person, or None
    by_order: bytes  # signature by the order key

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {
            "order": self.order,
            "version": self.version,
            "stars": self.stars,
            "text": self.text,
            "buyer": self.buyer,
            "by_order": self.by_order,
        }

    def agreed(self, community: bytes, author: bytes) -> bool:
        """Whether the order's key gave these words to this author, a person key."""
        digest = _digest(self.order, self.version, self.stars, self.text, self.buyer)
        return verified(self.order, self.by_order, REVIEW, community, author, digest)


def sign(
    order: Signer,
    community: bytes,
    author: bytes,
    *,
    version: int,
    stars: int,
    text: str,
    buyer: bytes | None,
) -> Review:
    """The review that `author` (a person key) may write; `order` is the order's key."""
    digest = _digest(order.public, version, stars, text, buyer)
    return Review(
        order=order.public,
        version=version,
        stars=stars,
        text=text,
        buyer=buyer,
        by_order=order.sign(REVIEW, community, author, digest),
    )


def _digest(order: bytes, version: int, stars: int, text: str, buyer: bytes | None) -> bytes:
    return sha256(encode([order, version, stars, text, buyer])).digest()


def read(data: Body) -> Review:
    """The review that `data` holds; its signature is not looked at."""
    return Review(
        order=key32(data, "order"),
        version=whole(data, "version", 1),
        stars=whole(data, "stars", 1, MOST_STARS),
        text=text(data, "text", MAX_TEXT),
        buyer=maybe_key32(data, "buyer"),
        by_order=signature(data, "by_order"),
    )


KIND = Kind(name="review", lane=TALK, erasable=True, read=read)
