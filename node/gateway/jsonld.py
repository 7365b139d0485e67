"""A listing for search engines: schema.org's words as JSON-LD, on its page and alone.

Addresses in it are absolute where the site's own is known, and lead only where this reader can go.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from node.exporting import schema_org
from node.gateway.offers import listing_path, maker_name, member_path
from node.gateway.outside import base
from node.gateway.pictures import path
from node.gateway.visit import Visit
from storage.claims import values
from storage.views.listing_queries import Offer


def listing_document(visit: Visit, offer: Offer) -> dict[str, Any]:
    """The listing as a JSON-LD document of its own."""
    site = base(visit)
    maker = f"{site}{member_path(offer.person)}" if site and visit.shows_members else ""
    return schema_org.alone(
        schema_org.listing_node(
            offer.listing,
            listing_id=offer.id,
            seller=maker_name(visit, offer.person),
            open_=offer.status == "open",
            address=f"{site}{listing_path(offer.id)}" if site else "",
            seller_address=maker,
            images=[
                schema_org.Image(address=f"{site}{path(photo.large)}", alt=photo.alt)
                for photo in offer.listing.photos
                if site
            ],
            values=values(visit.store),
        )
    )


def listing_block(visit: Visit, offer: Offer) -> Markup:
    """The same as text that stands inside a page's script element, which it can't end."""
    return Markup(schema_org.document(listing_document(visit, offer)))
