"""What nobody else has seen: an owner's drafts, and what waits for this home to be let in.

A draft is kept on this machine alone, under an id of its own, until it is published.
"""

from __future__ import annotations

import os

from node.home import Home
from protocol.codec import decode, encode
from protocol.kinds import listing as listing_kind
from protocol.kinds.listing import Listing
from protocol.records import MAX_BODY
from storage import blobs
from storage.claims import values
from storage.store import h64
from storage.views.listing_queries import Offer, Query
from storage.views.listings import OF_ROOT, fold


def throw_away(home: Home, draft: Offer) -> None:
    """Delete a draft with the photos that nothing else names; the caller holds the transaction."""
    home.store.db.execute("DELETE FROM draft WHERE id = ?", [draft.id])
    photos = draft.listing.photos
    blobs.forget(home.store, [one.hash for each in photos for one in (each.small, each.large)])


def in_view(home: Home) -> bool:
    """Whether others can see what this home says."""
    return home.standing() != "waiting"


def early(home: Home, only: bytes | None = None) -> list[Offer]:
    """Own listings, newest first, as they stand while nobody has let this home in yet.

    `only`: the id of the one that is asked for; to read all for each of many would take minutes.
    """
    asked, values = ("", []) if only is None else (f" AND {OF_ROOT}", [h64(only)])
    db = home.store.db
    gone = {row[0] for row in db.execute("SELECT root FROM withdrawal")}
    found: dict[bytes, Offer] = {}
    for root, made_ms, body in db.execute(
        "SELECT coalesce(listing.root, listing.id), listing.shown_ms, record.body"
        " FROM listing JOIN record USING (rowid) JOIN log ON log.no = listing.log_no"
        " JOIN device ON device.no = log.device_no"
        f" WHERE device.key = ?{asked} ORDER BY listing.version DESC, listing.id",
        [home.device, *values],
    ):
        status = "withdrawn" if root in gone else "waiting"
        found.setdefault(root, _offer(home, root, body, made_ms, status))
    return list(found.values())


def _offer(home: Home, listing_id: bytes, body: bytes, made_ms: int, status: str) -> Offer:
    data = decode(body, limit=MAX_BODY)
    return Offer(
        id=listing_id,
        version_id=listing_id,
        person=home.person,
        status=status,
        provisional=False,
        made_ms=made_ms,
        listing=listing_kind.read(data),  # type: ignore[arg-type]
    )


def save_draft(home: Home, draft_id: bytes | None, listing: Listing) -> bytes:
    """Keep a draft on this machine alone; its id. The caller holds the transaction."""
    chosen = draft_id or os.urandom(32)
    home.store.db.execute(
        "INSERT OR REPLACE INTO draft (id, body, made_ms) VALUES (?, ?, ?)",
        [chosen, encode(listing.body()), home.store.now_ms()],
    )
    return chosen


def get_draft(home: Home, draft_id: bytes) -> Offer | None:
    """A draft by its full id."""
    row = home.store.db.execute(
        "SELECT body, made_ms FROM draft WHERE id = ?", [draft_id]
    ).fetchone()
    return None if row is None else _offer(home, draft_id, row[0], row[1], "draft")


def some(home: Home, limit: int, offset: int) -> list[Offer]:
    """A part of the drafts, newest first."""
    rows = home.store.db.execute(
        "SELECT id, body, made_ms FROM draft ORDER BY made_ms DESC, id LIMIT ? OFFSET ?",
        [limit, offset],
    )
    return [_offer(home, row[0], row[1], row[2], "draft") for row in rows.fetchall()]


def count(home: Home) -> int:
    """How many drafts there are."""
    return int(home.store.db.execute("SELECT count(*) FROM draft").fetchone()[0])


def unpublished(home: Home, query: Query) -> list[Offer]:
    """Own drafts, and what waits for this home to be let in, as far as the filters let them."""
    if query.value and query.value not in values(home.store).in_force:
        return []  # as in a search
    rows = home.store.db.execute("SELECT id, body, made_ms FROM draft ORDER BY made_ms DESC, id")
    found = [_offer(home, row[0], row[1], row[2], "draft") for row in rows.fetchall()]
    if not in_view(home):
        found += [each for each in early(home) if each.status == "waiting"]
    return [each for each in found if _fits(each.listing, query)]


def _fits(said: Listing, query: Query) -> bool:
    """Whether a listing passes the filters; the words are for published ones."""
    low, high = query.minimum, query.maximum
    return (
        (not query.mode or said.mode == query.mode)
        and (not query.category or fold(said.category) == fold(query.category))
        and (not query.place or fold(said.place) == fold(query.place))
        and (not query.value or any(claim.value == query.value for claim in said.values))
        and (low is None or (said.price is not None and said.price >= low))
        and (high is None or (said.price is not None and said.price <= high))
    )
