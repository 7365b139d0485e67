"""Moothall's own CSV file: everything that a listing says, but for its photos.

`node.importing.own` reads it. Invariant: what is written and read again gives the same listings.
The first row of a listing has all its fields, each further one a variant more. What a spreadsheet
would take for a formula is guarded; see `node.importing.formulas`.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Sequence

from node.exporting.model import Seller, Written
from node.importing.formulas import guarded
from node.importing.own import COLUMNS
from node.importing.prices import money
from node.spots import spot_text
from protocol.kinds.listing import Listing, Variant
from storage.views.listing_queries import Offer

LAST_MS = 253_402_300_799_000  # 31 December 9999


def write(offers: Sequence[Offer], _: Seller) -> Written:
    """A table with one row or more for each listing."""
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, COLUMNS, restval="")
    table.writeheader()
    for offer in offers:
        for row in _rows(offer):
            table.writerow({name: guarded(text) for name, text in row.items()})
    return Written(text=out.getvalue(), count=len(offers))


def _rows(offer: Offer) -> Iterator[dict[str, str]]:
    said = offer.listing
    variants = [_variant(said, variant) for variant in said.variants] or [{}]
    yield {**_whole(offer, said), **variants[0]}
    for variant in variants[1:]:
        yield {"id": offer.id.hex(), **variant}


def _whole(offer: Offer, said: Listing) -> dict[str, str]:
    return {
        "id": offer.id.hex(),
        "status": offer.status if offer.status in ("draft", "expired") else "open",
        "title": said.title,
        "mode": said.mode,
        "price": _money(said.price, said.currency),
        "currency": said.currency,
        "quantity": _count(said.quantity),
        "category": said.category,
        "tags": ", ".join(_word(tag) for tag in said.tags),
        "place": said.place,
        "spot": spot_text(said.spot),
        "condition": said.condition,
        "delivery": said.delivery,
        "audience": said.audience,
        "expires": _moment(said.expires_ms),
        "values": "\n".join(f"{claim.value}={claim.evidence}" for claim in said.values),
        "description": said.description,
        "story": said.story,
    }


def _variant(said: Listing, variant: Variant) -> dict[str, str]:
    return {
        "variant": variant.name,
        "variant price": _money(variant.price, said.currency),
        "variant quantity": _count(variant.quantity),
        "variant sku": variant.sku,
    }


def _money(amount: int | None, currency: str) -> str:
    return "" if amount is None else money(amount, currency)


def _moment(ms: int | None) -> str:
    """To the millisecond, as RFC 3339 has it; far-off claims are cut to year 9999."""
    if ms is None:
        return ""
    start = datetime.datetime.fromtimestamp(0, datetime.UTC)
    moment = start + datetime.timedelta(milliseconds=min(ms, LAST_MS))
    precision = "milliseconds" if ms % 1000 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _count(quantity: int | None) -> str:
    return "" if quantity is None else str(quantity)


def _word(tag: str) -> str:
    """A tag in a list with commas between."""
    return '"' + tag.replace('"', '""') + '"' if "," in tag or '"' in tag else tag
