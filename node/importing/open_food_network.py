"""Products as the Open Food Network imports and lists them: one row for each unit of sale.

Rows with one name and one producer are one product. How much a unit is ("1 kg") belongs to its
price, so even a product with a single unit keeps it as a variant. What is made on demand is not
counted. The producer becomes a tag.

Source: the Open Food Network user guide, "Product import".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node.importing import goods
from node.importing.descriptions import markdown
from node.importing.goods import MAX_TITLE
from node.importing.model import Product, Reading, Settings, Variant
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table

_COLUMNS: Final[Columns] = {
    "producer": ("producer",),
    "sku": ("sku",),
    "name": ("name",),
    "display name": ("display_name",),
    "category": ("category",),
    "description": ("description",),
    "units": ("units",),
    "unit type": ("unit_type",),
    "unit name": ("variant_unit_name",),
    "price": ("price",),
    "on hand": ("on_hand",),
    "on demand": ("on_demand",),
}
_TELLING = ("producer", "name", "price", "units")


def missing(header: Sequence[str]) -> list[str]:
    """The columns for want of which a file is not taken for one of the Open Food Network."""
    found = places(header, _COLUMNS)
    return [_COLUMNS[field][0] for field in _TELLING if not found[field]]


def read(table: Table, settings: Settings) -> Reading:
    """Read every product; the file itself doesn't name the currency of its prices."""
    sheet = Sheet(table, _COLUMNS, settings)
    if not sheet.require(table.line, "name", "price"):
        return Reading(errors=tuple(sheet.errors))
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        name = sheet.line_of_text(row, "name", MAX_TITLE)
        if not name:
            sheet.fault(row, "name", "This product has no name; write one here.")
            continue
        producer = sheet.line_of_text(row, "producer")
        groups.setdefault(f"{name.casefold()} / {producer.casefold()}", []).append(row)
    products = tuple(_product(sheet, handle, rows) for handle, rows in groups.items())
    return Reading(
        products=products, errors=tuple(sheet.errors), title_column=sheet.name_of("name")
    )


def _product(sheet: Sheet, handle: str, rows: Sequence[Row]) -> Product:
    first = rows[0]
    variants = _variants(sheet, rows)
    described = next((row for row in rows if sheet.cell(row, "description")), first)
    return goods.product(
        sheet,
        first,
        handle=handle,
        title=sheet.line_of_text(first, "name", MAX_TITLE),
        description=goods.description(sheet, described, "description", markdown),
        category=sheet.line_of_text(sheet.naming(rows, "category"), "category"),
        tags=goods.tags(sheet, first, "producer", [sheet.cell(first, "producer")]),
        status="open",
        variants=variants,
        choice=len(variants) > 1 or bool(variants[0].name),
        pictures=(),
        silent=sheet.silent(
            description=("description",),
            category=("category",),
            tags=("producer",),
            quantity=("on hand", "on demand"),
        ),
    )


def _variants(sheet: Sheet, rows: Sequence[Row]) -> list[Variant]:
    variants: list[Variant] = []
    lines: dict[str, int] = {}
    for row in rows:
        name = _name(sheet, row)
        goods.name_once(sheet, row, "units", name, lines)
        if not name and len(rows) > 1:
            sheet.fault(
                row, "units", "Each of several rows of a product needs units or a display_name."
            )
        counted = goods.stock(sheet.whole(row, "on hand"))
        variant = Variant(
            name=sheet.checked(row, "units", name, MAX_NAME),
            price=sheet.price(row, "price"),
            quantity=None if sheet.flag(row, "on demand") else counted,
            sku=goods.sku(sheet, row),
        )
        variants.append(variant)
        goods.room_for(sheet, row, "units", variants)
    goods.all_or_none_priced(sheet, "price", list(zip(rows, variants, strict=True)))
    return variants


def _name(sheet: Sheet, row: Row) -> str:
    """What a buyer chooses, such as "Cherry (500 g)", "1 kg" or "2 loaf"."""
    shown = " ".join(sheet.cell(row, "display name").split())
    measure = sheet.cell(row, "unit type") or sheet.cell(row, "unit name")
    amount = " ".join(f"{sheet.cell(row, 'units')} {measure}".split())
    if shown and amount and amount.casefold() not in shown.casefold():
        return f"{shown} ({amount})"
    return shown or amount
