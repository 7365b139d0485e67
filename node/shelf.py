"""One's own listings by where they stand, and changing many of them at once: all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node import drafts, market
from node.home import Home
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import Listing
from storage.own import Draft
from storage.views import listing_queries as queries
from storage.views.listing_queries import Found, Offer, Query

SHELVES = ("open", "drafts", "waiting", "expired", "withdrawn")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: let `offer` say `after`, publish it as `after`, or take it down (None)."""

    offer: Offer
    after: Listing | None
    publish: bool = False


def look(
    home: Home, shelf: str, *, words: str = "", limit: int, offset: int, count_to: int
) -> Found:
    """Own listings of one shelf, newest first; every word of `words` must occur in them."""
    if shelf == "drafts" and not words.strip():
        held = drafts.count(home)
        offers = drafts.some(home, min(limit, max(0, count_to - offset)), offset)
        return Found(offers=tuple(offers), total=min(held, count_to), more=held > count_to)
    if shelf in ("drafts", "waiting"):
        status = "draft" if shelf == "drafts" else "waiting"
        found = [
            each
            for each in market.unpublished(home, Query())
            if each.status == status and _says(each.listing, words)
        ]
        total, more = min(len(found), count_to), len(found) > count_to
        return Found(offers=tuple(found[offset : offset + limit]), total=total, more=more)
    query = Query(
        words=words,
        person=home.person,
        status=shelf,
        sort="new",
        limit=limit,
        offset=offset,
        count_to=count_to,
    )
    return queries.search(home.store, query)


def _says(listing: Listing, words: str) -> bool:
    texts = (listing.title, listing.description, listing.story, listing.category, *listing.tags)
    said = " ".join(texts).casefold()
    return all(word in said for word in words.casefold().split())


def change_all(home: Home, steps: Sequence[Step]) -> None:
    """Do all of these or none. Refused before anything is written when one of them can't be.

    The records are appended in one step; drafts move in a second one, right after it.
    """
    records: list[Draft] = []
    published: list[bytes] = []
    kept: list[tuple[Offer, Listing | None]] = []
    for step in steps:
        offer = step.offer
        after = None
        if step.after is not None:
            stood = None if step.publish else offer.listing
            after = market.check(home, step.after, stood)
        if offer.status == "draft" and not step.publish:
            kept.append((offer, after))
        elif after is None:
            records.append(Draft("withdraw", withdraw_kind.body(offer.id)))
        elif step.publish:
            published.append(offer.id)
            records.insert(len(published) - 1, Draft("listing", after.body()))
        else:
            records.append(Draft("listing", market.next_version(offer, after).body()))
    made = home.append(records) if records else []
    with home.store.transaction():
        market.brought_out(home, dict(zip(published, made, strict=False)))
        for offer, after in kept:
            if after is None:
                market.throw_away(home, offer)
            else:
                market.save_draft(home, offer.id, after)
