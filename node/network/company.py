"""What a network does not know of its peers by itself: who they are to each other.

Asked of the node, which knows the community; `Strangers` answers where nobody else does. Peers are
named by their peer ids.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

Claim = TypeVar("Claim", bound=Hashable)

RELAYS = 2  # at which a node keeps a place


class Held(NamedTuple):
    """A place at a relay."""

    relay: str
    carried: bool  # somebody has reached us over it


class Plan(NamedTuple):
    """Which relays to `ask` for a place, in this order, until one gives it; which to `leave`."""

    ask: list[str]
    leave: list[str]


class Company(Protocol):
    """Judgements about peers."""

    def relays(self, now: float, held: Sequence[Held], offering: Collection[str]) -> Plan:
        """What to do about places at relays. `held`: oldest first. `offering`: peers that relay
        and may be asked now, those of `held` left out. `now` is monotonic seconds.
        """
        ...

    def believed(self, said: Mapping[str, Claim]) -> set[Claim]:
        """What to believe of what peers said about the same thing."""
        ...


class Strangers:
    """Everybody is alike: relays in the order in which they offer, and what most peers say."""

    def relays(self, now: float, held: Sequence[Held], offering: Collection[str]) -> Plan:
        """Fill the places."""
        return Plan(list(offering) if len(held) < RELAYS else [], [])

    def believed(self, said: Mapping[str, Claim]) -> set[Claim]:
        """Each peer counts."""
        return agreed({peer: {claim} for peer, claim in said.items()})


MOST_NEEDED = 3


def agreed(said: Mapping[Hashable, Collection[Claim]]) -> set[Claim]:
    """What more than half of all sides say, or three of them. `said`: side -> what it says.

    Whoever is the only one to say something is believed: there is nobody to compare with.
    """
    needed = min(MOST_NEEDED, len(said) // 2 + 1)
    claims = {claim for some in said.values() for claim in some}
    return {claim for claim in claims if sum(claim in some for some in said.values()) >= needed}
