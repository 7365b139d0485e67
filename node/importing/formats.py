"""Which file formats can be read, and how one is told from another.

Invariant: whatever the bytes are, the answer is a Reading; a wrong file is described in its
errors, each with a line and a column. Only a wrong choice of format or currency is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node.importing import shopify
from node.importing.model import Reading, RowError
from node.importing.prices import decimals
from node.importing.table import Table, TableFault, label, read_table
from protocol.errors import Refused


class UnknownFormat(Refused):
    """A format was asked for that nothing here reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How one kind of file is recognised and read."""

    missing: Callable[[Sequence[str]], list[str]]  # columns without which it is not recognised
    recognises: Callable[[Sequence[str]], bool]
    read: Callable[[Table, Settings], Reading]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "shopify": Format(
            missing=shopify.missing, recognises=shopify.recognises, read=shopify.read
        ),
    }
)


def read_file(data: bytes, *, format: str | None, currency: str) -> Reading:
    """Read a seller's file, by the named format or by the one its column names show.

    `currency` is that of its prices. With anything in `errors` there are no products, so that half
    a file can't be imported. Raises UnknownFormat and PriceError (`bad-currency`) for the
    arguments, and nothing for the bytes.
    """
    decimals(currency)
    if format is not None and format not in FORMATS:
        raise UnknownFormat(
            "unknown-format", f'No format is called "{format}"; there is: {", ".join(FORMATS)}.'
        )
    try:
        table = read_table(data)
    except TableFault as fault:
        return Reading(errors=(fault.error,))
    name = format or next(
        (name for name, known in FORMATS.items() if known.recognises(table.header)), None
    )
    if name is None:
        return Reading(errors=(_unrecognised(table),))
    reading = FORMATS[name].read(table, currency)
    errors = sorted((*table.errors, *reading.errors), key=lambda error: error.line)
    products = () if errors else reading.products
    return Reading(products=products, errors=tuple(errors), skipped=reading.skipped)


def _unrecognised(table: Table) -> RowError:
    lacks = "; ".join(
        f"{name} needs {' and '.join(known.missing(table.header))}, missing here"
        for name, known in FORMATS.items()
    )
    return RowError(
        line=table.line,
        column=label(table.header, 0),
        reason=f"These columns fit no format that can be read: {lacks}. "
        "Export the products again, or name the format if you know it.",
    )
