"""One's listings as a JSON-LD graph in the words of schema.org, to be put on a site of one's own.

It holds what everybody may see: no drafts, nothing that is over, nothing for members only.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.exporting import schema_org
from node.exporting.model import Seller, Written
from storage.views.listing_queries import Offer


def write(offers: Sequence[Offer], seller: Seller) -> Written:
    """A document with one node for each listing."""
    shown = [
        offer for offer in offers if offer.status == "open" and offer.listing.audience == "everyone"
    ]
    nodes = [
        schema_org.listing_node(
            offer.listing,
            listing_id=offer.id,
            seller=seller.name,
            address=f"{seller.site}/listing/{offer.id.hex()}" if seller.site else "",
            seller_address=f"{seller.site}/member/{seller.person.hex()}" if seller.site else "",
            images=[
                schema_org.Image(address=picture["address"], alt=picture["alt"])
                for picture in seller.pictures.get(offer.id, ())
            ],
            values=seller.values,
        )
        for offer in shown
    ]
    text = schema_org.document(schema_org.graph(nodes), indent=2) + "\n"
    return Written(text=text, count=len(shown), left_out=len(offers) - len(shown))
