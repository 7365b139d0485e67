"""Exporting one's own listings: gathered here, written by `node.exporting`.

What is on offer, what waits for this home to be let in, what is over and the drafts; not what was
withdrawn. Nothing is changed by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from node import market
from node.exporting.formats import FORMATS
from node.exporting.model import Seller, Written
from node.home import Home
from node.importing.prices import decimals
from node.invitations import outside_address
from node.people import own_profile
from protocol.errors import Refused
from storage.claims import values
from storage.views.listing_queries import Offer, Query, search

PAGE = 500  # listings read at a time


def export(home: Home, format_: str, currency: str = "") -> Written:
    """One's listings in one of FORMATS.

    `currency` is that of a format that has only one, the community's if none is named. Raises
    Refused: `unknown-format`, `bad-currency`.
    """
    if format_ not in FORMATS:
        raise Refused(
            "unknown-format",
            "No format is called %(format)s; there are: %(formats)s.",
            format=format_,
            formats=", ".join(FORMATS),
        )
    currency = currency or home.charter().currency
    decimals(currency)
    offers = [offer for page in pages(home) for offer in page]
    return FORMATS[format_].write(offers, seller(home, currency))


def pages(home: Home) -> Iterator[list[Offer]]:
    """One's own listings, some hundred at a time: drafts, what is on offer, what is over."""
    yield market.unpublished(home, Query())
    for status in ("open", "expired"):
        start, page = 0, list[Offer]()
        while start == 0 or len(page) == PAGE:
            query = Query(
                person=home.person, status=status, sort="new", limit=PAGE, offset=start, count_to=0
            )
            page = list(search(home.store, query).offers)
            start += PAGE
            yield page


def seller(home: Home, currency: str) -> Seller:
    """What a writer gets beside the listings."""
    noted = home.store.db.execute("SELECT listing, pictures FROM imported")
    return Seller(
        name=own_profile(home).name,
        person=home.person,
        currency=currency,
        values=values(home.store),
        site=outside_address(home.store) or "",
        pictures={row[0]: json.loads(row[1]) for row in noted.fetchall()},
    )
