"""What an owner does with listings: offer, edit, publish, withdraw, import.

Used by commands and by the desk. Texts from outside are checked here once, with sentences for
the person who typed them; what is written is what `protocol.kinds.listing` reads back.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from node.home import Home
from protocol.codec import decode, encode
from protocol.errors import Invalid, NotFound, Refused
from protocol.kinds import erase as erase_kind
from protocol.kinds import listing as listing_kind
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import MAX_TEXT, MAX_TITLE, MAX_VARIANTS, MODES, Listing
from protocol.records import MAX_BODY
from storage.own import Draft
from storage.views import listing_queries as queries
from storage.views.listing_queries import Offer


def check(home: Home, listing: Listing) -> Listing:
    """The listing if it can be written; Refused with what to change otherwise."""
    if not listing.title.strip():
        raise Refused("no-title", "A listing needs a title; nothing was written.")
    for name, text, limit in (
        ("title", listing.title, MAX_TITLE),
        ("description", listing.description, MAX_TEXT),
        ("story", listing.story, MAX_TEXT),
        ("category", listing.category, 100),
        ("place", listing.place, 100),
        ("condition", listing.condition, 100),
        ("delivery", listing.delivery, 500),
    ):
        if len(text) > limit:
            raise Refused(
                "too-long",
                f"The {name} has {len(text)} characters; {limit} fit. Nothing was written.",
            )
    if listing.mode not in MODES:
        raise Refused("bad-mode", f"The mode is one of {', '.join(MODES)}.")
    if len(listing.variants) > MAX_VARIANTS:
        raise Refused("too-many", f"At most {MAX_VARIANTS} variants fit. Nothing was written.")
    known = {value.id for value in home.charter().values} if listing.values else set()
    for claim in listing.values:
        if claim.value not in known:
            raise Refused(
                "no-value",
                f"The charter has no value {claim.value!r}; it has: {', '.join(sorted(known))}.",
            )
    body = listing.body()
    if len(encode(body)) > MAX_BODY:
        raise Refused("too-long", "All texts together are too long for one listing (16 KiB).")
    try:
        return listing_kind.read(body)
    except Invalid as error:
        raise Refused(
            "bad-listing", f"This can't be listed: {error}. Nothing was written."
        ) from error


def offer(home: Home, listing: Listing) -> Offer:
    """Publish a new listing."""
    (record_id,) = home.append([Draft("listing", check(home, listing).body())])
    return queries.get(home.store, record_id) if _in_view(home) else _unseen(home, record_id)


def find(home: Home, text: str) -> Offer:
    """A listing or a draft of one's own by id or prefix; NotFound or Refused otherwise."""
    listing_id = queries.resolve(home.store, text)
    draft = get_draft(home, listing_id)
    return draft if draft is not None else queries.get(home.store, listing_id)


def edit(home: Home, text: str, changes: dict[str, Any]) -> Offer:
    """Change fields of a listing or draft of one's own."""
    before = _own(home, text)
    after = check(home, replace(before.listing, **changes))
    if before.status == "draft":
        with home.store.transaction():
            save_draft(home, before.id, after)
        return find(home, before.id.hex())
    if before.status == "withdrawn":
        raise Refused("withdrawn", "That listing is withdrawn for good; make a new one.")
    home.append([Draft("listing", next_version(before, after).body())])
    return queries.get(home.store, before.id)


def next_version(before: Offer, after: Listing) -> Listing:
    """`after` as the version that follows `before`."""
    return replace(after, root=before.id, version=before.listing.version + 1)


def withdraw(home: Home, text: str) -> Offer:
    """Take a listing off the market for good; a draft is thrown away."""
    before = _own(home, text)
    if before.status == "draft":
        with home.store.transaction():
            home.store.db.execute("DELETE FROM draft WHERE id = ?", [before.id])
        return replace(before, status="withdrawn")
    if before.status == "withdrawn":
        return before
    home.append([Draft("withdraw", withdraw_kind.body(before.id))])
    return queries.get(home.store, before.id)


def publish(home: Home, text: str) -> Offer:
    """Publish a draft; its id changes, since a published listing is named by its record."""
    before = _own(home, text)
    if before.status != "draft":
        raise Refused("not-draft", "That is published already; nothing was changed.")
    made = offer(home, before.listing)
    with home.store.transaction():
        home.store.db.execute("DELETE FROM draft WHERE id = ?", [before.id])
        home.store.db.execute(
            "UPDATE imported SET listing = ? WHERE listing = ?", [made.id, before.id]
        )
    return made


def erase(home: Home, text: str) -> list[bytes]:
    """Erase every version of a listing of one's own, text and all; the ids of the records."""
    before = _own(home, text)
    rows = home.store.db.execute(
        "SELECT id FROM listing WHERE coalesce(root, id) = ?", [before.id]
    ).fetchall()
    ids = [row[0] for row in rows]
    if ids:
        home.append([Draft("erase", erase_kind.body(ids[: erase_kind.MAX_IDS]))])
    return ids


def _own(home: Home, text: str) -> Offer:
    found = find(home, text)
    if found.person != home.person:
        raise Refused("not-yours", "That listing belongs to somebody else; nothing was changed.")
    return found


def _in_view(home: Home) -> bool:
    return home.standing() != "waiting"


def _unseen(home: Home, record_id: bytes) -> Offer:
    """An own listing written while nobody has let this home in yet."""
    row = home.store.db.execute(
        "SELECT listing.shown_ms, record.body FROM listing JOIN record USING (rowid)"
        " WHERE listing.id = ?",
        [record_id],
    ).fetchone()
    if row is None:
        raise NotFound("no-listing", "That listing is not here.")
    return _offer(home, record_id, row[1], row[0], "waiting")


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


def drafts(home: Home) -> list[Offer]:
    """Own drafts, newest first."""
    rows = home.store.db.execute("SELECT id, body, made_ms FROM draft ORDER BY made_ms DESC, id")
    return [_offer(home, row[0], row[1], row[2], "draft") for row in rows.fetchall()]
