"""Importing a seller's file into listings: everything or nothing, and twice changes nothing.

What an earlier import made of each product is remembered by the file's own handle, with a digest
of the product as the file had it; a product that is the same in the file is left alone, so edits
made since then survive. Pictures' addresses are noted there and never fetched.

All records are appended in one step, and the notes about them in a second. Should the process
die in between, the next import finds listings that say what it would say and takes them on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from node import market
from node.home import Home
from node.importing.formats import read_file
from node.importing.model import Product, RowError
from protocol.codec import encode
from protocol.errors import NotFound, Refused
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import Listing, Variant
from storage.own import Draft
from storage.views.listing_queries import Offer

SOURCE = "shopify"


@dataclass(kw_only=True, slots=True)
class Imported:
    """How many products met which fate, and what was wrong with the file.

    A product that becomes a draft for the first time counts among `drafts` alone, one that was
    known before among `updated` as well.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    drafts: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class _Plan:
    """What to write: records in one step, then the notes that lead to them."""

    records: list[Draft] = field(default_factory=list)
    notes: list[Callable[[list[bytes]], None]] = field(default_factory=list)


def run(
    home: Home,
    data: bytes,
    *,
    format_: str | None,
    currency: str,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Read the file and write what is new. With errors in the file nothing is written."""
    reading = read_file(data, format=format_, currency=currency)
    result = Imported(errors=list(reading.errors), skipped=len(reading.skipped))
    listings = [(product, _listing(home, product, result)) for product in reading.products]
    if result.errors:
        return result
    with home.turn():
        plan = _Plan()
        orphans = _Orphans(home)
        for number, (product, listing) in enumerate(listings):
            _plan(home, plan, result, orphans, product, listing)
            progress(number + 1, len(listings))
        if dry_run or not plan.notes:
            return result
        made = home.append(plan.records) if plan.records else []
        with home.store.transaction():
            for note in plan.notes:
                note(made)
    return result


def _listing(home: Home, product: Product, result: Imported) -> Listing:
    """The product as a listing; what can't be listed is noted as a fault of the file."""
    listing = Listing(
        title=product.title,
        mode="sell",
        price=product.price,
        currency=product.currency,
        description=product.description,
        category=product.category,
        tags=product.tags,
        quantity=product.quantity,
        variants=tuple(
            Variant(name=v.name, price=v.price, quantity=v.quantity, sku=v.sku)
            for v in product.variants
        ),
    )
    try:
        return market.check(home, listing)
    except Refused as error:
        result.errors.append(RowError(line=product.line, column="Title", reason=str(error)))
        return listing


def _plan(
    home: Home,
    plan: _Plan,
    result: Imported,
    orphans: _Orphans,
    product: Product,
    listing: Listing,
) -> None:
    digest = sha256(encode(listing.body()) + product.status.encode()).digest()
    before = home.store.db.execute(
        "SELECT listing, digest FROM imported WHERE source = ? AND handle = ?",
        [SOURCE, product.handle],
    ).fetchone()
    if before is not None and before[1] == digest:
        result.unchanged += 1
        return
    known = None if before is None else _known(home, before[0])
    if known is not None:
        listing = _merged(home, product, known.listing, listing)
    if before is not None and (known is None or known.status == "withdrawn"):
        result.skipped += 1  # its owner took it off the market here; the file does not undo that
    elif product.status == "draft":
        _plan_draft(home, plan, result, known, product, listing, digest)
    else:
        _plan_offer(home, plan, result, orphans, known, product, listing, digest)


def _merged(home: Home, product: Product, known: Listing, told: Listing) -> Listing:
    """What the file tells, with what its owner has added here: story, values, place and so on."""
    names = ("title", "price", "currency", "description", "category", "tags", "quantity")
    told_of = {name: getattr(told, name) for name in (*names, "variants")}
    try:
        return market.check(home, replace(known, **told_of, root=None, version=1))
    except Refused as error:
        raise Refused(
            error.reason, f"Line {product.line} ({product.title}): {error} Nothing was imported."
        ) from error


def _plan_draft(
    home: Home,
    plan: _Plan,
    result: Imported,
    known: Offer | None,
    product: Product,
    listing: Listing,
    digest: bytes,
) -> None:
    """The shop hides it: what was published is withdrawn, and a draft is kept."""
    draft = known.id if known is not None and known.status == "draft" else None
    if known is not None and draft is None:
        plan.records.append(Draft("withdraw", withdraw_kind.body(known.id)))
    result.updated += known is not None
    result.drafts += 1

    def note(_: list[bytes]) -> None:
        _note(home, product, digest, market.save_draft(home, draft, listing))

    plan.notes.append(note)


def _plan_offer(
    home: Home,
    plan: _Plan,
    result: Imported,
    orphans: _Orphans,
    known: Offer | None,
    product: Product,
    listing: Listing,
    digest: bytes,
) -> None:
    """The shop shows it: publish it, or bring what is published up to date."""
    draft = known.id if known is not None and known.status == "draft" else None
    published = known.id if known is not None and draft is None else orphans.take(listing)
    number: int | None = None
    if published is None:
        number = len(plan.records)
        plan.records.append(Draft("listing", listing.body()))
        result.created += 1
    elif known is not None and draft is None and not _same(known.listing, listing):
        plan.records.append(Draft("listing", market.next_version(known, listing).body()))
        result.updated += 1
    else:
        result.unchanged += 1

    def note(made: list[bytes]) -> None:
        found = published if number is None else made[number]
        assert found is not None  # noqa: S101 - one of the two is set
        _note(home, product, digest, found)
        if draft is not None:
            home.store.db.execute("DELETE FROM draft WHERE id = ?", [draft])

    plan.notes.append(note)


class _Orphans:
    """Own listings that an import published and died before it noted them."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._found: dict[bytes, list[bytes]] | None = None

    def take(self, listing: Listing) -> bytes | None:
        """One that says exactly this and still stands; each is given once."""
        if self._found is None:
            self._found = self._gather()
        found = self._found.get(sha256(encode(listing.body())).digest(), [])
        while found:
            known = _known(self._home, found.pop(0))
            if known is not None and known.status != "withdrawn" and _same(known.listing, listing):
                return known.id
        return None

    def _gather(self) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for listing_id, body in self._home.store.db.execute(
            "SELECT listing.id, record.body FROM listing JOIN record USING (rowid)"
            " JOIN log ON log.no = listing.log_no JOIN device ON device.no = log.device_no"
            " WHERE device.key = ? AND listing.root IS NULL"
            " AND listing.id NOT IN (SELECT listing FROM imported) ORDER BY listing.rowid",
            [self._home.device],
        ):
            found.setdefault(sha256(body).digest(), []).append(listing_id)
        return found


def _same(known: Listing, wanted: Listing) -> bool:
    """Whether a version of a listing says the same as another."""
    return replace(known, root=None, version=1) == replace(wanted, root=None, version=1)


def _known(home: Home, listing_id: bytes) -> Offer | None:
    try:
        return market.lookup(home, listing_id)
    except NotFound:
        return None


def _note(home: Home, product: Product, digest: bytes, listing_id: bytes) -> None:
    pictures = [{"address": p.address, "alt": p.alt} for p in product.pictures]
    home.store.db.execute(
        "INSERT OR REPLACE INTO imported (source, handle, listing, digest, pictures)"
        " VALUES (?, ?, ?, ?, ?)",
        [SOURCE, product.handle, listing_id, digest, json.dumps(pictures)],
    )
