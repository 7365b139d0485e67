"""Importing a seller's file into listings: everything or nothing, and twice changes nothing.

What an earlier import made of each product is remembered by the file's own handle, with a digest
of the product as the file had it; a product that is the same in the file is left alone, so edits
made since then survive. Pictures' addresses are noted there and never fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from node import control, market
from node.home import Home
from node.importing.formats import read_file
from node.importing.model import Product, RowError
from protocol.codec import encode
from protocol.errors import NotFound, Refused
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import Listing, Variant
from storage import own
from storage.own import Draft
from storage.views import listing_queries as queries

SOURCE = "shopify"


@dataclass(kw_only=True, slots=True)
class Imported:
    """How many products met which fate, and what was wrong with the file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    drafts: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class _Plan:
    """What to write, in one transaction: records, then the notes that lead to them."""

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
    if reading.errors:
        return result
    listings = [(product, _listing(home, product)) for product in reading.products]
    signer = None if dry_run else home.unlock().device
    with home.store.transaction():
        plan = _Plan()
        for number, (product, listing) in enumerate(listings):
            _plan(home, plan, result, product, listing)
            progress(number + 1, len(listings))
        if signer is None:
            return result
        made = [r.id for r in own.append(home.store, signer, plan.records)] if plan.records else []
        for note in plan.notes:
            note(made)
    control.poke(home.socket)
    return result


def _listing(home: Home, product: Product) -> Listing:
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
        raise Refused(
            error.reason, f"Line {product.line} ({product.title}): {error} Nothing was imported."
        ) from error


def _plan(home: Home, plan: _Plan, result: Imported, product: Product, listing: Listing) -> None:
    digest = sha256(encode(listing.body()) + product.status.encode()).digest()
    before = home.store.db.execute(
        "SELECT listing, digest FROM imported WHERE source = ? AND handle = ?",
        [SOURCE, product.handle],
    ).fetchone()
    if before is not None and before[1] == digest:
        result.unchanged += 1
        return
    known = None if before is None else _known(home, before[0])
    if before is not None and (known is None or known.status == "withdrawn"):
        result.skipped += 1  # its owner took it off the market here; the file does not undo that
        return
    draft = known is not None and known.status == "draft"
    if product.status == "draft":
        if known is not None and not draft:
            plan.records.append(Draft("withdraw", withdraw_kind.body(known.id)))
        result.updated += known is not None
        result.drafts += 1
        plan.notes.append(
            lambda _: _note(
                home,
                product,
                digest,
                market.save_draft(home, known.id if known and draft else None, listing),
            )
        )
        return
    number = len(plan.records)
    if known is None or draft:
        plan.records.append(Draft("listing", listing.body()))
        result.created += 1
        plan.notes.append(lambda made: _note(home, product, digest, made[number]))
        if draft and known is not None:
            gone = known.id
            plan.notes.append(lambda _: _forget_draft(home, gone))
        return
    root = known.id
    plan.records.append(Draft("listing", market.next_version(known, listing).body()))
    result.updated += 1
    plan.notes.append(lambda _: _note(home, product, digest, root))


def _known(home: Home, listing_id: bytes) -> queries.Offer | None:
    draft = market.get_draft(home, listing_id)
    if draft is not None:
        return draft
    try:
        return queries.get(home.store, listing_id)
    except NotFound:
        return None


def _forget_draft(home: Home, draft_id: bytes) -> None:
    home.store.db.execute("DELETE FROM draft WHERE id = ?", [draft_id])


def _note(home: Home, product: Product, digest: bytes, listing_id: bytes) -> None:
    pictures = [{"address": p.address, "alt": p.alt} for p in product.pictures]
    home.store.db.execute(
        "INSERT OR REPLACE INTO imported (source, handle, listing, digest, pictures)"
        " VALUES (?, ?, ?, ?, ?)",
        [SOURCE, product.handle, listing_id, digest, json.dumps(pictures)],
    )
