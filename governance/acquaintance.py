"""How one member knows another: the shortest way between them over invitations.

Everybody but the founder was invited by one person, so there is one way: up to the nearest inviter
of both, and down again. A pure function of who invited whom, as this node knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

LONGEST = 3  # invitations in a way: a longer one tells a reader nothing


class Way(NamedTuple):
    """From one person to another.

    `up` are the inviters one after the other, the last of whom invited both sides or is the other
    person; `down` those that this one invited one after the other, ending with the other person.
    Both are empty for one and the same person.
    """

    up: tuple[bytes, ...]
    down: tuple[bytes, ...]


def way(inviters: Mapping[bytes, bytes | None], one: bytes, other: bytes) -> Way | None:
    """The way from `one` to `other`; None when there is none of at most LONGEST invitations."""
    ups, downs = _line(inviters, one), _line(inviters, other)
    found: list[Way] = []
    for up, common in enumerate(ups):
        if common in downs:
            below = downs[: downs.index(common)]
            found.append(Way(tuple(ups[1 : up + 1]), tuple(reversed(below))))
    shortest = min(found, key=lambda each: len(each.up) + len(each.down), default=None)
    if shortest is None or len(shortest.up) + len(shortest.down) > LONGEST:
        return None
    return shortest


def _line(inviters: Mapping[bytes, bytes | None], person: bytes) -> list[bytes]:
    """A person, their inviter, that one's inviter and so on, as far as matters."""
    line = [person]
    while len(line) <= LONGEST:
        inviter = inviters.get(line[-1])
        if inviter is None or inviter in line:
            break
        line.append(inviter)
    return line
