"""Which file formats can be read, and how one is told from another.

Invariant: whatever the bytes are, the answer is a Reading; a wrong file is described in its
errors, each with a line and a column. Only a wrong choice of format or currency is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from node.importing import etsy, open_food_network, own, shopify, woocommerce
from node.importing.model import Reading, RowError, Settings
from node.importing.prices import decimals
from node.importing.table import Table, TableFault, label, read_table
from node.sentences import later
from protocol.errors import Refused


class UnknownFormat(Refused):
    """A format was asked for that nothing here reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How one kind of file is recognised and read."""

    name: str  # whose it is, for people
    missing: Callable[[Sequence[str]], list[str]]  # columns without which it is not recognised
    read: Callable[[Table, Settings], Reading]


# The id of each is kept with what was imported by it, so it never changes.
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "shopify": Format(name="Shopify", missing=shopify.missing, read=shopify.read),
        "etsy": Format(name="Etsy", missing=etsy.missing, read=etsy.read),
        "woocommerce": Format(
            name="WooCommerce", missing=woocommerce.missing, read=woocommerce.read
        ),
        "ofn": Format(
            name="Open Food Network",
            missing=open_food_network.missing,
            read=open_food_network.read,
        ),
        "csv": Format(name="Moothall", missing=own.missing, read=own.read),
    }
)


def read_file(
    data: bytes,
    *,
    format: str | None,
    currency: str,
    decimal: str = "",
    encoding: str = "utf-8",
) -> Reading:
    """Read a seller's file, by the named format or by the one its column names show.

    `currency` is that of prices that name none, `decimal` and `encoding` what somebody knows about
    this file. With anything in `errors` there are no products, so that half a file can't be
    imported. Raises UnknownFormat and PriceError (`bad-currency`) for the arguments, and nothing
    for the bytes. Pure, and slow for large files: fit for a thread of its own.
    """
    decimals(currency)
    if format is not None and format not in FORMATS:
        raise UnknownFormat(
            "unknown-format",
            "No format is called %(format)s; there are: %(formats)s.",
            format=format,
            formats=", ".join(FORMATS),
        )
    try:
        table = read_table(data, encoding)
    except TableFault as fault:
        return Reading(errors=(fault.error,), format=format or "")
    found = [format] if format is not None else _fitting(table)
    if len(found) != 1:
        return Reading(errors=(_open(table, found) if found else _unrecognised(table),))
    settings = Settings(currency=currency, decimal=decimal)
    try:
        reading = FORMATS[found[0]].read(table, settings)
    except TableFault as fault:
        return Reading(errors=(fault.error,), format=found[0])
    errors = sorted((*table.errors, *reading.errors), key=lambda error: error.line)
    return replace(
        reading,
        products=() if errors else reading.products,
        errors=tuple(errors),
        format=found[0],
    )


def _fitting(table: Table) -> list[str]:
    return [name for name, known in FORMATS.items() if not known.missing(table.header)]


def _open(table: Table, found: Sequence[str]) -> RowError:
    return RowError(
        line=table.line,
        column=label(table.header, 0),
        text=later("These columns fit several formats alike: %(names)s. Say which one it is."),
        values={"names": ", ".join(found)},
        choice="format",
    )


def _unrecognised(table: Table) -> RowError:
    """Name what is missing for each format."""
    lacks = "; ".join(
        f"{known.name}: {', '.join(known.missing(table.header))}" for known in FORMATS.values()
    )
    return RowError(
        line=table.line,
        column=label(table.header, 0),
        text=later(
            "These columns fit no format that can be read. What each would need: %(lacks)s. "
            "Export the products again, or say which format it is if you know it."
        ),
        values={"lacks": lacks},
        choice="format",
    )
