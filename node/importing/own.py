"""Moothall's own CSV file, which says everything that a listing holds.

`node.exporting.own` writes it. A listing's first row has all its fields, each further row with the
same id one more variant. A column that is missing says nothing: on a second import what the
listing has there stays. An empty cell says that there is none.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from typing import Any, Final, Literal

from node.importing import goods
from node.importing.goods import MAX_TITLE
from node.importing.model import LeftOut, Product, Reading, Settings, Variant
from node.importing.prices import PriceError, decimals
from node.importing.sheet import MAX_NAME, Columns, Sheet, places
from node.importing.table import Row, Table
from node.sentences import later
from node.spots import parse_spot
from protocol.errors import Refused
from protocol.kinds.listing import AUDIENCES, MODES, Claim
from protocol.spot import Spot

COLUMNS: Final = (
    "id",
    "status",
    "title",
    "mode",
    "price",
    "currency",
    "quantity",
    "category",
    "tags",
    "place",
    "spot",
    "condition",
    "delivery",
    "audience",
    "expires",
    "values",
    "description",
    "story",
    "variant",
    "variant price",
    "variant quantity",
    "variant sku",
)
_COLUMNS: Final[Columns] = {name: (name,) for name in COLUMNS}
_ONCE: Final = COLUMNS[1:-4]  # what the first row of a listing says for all its rows
_TELLING = ("title", "mode", "price")
EXPIRED: Final = "expired"  # a status that only an export writes
_LINES: Final = {"place": 100, "condition": 100, "delivery": 500}


def missing(header: Sequence[str]) -> list[str]:
    """The columns for want of which a file is not taken for our own."""
    found = places(header, _COLUMNS)
    return [field for field in _TELLING if not found[field]]


def read(table: Table, settings: Settings) -> Reading:
    """Read every listing; `settings.currency` counts for those that name none."""
    sheet = Sheet(table, _COLUMNS, settings)
    if not sheet.require(table.line, "title"):
        return Reading(errors=tuple(sheet.errors))
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        handle = sheet.line_of_text(row, "id").casefold()
        handle = handle or f"title {sheet.line_of_text(row, 'title', MAX_TITLE).casefold()}"
        groups.setdefault(handle, []).append(row)
    products: list[Product] = []
    skipped: list[LeftOut] = []
    for handle, rows in groups.items():
        if sheet.cell(rows[0], "status").casefold() == EXPIRED:
            text = later("It is over; write another day and the status open to bring it back.")
            title = sheet.cell(rows[0], "title")
            skipped.append(sheet.left_out(rows[0], "status", title, text))
        else:
            products.append(_product(sheet, handle, rows))
    return Reading(
        products=tuple(products),
        errors=tuple(sheet.errors),
        skipped=tuple(skipped),
        title_column=sheet.name_of("title"),
    )


def _product(sheet: Sheet, handle: str, rows: Sequence[Row]) -> Product:
    first = rows[0]
    title = sheet.cell(first, "title")
    sheet.checked(first, "title", title, MAX_TITLE)
    if not title:
        sheet.fault(first, "title", "This listing has no title; write one here.")
    for row in rows[1:]:
        for field in _ONCE:
            if sheet.cell(row, field) not in ("", sheet.cell(first, field)):
                sheet.fault(
                    row,
                    field,
                    "Line %(line)s says this for all rows of the listing; empty it here.",
                    line=first.line,
                )
    currency = _currency(sheet, first)
    variants = _variants(sheet, rows, currency)
    price = sheet.price(first, "price", currency)
    further = _further(sheet, first)
    if price is None and all(variant.price is None for variant in variants):
        further["currency"] = sheet.cell(first, "currency").upper()
    made = goods.product(
        sheet,
        first,
        handle=handle,
        title=title,
        description=_text(sheet, first, "description"),
        category=sheet.checked(first, "category", sheet.cell(first, "category"), 100),
        tags=goods.tags(sheet, first, "tags", _words(sheet.cell(first, "tags"))),
        status=_status(sheet, first),
        variants=variants,
        choice=bool(variants),
        pictures=(),
        currency=currency,
        further=further,
        silent=sheet.silent(
            description=("description",),
            category=("category",),
            tags=("tags",),
            quantity=("quantity",),
            variants=("variant",),
        ),
    )
    return goods.with_totals(made, price, sheet.whole(first, "quantity"))


def _further(sheet: Sheet, row: Row) -> dict[str, Any]:
    """The fields of a listing that no shop's file has, as far as this one has their columns."""
    told: dict[str, Any] = {
        field: sheet.checked(row, field, sheet.cell(row, field), limit)
        for field, limit in _LINES.items()
        if sheet.has(field)
    }
    if sheet.has("spot"):
        told["spot"] = _spot(sheet, row)
    if sheet.has("story"):
        told["story"] = _text(sheet, row, "story")
    if sheet.has("mode"):
        told["mode"] = _one_of(sheet, row, "mode", MODES, "sell")
    if sheet.has("audience"):
        told["audience"] = _one_of(sheet, row, "audience", AUDIENCES, "everyone")
    if sheet.has("expires"):
        told["expires_ms"] = _date(sheet, row)
    if sheet.has("values"):
        told["values"] = _claims(sheet, row)
    return told


def _text(sheet: Sheet, row: Row, field: str) -> str:
    """Several lines of Markdown, whatever the file's line ends."""
    text = sheet.cell(row, field).replace("\r\n", "\n").replace("\r", "\n")
    return sheet.checked(row, field, text, goods.MAX_DESCRIPTION)


def _spot(sheet: Sheet, row: Row) -> Spot | None:
    text = sheet.cell(row, "spot")
    try:
        return parse_spot(text) if text else None
    except Refused as error:
        sheet.fault(row, "spot", error.text, **error.values)
        return None


def _one_of(sheet: Sheet, row: Row, field: str, known: Sequence[str], usual: str) -> str:
    text = sheet.cell(row, field).casefold() or usual
    if text not in known:
        sheet.fault(row, field, "Write one of these here: %(words)s.", words=", ".join(known))
    return text


def _status(sheet: Sheet, row: Row) -> Literal["open", "draft"]:
    text = _one_of(sheet, row, "status", ("open", "draft", EXPIRED), "open")
    return "draft" if text == "draft" else "open"


def _currency(sheet: Sheet, row: Row) -> str:
    """As the file says, or as whoever imports says."""
    code = sheet.cell(row, "currency").upper()
    try:
        decimals(code or sheet.currency)
    except PriceError as error:
        sheet.fault(row, "currency", error.text, **error.values)
        return sheet.currency
    return code or sheet.currency


def _words(cell: str) -> list[str]:
    """Words with commas between; one that holds a comma stands in quotation marks."""
    lines = cell.splitlines()
    return [word for line in lines for word in next(csv.reader([line], skipinitialspace=True), [])]


def _claims(sheet: Sheet, row: Row) -> tuple[Claim, ...]:
    """A line for each value: `id=evidence`."""
    claims = []
    for line in sheet.cell(row, "values").splitlines():
        value, _, evidence = line.partition("=")
        if line.strip():
            sheet.checked(row, "values", value.strip(), 40)
            sheet.checked(row, "values", evidence.strip(), 1000)
            claims.append(Claim(value=value.strip(), evidence=evidence.strip()))
    return tuple(claims)


def _date(sheet: Sheet, row: Row) -> int | None:
    """Milliseconds since 1970 of a date or a time as RFC 3339 writes it; UTC if it doesn't say."""
    text = sheet.cell(row, "expires")
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        since = moment - datetime.datetime.fromtimestamp(0, datetime.UTC)
        found = since // datetime.timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        found = -1
    if found < 0:
        sheet.fault(row, "expires", "This is no date; write year, month and day: 2027-01-31.")
        return None
    return found


def _variants(sheet: Sheet, rows: Sequence[Row], currency: str) -> list[Variant]:
    variants: list[Variant] = []
    lines: dict[str, int] = {}
    for row in rows:
        name = sheet.cell(row, "variant")
        if not name:
            if len(rows) > 1 or any(sheet.cell(row, field) for field in COLUMNS[-3:]):
                sheet.fault(
                    row,
                    "variant",
                    "This variant has no name; write one, or delete what else it has.",
                )
            continue
        goods.name_once(sheet, row, "variant", name, lines)
        variant = Variant(
            name=sheet.checked(row, "variant", name, MAX_NAME),
            price=sheet.price(row, "variant price", currency),
            quantity=sheet.whole(row, "variant quantity"),
            sku=sheet.checked(row, "variant sku", sheet.cell(row, "variant sku"), 80),
        )
        variants.append(variant)
        goods.room_for(sheet, row, "variant", variants)
    return variants
