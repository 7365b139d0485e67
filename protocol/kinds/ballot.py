"""`ballot`: a member's choice in a vote, open for all to see.

`open` is the certificate that began the vote. A person's ballots are told apart by `version`; how
many of them may count is the rule's business. What a `choice` means is the method's business; it
is kept as plain data, so that no program loses what another one counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain, encode
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, key32, unreadable, whole

MAX_CHOICE = 2048  # bytes as encoded


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """A choice in the vote that certificate `open` began."""

    open: bytes
    version: int
    choice: Plain


def body(open_: bytes, version: int, choice: Plain) -> dict[str, Plain]:
    """The body of a ballot."""
    return {"open": open_, "version": version, "choice": choice}


def read(data: Body) -> Ballot:
    """The ballot that `data` holds."""
    choice = data.get("choice")
    if choice is None or len(encode(choice)) > MAX_CHOICE:
        raise unreadable("choice")
    return Ballot(open=key32(data, "open"), version=whole(data, "version", 1), choice=choice)


KIND = Kind(name="ballot", lane=GOV, erasable=False, read=read)
