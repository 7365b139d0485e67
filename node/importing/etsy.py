"""Listings as Etsy's "Download CSV" writes them, one row each.

The file has one price and one quantity for a listing with variations, and does not say which of
them are to be had together: each combination becomes a variant without a price of its own, and a
note says so. Tags are written with underscores for spaces. Only listings on sale are in the file.

Source: Etsy's help page "How to download your listing information".
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from itertools import product as combinations
from math import prod
from typing import Final

from node.importing import goods
from node.importing.descriptions import from_text
from node.importing.goods import MAX_TITLE, MAX_VARIANTS
from node.importing.model import Product, Reading, Settings, Variant
from node.importing.prices import PriceError, decimals
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table
from node.sentences import later

_IMAGES = tuple(f"image {n}" for n in range(1, 11))  # old files have five
_VALUES = tuple(f"values {n}" for n in range(1, 4))
_COLUMNS: Final[Columns] = {
    "title": ("TITLE",),
    "description": ("DESCRIPTION",),
    "price": ("PRICE",),
    "currency": ("CURRENCY_CODE",),
    "quantity": ("QUANTITY",),
    "tags": ("TAGS",),
    "materials": ("MATERIALS",),
    "sku": ("SKU",),  # not in old files
    **{field: (f"IMAGE{n}",) for n, field in enumerate(_IMAGES, 1)},
    **{field: (f"VARIATION {n} VALUES",) for n, field in enumerate(_VALUES, 1)},
}
_TELLING = ("title", "price", "currency")
_ONE_PRICE = later(
    "Etsy's file has one price for all variants; give those that cost more their own."
)


def missing(header: Sequence[str]) -> list[str]:
    """The columns for want of which a file is not taken for Etsy's."""
    found = places(header, _COLUMNS)
    return [_COLUMNS[field][0] for field in _TELLING if not found[field]]


def read(table: Table, settings: Settings) -> Reading:
    """Read every listing; `settings.currency` counts for rows that name none."""
    sheet = Sheet(table, _COLUMNS, settings)
    if not sheet.require(table.line, "title", "price"):
        return Reading(errors=tuple(sheet.errors))
    numbers = Counter(sheet.cell(row, "sku") for row in table.rows)
    lines: dict[str, int] = {}
    products = tuple(_product(sheet, row, numbers, lines) for row in table.rows)
    return Reading(
        products=products, errors=tuple(sheet.errors), title_column=sheet.name_of("title")
    )


def _product(sheet: Sheet, row: Row, numbers: Counter[str], lines: dict[str, int]) -> Product:
    title = " ".join(html.unescape(sheet.cell(row, "title")).split())
    sheet.checked(row, "title", title, MAX_TITLE)
    if not title:
        sheet.fault(row, "title", "This listing has no title; write one here.")
    number = goods.sku(sheet, row)
    # A seller's own number outlives a new title, where it means one listing alone.
    handle = f"sku {number}" if number and numbers[number] == 1 else title.casefold()
    if handle in lines:
        sheet.fault(
            row,
            "title",
            "Line %(line)s has the same title; change one, or give each its own SKU.",
            line=lines[handle],
        )
    lines.setdefault(handle, row.line)
    currency = _currency(sheet, row)
    variants = _variants(sheet, row)
    made = goods.product(
        sheet,
        row,
        handle=handle,
        title=title,
        description=goods.description(sheet, row, "description", from_text),
        category="",
        tags=goods.tags(sheet, row, "tags", _words(sheet, row)),
        status="open",
        variants=variants,
        choice=bool(variants),
        pictures=goods.pictures(sheet, ((row, each, sheet.cell(row, each)) for each in _IMAGES)),
        currency=currency,
        silent=sheet.silent(
            description=("description",),
            category=(),
            tags=("tags", "materials"),
            quantity=("quantity",),
        ),
        notes=[_ONE_PRICE] if variants else [],
    )
    quantity = goods.stock(sheet.whole(row, "quantity"))
    return goods.with_totals(made, sheet.price(row, "price", currency), quantity)


def _currency(sheet: Sheet, row: Row) -> str:
    code = sheet.cell(row, "currency").upper()
    try:
        decimals(code or sheet.currency)
    except PriceError as error:
        sheet.fault(row, "currency", error.text, **error.values)
        return sheet.currency
    return code or sheet.currency


def _words(sheet: Sheet, row: Row) -> list[str]:
    """Tags, then what it is made of; Etsy lets no underscore into either."""
    cells = f"{sheet.cell(row, 'tags')},{sheet.cell(row, 'materials')}"
    return html.unescape(cells).replace("_", " ").split(",")


def _variants(sheet: Sheet, row: Row) -> list[Variant]:
    """Every combination of the variations' values."""
    choices = []
    for field in _VALUES:
        values = html.unescape(sheet.cell(row, field)).split(",")
        clean = (" ".join(value.split()) for value in values)
        found = list(dict.fromkeys(value for value in clean if value))
        choices += [(field, found)] if found else []
    if not choices:
        return []
    count = prod(len(values) for _, values in choices)
    field = choices[-1][0]
    if count > MAX_VARIANTS:
        sheet.fault(
            row,
            field,
            "These are %(count)s variants, and a product can have %(most)s; split it.",
            count=f"{count:,}",
            most=MAX_VARIANTS,
        )
        return []
    names = [" / ".join(names) for names in combinations(*(values for _, values in choices))]
    if len(set(names)) < len(names):
        sheet.fault(row, field, "Two combinations of these values read alike; change one of them.")
    return [
        Variant(name=sheet.checked(row, field, name, MAX_NAME), price=None, quantity=None, sku="")
        for name in names
    ]
