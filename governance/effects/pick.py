"""`pick`: the listings that win are shown first, until there are other picks.

Whether a listing still stands, only whoever shows it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from governance.certified import Certified, Picks, Vote
from governance.effects.effect import (
    Effect,
    Names,
    Stale,
    a_text,
    keys_by_option,
    only_keys,
    words_by_option,
)
from governance.effects.elect import winning
from governance.effects.words import ListingId
from governance.saying import Said, said
from protocol.codec import Plain
from protocol.errors import Refused

MAX_TITLE: Final = 120  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which listings there are to choose from, by option id, and how many of them."""

    title: str
    count: int
    listings: Mapping[str, bytes]


class Pick(Effect[Choice]):
    """A choice of listings."""

    name = "pick"
    kinds = ("picks",)
    needed = ("title", "count", "listings")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        listings = words_by_option(given["listings"], "listings", names.listing)
        return {"title": given["title"], "count": given["count"], "listings": listings}

    def _read(self, effect: Mapping[str, Any]) -> Choice:
        only_keys(effect, ("type", *self.needed))
        listings = keys_by_option(effect["listings"], "listings")
        count = effect["count"]
        if type(count) is not int or not 1 <= count <= len(listings):
            raise Refused(
                "bad-effect",
                "count must be from 1 to %(most)s, the number of listings.",
                most=len(listings),
            )
        title = a_text(effect["title"], "title", MAX_TITLE)
        return Choice(title=title, count=count, listings=listings)

    def _carry_out(
        self, read: Choice, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        chosen = winning(read.listings, vote)
        if not chosen:
            raise Stale("stale", "No listing was picked.")
        picks = Picks(
            title=read.title, listings=chosen, proposal=vote.proposal, height=height, at=at
        )
        return replace(state, picks=picks)

    def _choices(self, read: Choice) -> tuple[str, ...]:
        return tuple(read.listings)

    def _seats(self, read: Choice, charter: Mapping[str, Plain]) -> int:
        return read.count

    def _show(self, read: Choice) -> dict[str, object]:
        listings = {option: listing.hex() for option, listing in read.listings.items()}
        return {"title": read.title, "count": read.count, "listings": listings}

    def _say(self, read: Choice, state: Certified) -> list[Said]:
        lines = [
            said(
                "Up to %(count)s of %(all)s listings are shown first, as: %(title)s",
                count=read.count,
                all=len(read.listings),
                title=read.title,
            )
        ]
        lines += [
            said("%(option)s: %(listing)s", option=option, listing=ListingId.of(listing))
            for option, listing in read.listings.items()
        ]
        return lines


EFFECT = Pick()
