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
from urllib.parse import urlsplit

from node.importing.descriptions import DescriptionError, markdown
from node.importing.model import Picture, Product, Reading, RowError, Variant
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table, plain

MAX_TITLE: Final = 200  # characters, as are the others without a unit
MAX_DESCRIPTION: Final = 10_000
MAX_TAG: Final = 80
MAX_TAGS: Final = 50
MAX_ALT: Final = 1_000
MAX_ADDRESS: Final = 2_000
MAX_VARIANTS: Final = 100
MAX_PICTURES: Final = 20
MAX_BYTES: Final = 15_000  # all the text of a product; a record's body holds 16 KiB

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


def recognises(header: Sequence[str]) -> bool:
    """Whether these column names are those of a Shopify product file."""
    return not missing(header)


def read(table: Table, currency: str) -> Reading:
    """Read every product, with prices in `currency`, which the file itself doesn't name.

    Where there are errors, the products among them are worth nothing.
    """
    sheet = Sheet(table, _COLUMNS, currency)
    if sheet.errors:
        return Reading(errors=tuple(sheet.errors))
    if not places(table.header, _COLUMNS)["title"]:
        reason = "A Shopify file has a column Title, and this one does not; export it again."
        return Reading(errors=(RowError(line=table.line, column="Title", reason=reason),))
    products: list[Product] = []
    skipped: list[RowError] = []
    for handle, rows in _groups(sheet, table.rows).items():
        gift = sheet.naming(rows, "gift card")
        if sheet.flag(gift, "gift card"):
            reason = "A gift card binds the shop that sold it, so it is left out."
            skipped.append(sheet.note(gift, "gift card", reason))
        else:
            products.append(_product(sheet, handle, rows))
    return Reading(products=tuple(products), errors=tuple(sheet.errors), skipped=tuple(skipped))


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
            other = groups[handle][0].line
            reason = f"Line {other} has the handle that this title gives; write a handle here."
            sheet.fault(row, "handle", reason)
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
    choices = () if _nothing_to_choose(sheet, rows[0], variants) else tuple(variants)
    if choices or len(variants) > 1:
        _check_names(sheet, rows)
    prices = [variant.price for variant in variants if variant.price is not None]
    counts = [variant.quantity for variant in variants if variant.quantity is not None]
    product = Product(
        handle=handle,
        title=title,
        description=_description(sheet, sheet.naming(rows, "description")),
        category=category or sheet.line_of_text(sheet.naming(rows, "type"), "type"),
        tags=_tags(sheet, sheet.naming(rows, "tags")),
        status=_status(sheet, rows),
        price=min(prices, default=None),
        currency=sheet.currency,
        quantity=sum(counts) if counts else None,
        variants=choices,
        pictures=_pictures(sheet, rows),
        line=rows[0].line,
    )
    size = _size(product)
    if size > MAX_BYTES:
        reason = f"All the text of this product takes {size:,} bytes; shorten it to {MAX_BYTES:,}."
        sheet.fault(rows[0], "description", reason)
    return product


def _description(sheet: Sheet, row: Row) -> str:
    try:
        text = markdown(sheet.cell(row, "description"))
    except DescriptionError as error:
        sheet.fault(row, "description", str(error))
        return ""
    return sheet.checked(row, "description", text, MAX_DESCRIPTION)


def _tags(sheet: Sheet, row: Row) -> tuple[str, ...]:
    """The tags in the file's order, each once."""
    parts = (" ".join(part.split()) for part in sheet.cell(row, "tags").split(","))
    tags = tuple(dict.fromkeys(part for part in parts if part))
    if len(tags) > MAX_TAGS:
        sheet.fault(row, "tags", f"There are {len(tags)} tags here; keep at most {MAX_TAGS}.")
    return tuple(sheet.checked(row, "tags", tag, MAX_TAG) for tag in tags)


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
    for row in rows:
        if not _adds_variant(sheet, rows, row):
            if not any(sheet.cell(row, field) for field in _PICTURE):
                reason = "This row adds no option, price or picture to its product; delete it."
                sheet.fault(row, "handle", reason)
            continue
        counted = sheet.whole(row, "quantity")
        name = _name(_options(sheet, row))
        variant = Variant(
            name=sheet.checked(row, "option 1", name, MAX_NAME),
            price=sheet.price(row, "price"),
            # Shops sell below zero when they promise more than they have: none is left.
            quantity=None if counted is None else max(0, counted),
            sku=sheet.line_of_text(row, "sku"),
        )
        variants.append(variant)
        if len(variants) == MAX_VARIANTS + 1:
            reason = f"A product can have {MAX_VARIANTS} variants; this is one more. Split it."
            sheet.fault(row, "option 1", reason)
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
            reason = (
                "Each variant of a product needs a value here."
                if wrong in filled
                else "The first row of this product leaves this option empty; fill in both or none."
            )
            sheet.fault(row, wrong, reason)
            continue
        name = _name(options)
        if name in lines:
            reason = f"Line {lines[name]} has the same options; each variant needs its own."
            sheet.fault(row, "option 1", reason)
        lines.setdefault(name, row.line)


def _pictures(sheet: Sheet, rows: Sequence[Row]) -> tuple[Picture, ...]:
    """Each address once, in the order of the positions, then those that only variants show."""
    alts: dict[str, str] = {}
    order: dict[str, tuple[bool, int]] = {}
    for field, row in [(field, row) for field in _PICTURE for row in rows]:
        address = sheet.cell(row, field)
        if not address:
            continue
        if not _is_address(address):
            reason = "This is no picture's address; write one that starts with https://."
            sheet.fault(row, field, reason)
        alt, position = "", None
        if field == "picture":
            alt, position = sheet.line_of_text(row, "alt", MAX_ALT), sheet.whole(row, "position")
        if address not in alts and len(alts) == MAX_PICTURES:
            reason = f"A product can have {MAX_PICTURES} pictures; leave out this one."
            sheet.fault(row, field, reason)
        alts[address] = alts.get(address) or alt
        order.setdefault(address, (position is None, position or 0))
    ordered = sorted(alts, key=order.__getitem__)
    return tuple(Picture(address=address, alt=alts[address]) for address in ordered)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    sound = len(text) <= MAX_ADDRESS and text.isprintable() and " " not in text
    return sound and parts.scheme in ("http", "https") and bool(parts.netloc)


def _size(product: Product) -> int:
    """Bytes of text, with what each variant and picture takes beside its words."""
    texts = [product.handle, product.title, product.description, product.category, *product.tags]
    texts += [text for variant in product.variants for text in (variant.name, variant.sku)]
    texts += [picture.alt for picture in product.pictures]
    beside = 40 * (len(product.variants) + len(product.pictures)) + 2 * len(product.tags)
    return sum(len(text.encode()) for text in texts) + beside
