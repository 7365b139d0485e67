"""Product files as Shopify exports them, with the current column names or the legacy ones.

Columns are known by name, never by position. Rows with one handle are one product: its first row
names it, each further row adds a variant, a picture or both. Every fault of the file is collected,
so that a seller mends them in one go. Pictures are noted as addresses and nothing is fetched.

Source: Shopify's help pages "Using CSV files to import and export products".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from node.importing import goods
from node.importing.descriptions import markdown
from node.importing.goods import MAX_ALT, MAX_PICTURES, MAX_TITLE
from node.importing.model import LeftOut, Picture, Product, Reading, Settings, Variant
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table, plain
from node.sentences import later

# Field: its column in the current export, then in the legacy one where that differs.
_COLUMNS: Final[Columns] = {
    "handle": ("URL handle", "Handle"),
    "title": ("Title",),
    "description": ("Description", "Body (HTML)"),
    "category": ("Product category",),
    "type": ("Type",),
    "tags": ("Tags",),
    "published": ("Published on online store", "Published"),
    "status": ("Status",),
    "sku": ("SKU", "Variant SKU"),
    "option name": ("Option1 name",),
    "option 1": ("Option1 value",),
    "option 2": ("Option2 value",),
    "option 3": ("Option3 value",),
    "price": ("Price", "Variant Price"),
    "quantity": ("Inventory quantity", "Variant Inventory Qty"),
    "picture": ("Product image URL", "Image Src"),
    "position": ("Image position",),
    "alt": ("Image alt text",),
    "variant picture": ("Variant image URL", "Variant Image"),
    "gift card": ("Gift card",),
}
_OPTIONS = ("option 1", "option 2", "option 3")
_VARIANT = (*_OPTIONS, "price", "quantity", "sku")
_PICTURE = ("picture", "variant picture")
# A title alone could come from anywhere; one of these beside it makes it Shopify's file.
_TELLING = ("handle", "published", "option 1", "picture")

_NOT_IN_HANDLE = re.compile(r"[\W_]+")


def missing(header: Sequence[str]) -> list[str]:
    """The columns for want of which a file is not taken for Shopify's."""
    fields = {field for field, found in places(header, _COLUMNS).items() if found}
    wanted = [] if "title" in fields else ["Title"]
    if fields.isdisjoint(_TELLING):
        wanted.append("URL handle (or Handle)")
    return wanted


def read(table: Table, settings: Settings) -> Reading:
    """Read every product; the file itself doesn't name the currency of its prices.

    Where there are errors, the products among them are worth nothing.
    """
    sheet = Sheet(table, _COLUMNS, settings)
    if not sheet.require(table.line, "title"):
        return Reading(errors=tuple(sheet.errors))
    products: list[Product] = []
    skipped: list[LeftOut] = []
    for handle, rows in _groups(sheet, table.rows).items():
        gift = sheet.naming(rows, "gift card")
        if sheet.flag(gift, "gift card"):
            title = sheet.cell(sheet.naming(rows, "title"), "title")
            text = later("A gift card binds the shop that sold it, so it is left out.")
            skipped.append(sheet.left_out(gift, "gift card", title, text))
        else:
            products.append(_product(sheet, handle, rows))
    return Reading(
        products=tuple(products),
        errors=tuple(sheet.errors),
        skipped=tuple(skipped),
        title_column=sheet.name_of("title"),
    )


def _groups(sheet: Sheet, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each product, by handle; a product without one gets it from its title."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        handle = sheet.line_of_text(row, "handle").casefold()
        title = " ".join(sheet.cell(row, "title").split()).casefold()
        if handle:
            groups.setdefault(handle, []).append(row)
            continue
        handle = _NOT_IN_HANDLE.sub("-", title).strip("-") or title
        if not handle:
            sheet.fault(row, "handle", "This row has no handle and no title; fill in one of them.")
        elif handle in groups:
            sheet.fault(
                row,
                "handle",
                "Line %(line)s has the handle that this title gives; write a handle here.",
                line=groups[handle][0].line,
            )
        else:
            groups[handle] = [row]
    return groups


def _product(sheet: Sheet, handle: str, rows: Sequence[Row]) -> Product:
    """One product, as far as the sheet notes no fault meanwhile."""
    named = sheet.naming(rows, "title")
    title = sheet.line_of_text(named, "title", MAX_TITLE)
    if not title:
        sheet.fault(named, "title", "No row of this product has a title; write one here.")
    kind = sheet.naming(rows, "category")
    # "Home & Garden > Plants > Pots": a market of neighbours looks for pots.
    category = sheet.line_of_text(kind, "category").rpartition(">")[2].strip()
    variants = _variants(sheet, rows)
    choice = not _nothing_to_choose(sheet, rows[0], variants)
    if choice:
        _check_names(sheet, rows)
    described = sheet.naming(rows, "description")
    tagged = sheet.naming(rows, "tags")
    return goods.product(
        sheet,
        rows[0],
        handle=handle,
        title=title,
        description=goods.description(sheet, described, "description", markdown),
        category=category or sheet.line_of_text(sheet.naming(rows, "type"), "type"),
        tags=goods.tags(sheet, tagged, "tags", sheet.cell(tagged, "tags").split(",")),
        status=_status(sheet, rows),
        variants=variants,
        choice=choice,
        pictures=_pictures(sheet, rows),
        silent=sheet.silent(
            description=("description",),
            category=("category", "type"),
            tags=("tags",),
            quantity=("quantity",),
        ),
    )


def _status(sheet: Sheet, rows: Sequence[Row]) -> Literal["open", "draft"]:
    """Open unless the shop hides the product in any way."""
    published = sheet.flag(sheet.naming(rows, "published"), "published")
    row = sheet.naming(rows, "status")
    match sheet.cell(row, "status").casefold():
        case "" | "active":
            return "draft" if published is False else "open"
        case "draft" | "archived" | "unlisted":
            return "draft"
    sheet.fault(row, "status", "Write active, draft or archived here.")
    return "draft"


def _options(sheet: Sheet, row: Row) -> dict[str, str]:
    texts = {field: " ".join(sheet.cell(row, field).split()) for field in _OPTIONS}
    return {field: text for field, text in texts.items() if text}


def _name(options: Mapping[str, str]) -> str:
    return " / ".join(options.values())


def _adds_variant(sheet: Sheet, rows: Sequence[Row], row: Row) -> bool:
    """The first row always does: a product without a price is one on request."""
    return row is rows[0] or any(sheet.cell(row, field) for field in _VARIANT)


def _variants(sheet: Sheet, rows: Sequence[Row]) -> list[Variant]:
    variants: list[Variant] = []
    where: list[Row] = []
    for row in rows:
        if not _adds_variant(sheet, rows, row):
            if not any(sheet.cell(row, field) for field in _PICTURE):
                sheet.fault(
                    row,
                    "handle",
                    "This row adds no option, price or picture to its product; delete it.",
                )
            continue
        name = _name(_options(sheet, row))
        variant = Variant(
            name=sheet.checked(row, "option 1", name, MAX_NAME),
            price=sheet.price(row, "price"),
            quantity=goods.stock(sheet.whole(row, "quantity")),
            sku=goods.sku(sheet, row),
        )
        variants.append(variant)
        where.append(row)
        goods.room_for(sheet, row, "option 1", variants)
    goods.all_or_none_priced(sheet, "price", list(zip(where, variants, strict=True)))
    return variants


def _nothing_to_choose(sheet: Sheet, first: Row, variants: Sequence[Variant]) -> bool:
    """Whether the only variant is the one that Shopify invents for a product without options."""
    if len(variants) > 1:
        return False
    name = plain(sheet.cell(first, "option name"))
    options = _options(sheet, first)
    return not options or (name in ("", "title") and plain(variants[0].name) == "default title")


def _check_names(sheet: Sheet, rows: Sequence[Row]) -> None:
    """Each variant chooses among the same options, and differently from the others."""
    filled = tuple(_options(sheet, rows[0])) or _OPTIONS[:1]
    lines: dict[str, int] = {}
    for row in rows:
        if not _adds_variant(sheet, rows, row):
            continue
        options = _options(sheet, row)
        wrong = next((field for field in _OPTIONS if (field in filled) != (field in options)), None)
        if wrong is not None:
            text = (
                later("Each variant of a product needs a value here.")
                if wrong in filled
                else later(
                    "The first row of this product leaves this option empty; fill in both or none."
                )
            )
            sheet.fault(row, wrong, text)
            continue
        goods.name_once(sheet, row, "option 1", _name(options), lines)


def _pictures(sheet: Sheet, rows: Sequence[Row]) -> tuple[Picture, ...]:
    """Each address once, in the order of the positions, then those that only variants show."""
    alts: dict[str, str] = {}
    order: dict[str, tuple[bool, int]] = {}
    for field, row in [(field, row) for field in _PICTURE for row in rows]:
        address = sheet.cell(row, field)
        if not address:
            continue
        goods.address(sheet, row, field, address)
        alt, position = "", None
        if field == "picture":
            alt, position = sheet.line_of_text(row, "alt", MAX_ALT), sheet.whole(row, "position")
        if address not in alts and len(alts) == MAX_PICTURES:
            sheet.fault(row, field, goods.TOO_MANY_PICTURES, most=MAX_PICTURES)
        alts[address] = alts.get(address) or alt
        order.setdefault(address, (position is None, position or 0))
    ordered = sorted(alts, key=order.__getitem__)
    return tuple(Picture(address=address, alt=alts[address]) for address in ordered)
