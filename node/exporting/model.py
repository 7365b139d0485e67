"""What a writer of a format gets beside the listings, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from governance.claims import Values
from storage.views.listing_queries import Offer


@dataclass(frozen=True, kw_only=True, slots=True)
class Seller:
    """Whose listings they are."""

    name: str
    person: bytes
    currency: str  # of a format that has only one
    values: Values  # of the charters so far
    site: str  # the shop window's address from outside, without a slash at its end, or ""
    pictures: Mapping[bytes, Sequence[Mapping[str, str]]]  # addresses that an import noted


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file's text, how many listings it holds, and how many its format has no place for."""

    text: str
    count: int
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How listings are written for one kind of program."""

    file: str  # a usual name for such a file
    media_type: str
    write: Callable[[Sequence[Offer], Seller], Written]
