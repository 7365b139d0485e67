"""A product file that Shopify imports, with the column names of its current exports.

It holds what is for sale in one currency, since such a file names none; other modes and currencies
are left out and counted. What has no price, and what is for members only, comes as a
draft: Shopify would sell the one for nothing and show the other to everybody.

Source: Shopify's help page "Using CSV files to import and export products".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markdown_it import MarkdownIt

from node.exporting.model import Seller, Written
from node.importing.formulas import guarded
from node.importing.prices import money
from protocol.kinds.listing import Listing, Variant
from storage.views.listing_queries import Offer

COLUMNS: Final = (
    "Title",
    "URL handle",
    "Description",
    "Vendor",
    "Product category",
    "Type",
    "Tags",
    "Published on online store",
    "Status",
    "SKU",
    "Barcode",
    "Option1 name",
    "Option1 value",
    "Option2 name",
    "Option2 value",
    "Option3 name",
    "Option3 value",
    "Price",
    "Compare-at price",
    "Cost per item",
    "Charge tax",
    "Inventory tracker",
    "Inventory quantity",
    "Continue selling when out of stock",
    "Weight value (grams)",
    "Weight unit for display",
    "Requires shipping",
    "Product image URL",
    "Image position",
    "Image alt text",
    "Variant image URL",
    "Gift card",
    "SEO title",
    "SEO description",
)
MODES: Final = ("sell", "service")
OPTION: Final = "Variant"  # ours have one name, whatever they differ in
_NOT_IN_HANDLE = re.compile(r"[\W_]+")
_markdown = MarkdownIt("commonmark", {"html": False})


def write(offers: Sequence[Offer], seller: Seller) -> Written:
    """A table with a row for each variant and each further picture."""
    fitting = [offer for offer in offers if _fits(offer, seller)]
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, COLUMNS, restval="")
    table.writeheader()
    for offer in fitting:
        for row in _rows(offer, seller):
            table.writerow({name: guarded(text) for name, text in row.items()})
    return Written(text=out.getvalue(), count=len(fitting), left_out=len(offers) - len(fitting))


def _fits(offer: Offer, seller: Seller) -> bool:
    said = offer.listing
    priced = [said.price, *(variant.price for variant in said.variants)]
    unpriced = all(price is None for price in priced)
    return (
        offer.status != "expired"
        and said.mode in MODES
        and (unpriced or said.currency == seller.currency)
    )


def _rows(offer: Offer, seller: Seller) -> Iterator[dict[str, str]]:
    said = offer.listing
    handle = _handle(offer)
    pictures = list(seller.pictures.get(offer.id, ()))
    forms = [_form(said, variant) for variant in said.variants] or [_alone(said)]
    for number in range(max(len(forms), len(pictures))):
        row = {"URL handle": handle}
        if number == 0:
            row |= _whole(offer, seller)
        if number < len(forms):
            row |= forms[number]
        if number < len(pictures):
            row |= _picture(pictures[number], number + 1)
        yield row


def _handle(offer: Offer) -> str:
    """Its title for an address, and of its id what tells it from others of the same title."""
    words = _NOT_IN_HANDLE.sub("-", offer.listing.title.casefold()).strip("-")[:80]
    return f"{words}-{offer.id.hex()[:12]}".lstrip("-")


def _whole(offer: Offer, seller: Seller) -> dict[str, str]:
    said = offer.listing
    shown = offer.status != "draft" and said.audience == "everyone" and _has_price(said)
    return {
        "Title": said.title,
        "Description": _markdown.render(said.description).strip(),
        "Vendor": seller.name,
        "Type": said.category,
        "Tags": ", ".join(said.tags),
        "Published on online store": "TRUE" if shown else "FALSE",
        "Status": "Active" if shown else "Draft",
        "Gift card": "FALSE",
    }


def _has_price(said: Listing) -> bool:
    return said.price is not None or (
        bool(said.variants) and all(variant.price is not None for variant in said.variants)
    )


def _alone(said: Listing) -> dict[str, str]:
    """A product with nothing to choose, as Shopify writes it."""
    return {
        "Option1 name": "Title",
        "Option1 value": "Default Title",
        **_stock(said, said.price, said.quantity),
    }


def _form(said: Listing, variant: Variant) -> dict[str, str]:
    price = said.price if variant.price is None else variant.price
    return {
        "Option1 name": OPTION,
        "Option1 value": variant.name,
        "SKU": variant.sku,
        **_stock(said, price, variant.quantity),
    }


def _stock(said: Listing, price: int | None, quantity: int | None) -> dict[str, str]:
    counted = quantity is not None
    return {
        "Price": "" if price is None else money(price, said.currency),
        "Inventory tracker": "shopify" if counted else "",
        "Inventory quantity": str(quantity) if counted else "",
        "Continue selling when out of stock": "DENY" if counted else "CONTINUE",
        "Requires shipping": "FALSE" if said.mode == "service" else "TRUE",
    }


def _picture(picture: Mapping[str, str], position: int) -> dict[str, str]:
    return {
        "Product image URL": picture["address"],
        "Image position": str(position),
        "Image alt text": picture["alt"],
    }
