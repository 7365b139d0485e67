"""Listings as their owner may have written them, for tests of exports."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import strategies as st

from governance.claims import Values
from node.exporting.model import Seller
from protocol.kinds.listing import AUDIENCES, MODES, Claim, Listing, Variant
from protocol.spot import Spot
from storage.views.listing_queries import Offer
from tests.governance.versions import version

ANA = bytes(range(32))
VALUES = Values([version(1, {"local": "Made here", "gone": "Once"}), version(2, {"local": "Here"})])
SELLER = Seller(
    name="Ana",
    person=ANA,
    currency="EUR",
    values=VALUES,
    site="https://ana.example",
    pictures={},
)
CURRENCIES = ["EUR", "JPY", "KWD", "CREDIT"]


def offer(said: Listing, status: str = "open", number: int = 1) -> Offer:
    """A listing of Ana's as it stands."""
    listing_id = sha256(str(number).encode()).digest()
    return Offer(
        id=listing_id,
        version_id=listing_id,
        person=ANA,
        status=status,
        provisional=False,
        made_ms=0,
        listing=said,
    )


def _stripped(text: str) -> str:
    return text.strip()


# What a cell may do to a spreadsheet or to a reader of CSV comes often.
_WILD = st.sampled_from(
    ["=1+1", "'=1", "''", "'", '"', '""', ",", ";", "-2", "+3", "@x", "\uff1dA1"]
)
_SIGNS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
_LINE = st.builds("".join, st.lists(_WILD | st.text(_SIGNS, max_size=6), max_size=3)).map(_stripped)
LINES = _LINE.map(lambda text: text[:60].strip())
FILLED = LINES.filter(bool)
TEXTS = st.lists(_LINE, max_size=4).map("\n".join).map(_stripped)
PRICES = st.none() | st.integers(0, 2**53 - 1)
COUNTS = st.none() | st.integers(0, 10**9)


def _listing(**fields: object) -> Listing:
    said = Listing(**fields)  # type: ignore[arg-type]
    priced = [said.price, *(variant.price for variant in said.variants)]
    if said.currency or all(price is None for price in priced):
        return said
    return Listing(**{**fields, "currency": "EUR"})  # type: ignore[arg-type]


VARIANTS = st.lists(
    st.builds(Variant, name=FILLED, price=PRICES, quantity=COUNTS, sku=LINES),
    max_size=4,
    unique_by=lambda variant: variant.name,
).map(tuple)

LISTINGS = st.builds(
    _listing,
    title=FILLED,
    mode=st.sampled_from(MODES),
    price=PRICES,
    currency=st.sampled_from(["", *CURRENCIES]),
    description=TEXTS,
    story=TEXTS,
    category=LINES,
    place=LINES,
    spot=st.none() | st.builds(Spot, st.integers(-9000, 9000), st.integers(-18000, 18000)),
    quantity=COUNTS,
    condition=LINES,
    delivery=LINES,
    expires_ms=st.none() | st.integers(0, 253_402_300_799_000),
    audience=st.sampled_from(AUDIENCES),
    tags=st.lists(FILLED, max_size=4, unique=True).map(tuple),
    variants=VARIANTS,
    values=st.lists(
        st.builds(Claim, value=st.sampled_from(["local", "say-it"]), evidence=LINES),
        max_size=2,
        unique_by=lambda claim: claim.value,
    ).map(tuple),
)
