"""Files of past sales, by which a change of fees is rehearsed.

A CSV file with a header; its columns are found by name, others are left alone:

- `price`: what was paid for the goods, price times quantity without delivery, tip or tax; needed
- `category`: as in a listing; empty for none
- `referrer`, `host`: who recommended it, in whose shop window it was found. Empty or one of NOBODY
  if nobody did; anything else, a name or `yes`, means that somebody did
- `currency`: empty for the one the caller names

Nothing of it is kept. A file comes whole or not at all, and every fault of it is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.rehearsal import Sale
from node.importing.model import RowError, Settings
from node.importing.prices import PriceError, decimals
from node.importing.sheet import Columns, Sheet
from node.importing.table import Row, Table, TableFault, read_table
from node.sentences import later
from protocol.errors import NotFound

MAX_BYTES: Final = 8 * 1024 * 1024  # a hundred thousand sales, the most a table holds, fit well
MAX_CATEGORY: Final = 100  # characters, as in a listing
# What people and spreadsheets write for "nobody", in the languages of our pages.
NOBODY: Final = frozenset(
    {
        *("", "-", "\N{EN DASH}", "\N{EM DASH}", "0"),
        *("n", "no", "none", "nobody", "false"),
        *("nein", "niemand", "falsch", "nadie", "falso"),
    }
)

_COLUMNS: Final[Columns] = {
    name: (name,) for name in ("price", "category", "referrer", "host", "currency")
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SaleFile:
    """What a file said: all its sales, or what is wrong with it."""

    sales: tuple[Sale, ...] = ()
    errors: tuple[RowError, ...] = ()  # by line; with any of them there are no sales


def load_sales(
    path: Path, *, currency: str, decimal: str = "", encoding: str = "utf-8"
) -> SaleFile:
    """Read a file from disk, no more of it than can be sales; see `read_sales`.

    Raises NotFound (`no-file`) where it can't be opened.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotFound(
            "no-file", "%(path)s can't be read (%(why)s).", path=path, why=error.strerror
        ) from error
    return read_sales(data, currency=currency, decimal=decimal, encoding=encoding)


def read_sales(
    data: bytes, *, currency: str, decimal: str = "", encoding: str = "utf-8"
) -> SaleFile:
    """Read a file's bytes; `currency` is that of sales that name none.

    `decimal` and `encoding` are what somebody knows about this file, as in
    `node.importing.formats.read_file`. Raises PriceError (`bad-currency`) for `currency`, and
    nothing for the bytes.
    """
    decimals(currency)
    if len(data) > MAX_BYTES:
        text = later("The file is larger than %(most)s MiB; split it into smaller ones.")
        return _refused(text, most=MAX_BYTES // 2**20)
    if not data.strip():
        return _refused(later("The file is empty; its first line has to name the columns."))
    try:
        table = read_table(data, encoding)
    except TableFault as fault:
        return SaleFile(errors=(fault.error,))
    sheet = Sheet(table, _COLUMNS, Settings(currency=currency, decimal=decimal))
    if not sheet.has("price"):
        text = later(
            "No column is called price; the first line of a file of sales names the columns price, "
            "category, referrer, host and currency, of which only the price is needed."
        )
        return SaleFile(errors=(RowError(line=table.line, column="price", text=text),))
    return _read(table, sheet)


def _read(table: Table, sheet: Sheet) -> SaleFile:
    codes: dict[str, bool] = {}  # whether each currency of the file is one; asking takes long
    sales = [sale for row in table.rows if (sale := _sale(sheet, row, codes)) is not None]
    errors = sorted((*table.errors, *sheet.errors), key=lambda error: error.line)
    return SaleFile(sales=() if errors else tuple(sales), errors=tuple(errors))


def _sale(sheet: Sheet, row: Row, codes: dict[str, bool]) -> Sale | None:
    """One row; None where it has a fault that leaves nothing to split."""
    currency = sheet.cell(row, "currency").upper() or sheet.currency
    if currency not in codes:
        codes[currency] = _is_currency(currency)
    if not codes[currency]:
        sheet.fault(
            row,
            "currency",
            "%(text)s is no currency code; write three capitals such as EUR.",
            text=f'"{currency[:20]}"',
        )
        return None
    price = sheet.price(row, "price", currency)
    if price is None:
        if not sheet.cell(row, "price"):
            sheet.fault(row, "price", "This sale has no price; write one here.")
        return None
    return Sale(
        price=price,
        currency=currency,
        category=sheet.line_of_text(row, "category", MAX_CATEGORY),
        referrer=sheet.cell(row, "referrer").casefold() not in NOBODY,
        host=sheet.cell(row, "host").casefold() not in NOBODY,
    )


def _is_currency(code: str) -> bool:
    try:
        decimals(code)
    except PriceError:
        return False
    return True


def _refused(text: str, **values: object) -> SaleFile:
    """The file as a whole can't be read."""
    return SaleFile(errors=(RowError(line=1, column="cell 1", text=text, values=values),))
