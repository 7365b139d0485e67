"""What an owner does with listings: offer, edit, publish, withdraw, import.

Used by commands and by the desk. Texts from outside are checked here once, with sentences for
the person who typed them; what is written is what `protocol.kinds.listing` reads back.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from node.claiming import dated, renewed
from node.drafts import early, get_draft, in_view
from node.drafts import save_draft as save_draft
from node.drafts import throw_away as throw_away
from node.drafts import unpublished as unpublished
from node.home import Home
from protocol.codec import encode
from protocol.errors import Invalid, NotFound, Refused, Term
from protocol.kinds import erase as erase_kind
from protocol.kinds import listing as listing_kind
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import (
    MAX_ALT,
    MAX_PHOTOS,
    MAX_TEXT,
    MAX_TITLE,
    MAX_VALUES,
    MAX_VARIANTS,
    MODES,
    Listing,
)
from protocol.records import MAX_BODY
from storage.database import set_meta
from storage.own import Draft
from storage.views import listing_queries as queries
from storage.views.listing_queries import Offer

MAX_TAGS, MAX_TAG = 50, 80


def check(home: Home, listing: Listing, before: Listing | None = None) -> Listing:
    """The listing if it can be written; Refused with what to change otherwise.

    What `before`, the version it follows, said already is not held against it: a day that has
    passed since, or a value that the charter has given up. Its claims name their charters
    (`node.claiming`).
    """
    if not listing.title.strip():
        raise Refused("no-title", "A listing needs a title; nothing was written.")
    if listing.mode not in MODES:
        raise Refused("bad-mode", "The mode is one of %(modes)s.", modes=", ".join(MODES))
    for name, text, limit in _texts(listing):
        check_text(name, text, limit, lines=name in ("description", "story"))
    for name, count, limit in (
        (Term("tags"), len(listing.tags), MAX_TAGS),
        (Term("variants"), len(listing.variants), MAX_VARIANTS),
        (Term("values"), len(listing.values), MAX_VALUES),
        (Term("photos"), len(listing.photos), MAX_PHOTOS),
    ):
        if count > limit:
            raise Refused(
                "too-many",
                "At most %(limit)s %(things)s fit. Nothing was written.",
                limit=limit,
                things=name,
            )
    twice = _twice([variant.name for variant in listing.variants])
    if twice is not None:
        raise Refused("twice", "Two variants are called %(name)s. Nothing was written.", name=twice)
    twice = _twice([claim.value for claim in listing.values])
    if twice is not None:
        raise Refused(
            "twice", "Two claims are of the value %(name)s. Nothing was written.", name=twice
        )
    _check_sense(home, listing, before)
    stood = {claim.value for claim in before.values} if before is not None else set()
    claimed = [claim for claim in listing.values if claim.value not in stood]
    known = {value.id for value in home.charter().values} if claimed else set()
    for claim in claimed:
        if claim.value not in known:
            raise Refused(
                "no-value",
                "The charter has no value %(value)s; it has: %(values)s.",
                value=repr(claim.value),
                values=", ".join(sorted(known)),
            )
    listing = dated(home, listing, before)
    body = listing.body()
    if len(encode(body)) > MAX_BODY:
        raise Refused("too-long", "All texts together are too long for one listing (16 KiB).")
    try:
        return listing_kind.read(body)
    except Invalid as error:
        raise Refused(
            "bad-listing", "This can't be listed: %(why)s. Nothing was written.", why=error
        ) from error


def _twice(names: list[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)


def _check_sense(home: Home, listing: Listing, before: Listing | None) -> None:
    """Refused when price or last day contradict what is to be done with the thing."""
    if priced_gift(listing) and not (before is not None and priced_gift(before)):
        raise Refused(
            "gift-price",
            "What is given away has no price: leave the price out, or choose another mode. "
            "Nothing was written.",
        )
    ends = listing.expires_ms
    if ends is None or ends > home.store.now_ms() or (before and before.expires_ms == ends):
        return
    day = datetime.datetime.fromtimestamp(ends / 1000, datetime.UTC).date()
    raise Refused(
        "past",
        "%(day)s is over already; name a day that is still to come. Nothing was written.",
        day=day,
    )


def priced_gift(listing: Listing) -> bool:
    """Whether it is to be given away and has a price all the same."""
    prices = [listing.price, *(variant.price for variant in listing.variants)]
    return listing.mode == "give" and any(prices)


def check_bounds(minimum: int | None, maximum: int | None) -> None:
    """Refused when no price can lie between these two."""
    if minimum is not None and maximum is not None and minimum > maximum:
        raise Refused(
            "bad-range",
            "The lowest price is above the highest, so nothing can be found; exchange them.",
        )


def unproven(listing: Listing) -> list[str]:
    """Ids of the values that are claimed without a word why."""
    return [claim.value for claim in listing.values if not claim.evidence.strip()]


def _texts(listing: Listing) -> Iterator[tuple[Term, str, int]]:
    """Every text of a listing: what it is called, what it says, how many characters fit."""
    yield Term("title"), listing.title, MAX_TITLE
    yield Term("description"), listing.description, MAX_TEXT
    yield Term("story"), listing.story, MAX_TEXT
    yield Term("category"), listing.category, 100
    yield Term("place"), listing.place, 100
    yield Term("condition"), listing.condition, 100
    yield Term("delivery"), listing.delivery, 500
    for tag in listing.tags:
        yield Term("tag"), tag, MAX_TAG
    for variant in listing.variants:
        yield Term("name of a variant"), variant.name, 200
        yield Term("number (SKU) of a variant"), variant.sku, 80
    for claim in listing.values:
        yield Term("evidence"), claim.evidence, 1000
    for photo in listing.photos:
        yield Term("text for a photo"), photo.alt, MAX_ALT


def check_text(name: Term, text: str, limit: int, *, lines: bool = False) -> None:
    """Refused unless a text is short enough and holds no control character.

    With `lines` it may have several lines, and tabs.
    """
    if len(text) > limit:
        raise Refused(
            "too-long",
            "The %(field)s has %(length)s characters; %(limit)s fit. Nothing was written.",
            field=name,
            length=len(text),
            limit=limit,
        )
    for sign in text:
        if unicodedata.category(sign) in ("Cc", "Zl", "Zp") and not (lines and sign in "\n\t"):
            if sign in "\r\n":
                raise Refused(
                    "bad-text",
                    "The %(field)s has several lines; write it in one. Nothing was written.",
                    field=name,
                )
            raise Refused(
                "bad-text",
                "The %(field)s holds U+%(code)s, which nobody can see; write it without. "
                "Nothing was written.",
                field=name,
                code=f"{ord(sign):04X}",
            )


def offer(home: Home, listing: Listing) -> Offer:
    """Publish a new listing."""
    (record_id,) = home.append([Draft("listing", check(home, listing).body())])
    return lookup(home, record_id)


def find(home: Home, text: str) -> Offer:
    """A listing or a draft of one's own by id or prefix; NotFound or Refused otherwise."""
    try:
        return lookup(home, queries.resolve(home.store, text))
    except NotFound:
        waiting = [] if in_view(home) else early(home)
        found = [each for each in waiting if each.id.hex().startswith(text.strip().lower())]
        if len(text.strip()) < 8 or not found:
            raise
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=text,
        )
    return found[0]


def lookup(home: Home, listing_id: bytes) -> Offer:
    """A listing, or a draft of one's own, by its full id; NotFound if it is not here."""
    draft = get_draft(home, listing_id)
    if draft is not None:
        return draft
    for each in () if in_view(home) else early(home, listing_id):
        if each.id == listing_id:
            return each
    return queries.get(home.store, listing_id)


def title(home: Home, listing_id: bytes) -> str:
    """What a listing is called; "" where it is not here."""
    try:
        return lookup(home, listing_id).listing.title
    except NotFound:
        return ""


def edit(home: Home, text: str, changes: dict[str, Any]) -> Offer:
    """Change fields of a listing or draft of one's own; values that are named are claimed anew."""
    before = _own(home, text)
    wanted = replace(before.listing, **changes)
    return rewrite(home, before, renewed(home, wanted) if "values" in changes else wanted)


def rewrite(home: Home, before: Offer, wanted: Listing) -> Offer:
    """Let a listing or draft of one's own say `wanted` from now on."""
    after = check(home, wanted, before.listing)
    if before.status == "draft":
        with home.store.transaction():
            save_draft(home, before.id, after)
        return find(home, before.id.hex())
    if before.status == "withdrawn":
        raise Refused("withdrawn", "That listing is withdrawn for good; make a new one.")
    home.append([Draft("listing", next_version(before, after).body())])
    return lookup(home, before.id)


def next_version(before: Offer, after: Listing) -> Listing:
    """`after` as the version that follows `before`."""
    return replace(after, root=before.id, version=before.listing.version + 1)


def withdraw(home: Home, text: str) -> Offer:
    """Take a listing off the market for good; a draft is thrown away.

    What was withdrawn before stays as it is, and nothing is written.
    """
    before = _own(home, text)
    if before.status == "draft":
        with home.store.transaction():
            throw_away(home, before)
        return replace(before, status="withdrawn")
    if before.status == "withdrawn":
        return before
    home.append([Draft("withdraw", withdraw_kind.body(before.id))])
    return lookup(home, before.id)


def publish(home: Home, text: str) -> Offer:
    """Publish a draft; its id changes, since a published listing is named by its record."""
    before = _own(home, text)
    if before.status != "draft":
        raise Refused("not-draft", "That is published already; nothing was changed.")
    made = offer(home, before.listing)
    brought_out(home, {before.id: made.id})
    return made


def brought_out(home: Home, made: Mapping[bytes, bytes]) -> None:
    """These drafts became these listings: forget the drafts, and remember what became of them."""
    with home.store.transaction():
        for draft, listing in made.items():
            home.store.db.execute("DELETE FROM draft WHERE id = ?", [draft])
            home.store.db.execute(
                "UPDATE imported SET listing = ? WHERE listing = ?", [listing, draft]
            )
            set_meta(home.store.db, f"draft {draft.hex()}", listing.hex())


def became(home: Home, draft: str) -> bytes | None:
    """The listing that a draft, named by its id or prefix, was published as; None if it was not."""
    start = f"draft {draft.strip().lower()}"
    rows = home.store.db.execute(
        "SELECT value FROM meta WHERE key >= ? AND key < ? LIMIT 2", [start, start + "g"]
    ).fetchall()
    return bytes.fromhex(rows[0][0]) if len(rows) == 1 and len(draft.strip()) >= 8 else None


def erase(home: Home, text: str) -> list[bytes]:
    """Erase every version of a listing of one's own, text and all; the ids of the records.

    A draft was never published: it is gone at once.
    """
    before = _own(home, text)
    rows = home.store.db.execute(
        "SELECT id FROM listing WHERE coalesce(root, id) = ?", [before.id]
    ).fetchall()
    ids = [row[0] for row in rows]
    size = erase_kind.MAX_IDS
    if ids:
        home.append(
            [
                Draft("erase", erase_kind.body(ids[start : start + size]))
                for start in range(0, len(ids), size)
            ]
        )
    with home.store.transaction():
        throw_away(home, before)
    home.store.wipe_trail()
    return ids


def _own(home: Home, text: str) -> Offer:
    found = find(home, text)
    if found.person != home.person:
        raise Refused("not-yours", "That listing belongs to somebody else; nothing was changed.")
    return found
