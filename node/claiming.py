"""Which charter a listing's claims are made under: what an owner says anew is said of today's.

Each claim names its own charter. An edit keeps that of every claim that it leaves in its words, so
a value that was amended stays marked until its owner claims it as it reads now.
"""

from __future__ import annotations

from dataclasses import replace

from node.home import Home
from protocol.kinds.listing import Listing
from storage import certificates


def dated(home: Home, listing: Listing, before: Listing | None = None) -> Listing:
    """`listing` with a charter named by every claim.

    A claim that names one keeps it. One that names none keeps what it had in `before`, the version
    that this one follows, where its words are the same; else it is made under the charter in force.
    """
    stood = {} if before is None else {claim.value: claim for claim in before.values}
    now = in_force(home)
    claims = []
    for claim in listing.values:
        was = stood.get(claim.value)
        if claim.charter is None and was is not None and was.evidence == claim.evidence:
            claims.append(was)
        elif claim.charter is None:
            claims.append(replace(claim, charter=now))
        else:
            claims.append(claim)
    return replace(listing, values=tuple(claims))


def renewed(home: Home, listing: Listing) -> Listing:
    """`listing` with every claim made anew."""
    now = in_force(home)
    return replace(listing, values=tuple(replace(each, charter=now) for each in listing.values))


def in_force(home: Home) -> bytes | None:
    """The hash of the charter in force; None before the first sync."""
    state = certificates.current(home.store)
    return None if state is None else state.charter_hash
