"""Products as WooCommerce's own export writes them, in English, German or Spanish.

The labels of the columns follow the store's language; types and numbers don't. A `variable`
product has its variants in rows of type `variation` that name it as their parent, by its SKU or as
`id:N`. A sale price counts unless dates limit it, since a file is no calendar. What the shop does
not show is a draft; a variation that it hides is left out.

Source: WooCommerce's documentation, "Product CSV Importer and Exporter".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from node.importing import goods
from node.importing.descriptions import from_wordpress
from node.importing.goods import MAX_TITLE
from node.importing.model import LeftOut, Picture, Product, Reading, Settings, Variant
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table
from node.sentences import later

_ATTRIBUTES: Final = tuple(f"attribute {n}" for n in range(1, 31))
_COLUMNS: Final[Columns] = {
    "id": ("ID",),
    "type": ("Type", "Typ", "Tipo"),
    "sku": ("SKU", "Artikelnummer"),
    "name": ("Name", "Nombre"),
    "published": ("Published", "Veröffentlicht", "Publicado"),
    "visibility": (
        "Visibility in catalog",
        "Sichtbarkeit im Katalog",
        "Visibilidad en el catálogo",
    ),
    "short": ("Short description", "Kurzbeschreibung", "Descripción corta"),
    "description": ("Description", "Beschreibung", "Descripción"),
    "sale starts": (
        "Date sale price starts",
        "Datum, an dem Angebotspreis beginnt",
        "Día en que empieza el precio rebajado",
    ),
    "sale ends": (
        "Date sale price ends",
        "Datum, an dem Angebotspreis endet",
        "Día en que termina el precio rebajado",
    ),
    "in stock": ("In stock?", "Vorrätig?", "¿En inventario?", "¿Existencias?"),
    "stock": ("Stock", "Lager", "Bestand", "Lagerbestand", "Inventario"),
    "sale price": ("Sale price", "Angebotspreis", "Precio rebajado"),
    "price": ("Regular price", "Regulärer Preis", "Normaler Preis", "Precio normal"),
    "categories": ("Categories", "Kategorien", "Categorías"),
    "tags": ("Tags", "Schlagwörter", "Etiquetas"),
    "images": ("Images", "Bilder", "Imágenes"),
    "parent": ("Parent", "Übergeordnetes Produkt", "Superior", "Principal"),
    **{
        name: (
            f"Attribute {n} value(s)",
            f"Attribut {n} Wert(e)",
            f"Valor(es) del atributo {n}",
        )
        for n, name in enumerate(_ATTRIBUTES, 1)
    },
}
_TELLING = ("name", "type", "price")
_COMMA = re.compile(r"(?<!\\),")  # WooCommerce writes a comma inside a value as `\,`


@dataclass(slots=True)
class _Found:
    """A product's own row and the rows of its variations."""

    row: Row
    variations: list[Row] = field(default_factory=list)


def missing(header: Sequence[str]) -> list[str]:
    """The columns for want of which a file is not taken for WooCommerce's."""
    found = places(header, _COLUMNS)
    return [_COLUMNS[field][0] for field in _TELLING if not found[field]]


def read(table: Table, settings: Settings) -> Reading:
    """Read every product; the file itself doesn't name the currency of its prices."""
    sheet = Sheet(table, _COLUMNS, settings)
    if not sheet.require(table.line, "name", "price"):
        return Reading(errors=tuple(sheet.errors))
    skipped: list[LeftOut] = []
    found = _products(sheet, table.rows, skipped)
    products = tuple(_product(sheet, handle, each) for handle, each in found.items())
    return Reading(
        products=products,
        errors=tuple(sheet.errors),
        skipped=tuple(skipped),
        title_column=sheet.name_of("name"),
    )


def _products(sheet: Sheet, rows: Sequence[Row], skipped: list[LeftOut]) -> dict[str, _Found]:
    """Each product by its handle, with its variations wherever they stand in the file."""
    found: dict[str, _Found] = {}
    parents: dict[str, _Found] = {}
    variations: list[Row] = []
    for row in rows:
        kinds = _kinds(sheet, row)
        title = sheet.line_of_text(row, "name", MAX_TITLE)
        if "variation" in kinds:
            variations.append(row)
        elif kinds & {"grouped", "external"}:
            text = later("A product that only leads to others, or to another shop, is left out.")
            skipped.append(sheet.left_out(row, "type", title, text))
        elif handle := _handle(sheet, row, title, found):
            found[handle] = _Found(row)
            for name in (sheet.cell(row, "sku"), f"id:{sheet.cell(row, 'id')}"):
                parents.setdefault(name, found[handle])
    for row in variations:
        parent = parents.get(sheet.cell(row, "parent").replace("id: ", "id:"))
        if parent is None or not sheet.cell(row, "parent"):
            sheet.fault(
                row, "parent", "The product that this variation belongs to is not in the file."
            )
        else:
            parent.variations.append(row)
    return found


def _kinds(sheet: Sheet, row: Row) -> set[str]:
    """What kind of row it is: `simple, virtual` is both."""
    kinds = {kind.strip() for kind in sheet.cell(row, "type").casefold().split(",")}
    known = {"simple", "variable", "variation", "grouped", "external"}
    if not kinds & known and kinds != {""}:
        sheet.fault(
            row, "type", "Write simple, variable or variation here; other types can't be imported."
        )
    return kinds


def _handle(sheet: Sheet, row: Row, title: str, found: dict[str, _Found]) -> str:
    """The shop's number for a product, or else the seller's, or else its name."""
    if not title:
        sheet.fault(row, "name", "This product has no name; write one here.")
        return ""
    column = next((each for each in ("id", "sku") if sheet.cell(row, each)), "name")
    handle = f"{column} {sheet.line_of_text(row, column)}"
    if handle in found:
        sheet.fault(
            row,
            column,
            "Line %(line)s has the same; each product needs its own.",
            line=found[handle].row.line,
        )
        return ""
    return handle


def _product(sheet: Sheet, handle: str, found: _Found) -> Product:
    row = found.row
    shown = [each for each in found.variations if sheet.cell(each, "published") != "0"]
    notes = []
    if len(shown) < len(found.variations):
        notes.append(later("Variants that the shop hides were left out."))
    rows = shown or [row]
    if any(_limited(sheet, each) for each in rows):
        notes.append(
            later("Its sale price holds for some days only, so the regular one was taken.")
        )
    categories = _listed(sheet, row, "categories")
    leaves = [" ".join(each.rpartition(">")[2].split()) for each in categories]
    return goods.product(
        sheet,
        row,
        handle=handle,
        title=sheet.line_of_text(row, "name", MAX_TITLE),
        description=_description(sheet, row),
        category=sheet.checked(row, "categories", leaves[0], MAX_NAME) if leaves else "",
        tags=goods.tags(sheet, row, "tags", [*_listed(sheet, row, "tags"), *leaves[1:]]),
        status=_status(sheet, row),
        variants=_variants(sheet, rows),
        choice=bool(shown),
        pictures=_pictures(sheet, [row, *shown]),
        silent=sheet.silent(
            description=("short", "description"),
            category=("categories",),
            tags=("tags", "categories"),
            quantity=("stock", "in stock"),
        ),
        notes=notes,
    )


def _description(sheet: Sheet, row: Row) -> str:
    """The short text, which shops show first, then the long one."""
    texts = [
        goods.description(sheet, row, field, from_wordpress) for field in ("short", "description")
    ]
    both = "\n\n".join(dict.fromkeys(text for text in texts if text))
    return sheet.checked(row, "description", both, goods.MAX_DESCRIPTION)


def _listed(sheet: Sheet, row: Row, field: str) -> list[str]:
    """The values of a cell with commas between."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(sheet.cell(row, field)))
    return [part for part in parts if part]


def _status(sheet: Sheet, row: Row) -> Literal["open", "draft"]:
    """Open unless the shop hides the product in any way."""
    hidden = sheet.cell(row, "visibility").casefold() == "hidden"
    match sheet.cell(row, "published").casefold():
        case "" | "1" | "true":
            return "draft" if hidden else "open"
        case "0" | "-1" | "2" | "false":
            return "draft"
    sheet.fault(row, "published", "Write 1 for published, 0 for private or -1 for a draft here.")
    return "draft"


def _variants(sheet: Sheet, rows: Sequence[Row]) -> list[Variant]:
    variants: list[Variant] = []
    lines: dict[str, int] = {}
    for row in rows:
        name = _name(sheet, row)
        goods.name_once(sheet, row, _ATTRIBUTES[0], name, lines)
        variant = Variant(
            name=sheet.checked(row, _ATTRIBUTES[0], name, MAX_NAME),
            price=_price(sheet, row),
            quantity=_quantity(sheet, row),
            sku=goods.sku(sheet, row),
        )
        variants.append(variant)
        goods.room_for(sheet, row, _ATTRIBUTES[0], variants)
    goods.all_or_none_priced(sheet, "price", list(zip(rows, variants, strict=True)))
    return variants


def _name(sheet: Sheet, row: Row) -> str:
    """What a variation is of each attribute; its own name where it says nothing of them."""
    options = (" ".join(_listed(sheet, row, each)) for each in _ATTRIBUTES)
    return " / ".join(each for each in options if each) or sheet.cell(row, "name")


def _limited(sheet: Sheet, row: Row) -> bool:
    """Whether there is a sale price that holds for some days only."""
    dated = sheet.cell(row, "sale starts") or sheet.cell(row, "sale ends")
    return bool(dated and sheet.cell(row, "sale price"))


def _price(sheet: Sheet, row: Row) -> int | None:
    regular, sale = sheet.price(row, "price"), sheet.price(row, "sale price")
    return regular if sale is None or _limited(sheet, row) else sale


def _quantity(sheet: Sheet, row: Row) -> int | None:
    """None where the shop doesn't count, or counts all variations together."""
    if sheet.cell(row, "stock").casefold() not in ("", "parent"):
        return goods.stock(sheet.whole(row, "stock"))
    return 0 if sheet.cell(row, "in stock") == "0" else None


def _pictures(sheet: Sheet, rows: Sequence[Row]) -> tuple[Picture, ...]:
    return goods.pictures(
        sheet,
        ((row, "images", each) for row in rows for each in _listed(sheet, row, "images")),
    )
