"""What a listing with variants costs: one reckoning for pages, commands and everything else."""

from __future__ import annotations

from typing import NamedTuple

from protocol.kinds.listing import Listing, Variant


class PriceRange(NamedTuple):
    """Minor units of the listing's currency; equal where everything costs the same."""

    low: int
    high: int


def variant_price(listing: Listing, variant: Variant) -> int | None:
    """A variant's own price, or else the listing's; None means on request."""
    return listing.price if variant.price is None else variant.price


def price_range(listing: Listing) -> PriceRange | None:
    """The lowest and the highest price that somebody can pay; None when no price is named.

    The listing's own price counts where there is no variant or a variant names none.
    """
    asked = [variant_price(listing, variant) for variant in listing.variants] or [listing.price]
    named = [price for price in asked if price is not None]
    return PriceRange(min(named), max(named)) if named else None
