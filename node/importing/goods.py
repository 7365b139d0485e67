"""From cells to the parts of a product, checked against what one listing can hold.

What all formats share: texts, tags, pictures, variants, and a product made of them. Whatever does
not fit is noted in the sheet as a fault of its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from node.importing.descriptions import DescriptionError
from node.importing.model import Picture, Product, RowError, Variant
from node.importing.sheet import Sheet
from node.importing.table import Row, TableFault
from node.sentences import later

MAX_TITLE: Final = 200  # characters, as are the others without a unit
MAX_DESCRIPTION: Final = 10_000
MAX_HTML: Final = 100_000  # of a description before it is converted; most of it is markup
# In all descriptions of a file; each takes up to 3 microseconds to convert.
MAX_CHARACTERS: Final = 8_000_000
# Tags and line ends in all descriptions of a file. Each takes up to 150 microseconds to convert.
MAX_MARKS: Final = 300_000
MAX_TAG: Final = 80
MAX_TAGS: Final = 50
MAX_ALT: Final = 1_000
MAX_ADDRESS: Final = 2_000
MAX_VARIANTS: Final = 100
MAX_PICTURES: Final = 20
MAX_BYTES: Final = 15_000  # all the text of a product; a record's body holds 16 KiB

TOO_MANY_PICTURES: Final = later("A product can have %(most)s pictures; leave out this one.")


def description(sheet: Sheet, row: Row, field: str, convert: Callable[[str], str]) -> str:
    """A cell as Markdown, by one of the functions of `descriptions`.

    Raises TableFault when the descriptions up to this one hold more than can be read in good time.
    """
    html = sheet.cell(row, field)
    if len(html) > MAX_HTML:
        sheet.too_long(row, field, html, MAX_HTML)
        return ""
    sheet.characters += len(html)
    sheet.marks += html.count("<") + html.count("\n") + html.count("\\n")
    if sheet.characters > MAX_CHARACTERS:
        said = later(
            "The descriptions down to this row hold more than %(most)s characters; split the file "
            "into smaller ones."
        )
        raise _too_much(sheet, row, field, said, MAX_CHARACTERS)
    if sheet.marks > MAX_MARKS:
        said = later(
            "The descriptions down to this row hold more than %(most)s tags and line ends; split "
            "the file into smaller ones."
        )
        raise _too_much(sheet, row, field, said, MAX_MARKS)
    try:
        text = convert(html)
    except DescriptionError as error:
        sheet.fault(row, field, error.text, **error.values)
        return ""
    return sheet.checked(row, field, text, MAX_DESCRIPTION)


def _too_much(sheet: Sheet, row: Row, field: str, said: str, most: int) -> TableFault:
    values = {"most": f"{most:,}"}
    return TableFault(
        RowError(line=row.line, column=sheet.name_of(field), text=said, values=values)
    )


def tags(sheet: Sheet, row: Row, field: str, parts: Iterable[str]) -> tuple[str, ...]:
    """The parts of a cell as tags, in their order, each once."""
    clean = (part.strip() for part in parts)
    found = tuple(dict.fromkeys(part for part in clean if part))
    if len(found) > MAX_TAGS:
        text = later("There are %(count)s tags here; keep at most %(most)s.")
        sheet.fault(row, field, text, count=len(found), most=MAX_TAGS)
    return tuple(sheet.checked(row, field, tag, MAX_TAG) for tag in found)


def address(sheet: Sheet, row: Row, field: str, text: str) -> str:
    """A picture's address, or a fault."""
    if not _is_address(text):
        sheet.fault(
            row, field, "This is no picture's address; write one that starts with https://."
        )
    return text


def pictures(sheet: Sheet, cells: Iterable[tuple[Row, str, str]]) -> tuple[Picture, ...]:
    """Row, field and address of each, in their order, each address once."""
    found: dict[str, Picture] = {}
    for row, field, text in cells:
        if text and text not in found:
            if len(found) == MAX_PICTURES:
                sheet.fault(row, field, TOO_MANY_PICTURES, most=MAX_PICTURES)
            found[text] = Picture(address=address(sheet, row, field, text), alt="")
    return tuple(found.values())


def sku(sheet: Sheet, row: Row, field: str = "sku") -> str:
    """The seller's own number."""
    return sheet.line_of_text(row, field)


def stock(counted: int | None) -> int | None:
    """How many are left: shops go below zero when they promise more than they have."""
    return None if counted is None else max(0, counted)


def name_once(sheet: Sheet, row: Row, field: str, name: str, lines: dict[str, int]) -> None:
    """Fault a variant whose name another has; `lines` holds the names of its product so far."""
    if name in lines:
        sheet.fault(
            row,
            field,
            "Line %(line)s has a variant of the same name; each needs its own.",
            line=lines[name],
        )
    lines.setdefault(name, row.line)


def room_for(sheet: Sheet, row: Row, field: str, variants: Sequence[Variant]) -> None:
    """Fault the row that brings one variant too many."""
    if len(variants) == MAX_VARIANTS + 1:
        text = later("A product can have %(most)s variants, and this is one more; split it.")
        sheet.fault(row, field, text, most=MAX_VARIANTS)


def all_or_none_priced(sheet: Sheet, field: str, variants: Sequence[tuple[Row, Variant]]) -> None:
    """Fault variants without a price beside others: they would be shown at the lowest one."""
    if any(variant.price is not None for _, variant in variants):
        for row, variant in variants:
            if not sheet.cell(row, field) and variant.price is None:
                sheet.fault(
                    row, field, "Other variants of this product have a price; write one here, too."
                )


def product(
    sheet: Sheet,
    row: Row,
    *,
    handle: str,
    title: str,
    description: str,
    category: str,
    tags: tuple[str, ...],
    status: Literal["open", "draft"],
    variants: Sequence[Variant],
    choice: bool,
    pictures: tuple[Picture, ...],
    currency: str = "",
    further: Mapping[str, Any] | None = None,
    silent: frozenset[str] = frozenset(),
    notes: Iterable[str] = (),
    faulty: str = "description",
) -> Product:
    """A product, with price and quantity summed up over its variants.

    Without a `choice` the only variant is the product itself. `faulty` is the field that is to
    blame when all texts together are too long.
    """
    prices = [variant.price for variant in variants if variant.price is not None]
    counts = [variant.quantity for variant in variants if variant.quantity is not None]
    made = Product(
        handle=handle,
        title=title,
        description=description,
        category=category,
        tags=tags,
        status=status,
        price=min(prices, default=None),
        currency=currency or sheet.currency,
        quantity=sum(counts) if counts else None,
        variants=tuple(variants) if choice else (),
        pictures=pictures,
        line=row.line,
        further=further or {},
        silent=silent,
        notes=tuple(notes),
    )
    size = _size(made)
    if size > MAX_BYTES:
        sheet.fault(
            row,
            faulty,
            "All the text of this product takes %(count)s bytes; shorten it to %(most)s.",
            count=f"{size:,}",
            most=f"{MAX_BYTES:,}",
        )
    return made


def with_totals(made: Product, price: int | None, quantity: int | None) -> Product:
    """The product with a price and a quantity of its own."""
    return replace(made, price=price, quantity=quantity)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    sound = len(text) <= MAX_ADDRESS and text.isprintable() and " " not in text
    return sound and parts.scheme in ("http", "https") and bool(parts.netloc)


def _size(made: Product) -> int:
    """Bytes of text, with what each variant and picture takes beside its words."""
    texts = [made.handle, made.title, made.description, made.category, *made.tags]
    texts += [text for variant in made.variants for text in (variant.name, variant.sku)]
    texts += [picture.alt for picture in made.pictures]
    beside = 40 * (len(made.variants) + len(made.pictures)) + 2 * len(made.tags)
    return sum(len(text.encode()) for text in texts) + beside
