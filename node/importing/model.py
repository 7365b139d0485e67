"""What a seller's file says, before anything becomes a listing.

Plain values: a reader fills them and whoever imports takes them. Amounts are minor units of the
product's currency. Nothing here knows a file format, opens a file or fetches a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a file can leave open and only its owner knows."""

    currency: str  # of prices without one: ISO 4217, or "CREDIT"
    decimal: str = ""  # the decimal sign, "." or ","; "" takes only what has one reading


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One choice a buyer has within a product, such as a size."""

    name: str  # unique within its product, for instance "Large / Red"
    price: int | None  # None means on request
    quantity: int | None  # None means not counted
    sku: str  # the seller's own number for it, or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture somewhere else; noted, never fetched."""

    address: str  # http or https
    alt: str  # "" where the file has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One thing on offer, which becomes one listing."""

    handle: str  # the file's name for it, unique within the file and equal at the next export
    title: str
    description: str  # Markdown
    category: str
    tags: tuple[str, ...]
    status: Literal["open", "draft"]
    price: int | None  # the lowest price of its variants; None means on request
    currency: str  # ISO 4217, or "CREDIT"
    quantity: int | None  # the sum over its variants; None means not counted
    variants: tuple[Variant, ...]  # empty where there is nothing to choose
    pictures: tuple[Picture, ...]
    line: int  # where it starts in the file, counted from 1
    further: Mapping[str, Any] = field(default_factory=dict)  # fields of `Listing` beside these
    silent: frozenset[str] = frozenset()  # fields of `Listing` that the file has no column for
    notes: tuple[str, ...] = ()  # sentences about what the file leaves out, for whoever imports


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """A place in the file, and a sentence about it for the person who will mend it.

    `values` stand in for `%(name)s` in `text`, as in our errors, so that it can be said in another
    language.
    """

    line: int  # the physical line where the row starts, counted from 1
    column: str  # the header's name for it, or "cell 3" where the header has none
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    choice: Literal["", "format", "decimal", "encoding"] = ""  # of `read_file`, that settles it

    @property
    def reason(self) -> str:
        """The sentence in English."""
        return self.text % self.values if self.values else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut(RowError):
    """A product that is left out on purpose, and why."""

    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """All that a file gave. With any error it has no products: a file comes whole or not at all."""

    format: str = ""  # by which it was read; "" where none was found
    title_column: str = "Title"  # what the file calls the column of titles
    products: tuple[Product, ...] = ()
    errors: tuple[RowError, ...] = ()  # by line
    skipped: tuple[LeftOut, ...] = ()  # by line
