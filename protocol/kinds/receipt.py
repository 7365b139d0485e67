"""`receipt`: where the money of a completed sale went, for everybody to reckon again.

The body is a *statement*, a map that buyer and seller agreed on when the order was accepted, and
beside it the signature of the key that the buyer made for this order. Whoever's listing it was
writes it, once. Nobody's name for the buyer is in it. Whether it is right depends on certificates
and other records, and is for who reads it (`governance.receipts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from protocol.codec import Plain, encode
from protocol.keys import RECEIPT, Signer, verified
from protocol.kinds.kind import Kind
from protocol.kinds.listing import ALL_BPS, MAX_CATEGORY, MAX_CURRENCY
from protocol.records import MARKET
from protocol.shape import Body, key32, maybe_key32, signature, text, unreadable, whole

MAX_AMOUNT = 10**12  # minor units, as in a charter; sums of many still fit 64 bits
MAX_UNITS = 10**12
MAX_SHARES = 18  # a fee table's 16 rows, who sells it, whose goods they are
MAX_ROLE = 40  # characters
MAX_TAX = 200  # characters
BY_ORDER = "by_order"


class Units(NamedTuple):
    """Which of the units that a grant covers were sold: `many` of them from number `first` on."""

    first: int
    many: int

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.first + self.many - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Extras:
    """What the buyer paid beside the price; no fee is taken of it."""

    delivery: int = 0  # minor units
    tip: int = 0
    tax: str = ""  # what the vendor says about tax, in one line


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What a receipt says. Amounts are minor units of `currency`.

    Without consignment the vendor is the seller, and `grant`, `goods` and `units` are None.
    """

    order: bytes  # the order's key
    vendor: bytes  # person whose listing it was: collects the money and writes the receipt
    seller: bytes  # person whose goods they were
    listing: bytes  # the listing that was sold, by its first record
    category: str  # as the listing said; the charter may have a fee for it
    at: tuple[bytes, ...]  # the certificates that the two had acknowledged, the older one first
    charter: bytes  # hash of the charter in force at the newer
    currency: str
    quantity: int
    price: int  # of the whole quantity, without extras
    fee: int
    shares: Mapping[str, int]  # role -> amount; all together they are the price
    extras: Extras = Extras()
    host: bytes | None = None  # person
    referrer: bytes | None = None  # person
    referral: bytes | None = None  # the referrer's `recommend` record
    grant: bytes | None = None  # the seller's `grant` record
    goods: bytes | None = None  # the seller's own listing of what is consigned, if it has one
    units: Units | None = None
    margin_bps: int = 0  # of the seller's part, for the vendor

    def data(self) -> dict[str, Plain]:
        """The map that is signed by the order's key, and agreed on in the order's letters."""
        return {
            "order": self.order,
            "vendor": self.vendor,
            "seller": self.seller,
            "grant": self.grant,
            "goods": self.goods,
            "units": None if self.units is None else list(self.units),
            "margin_bps": self.margin_bps,
            "host": self.host,
            "referrer": self.referrer,
            "referral": self.referral,
            "listing": self.listing,
            "category": self.category,
            "at": list(self.at),
            "charter": self.charter,
            "currency": self.currency,
            "quantity": self.quantity,
            "price": self.price,
            "fee": self.fee,
            "shares": dict(self.shares),
            "extras": {
                "delivery": self.extras.delivery,
                "tip": self.extras.tip,
                "tax": self.extras.tax,
            },
        }

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return self.price + self.extras.delivery + self.extras.tip


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A statement with the signature of the order's key, if it has one.

    `digest` is what that key signs. It is over the map as it came, with what a newer program may
    have put into it.
    """

    statement: Statement
    digest: bytes = field(compare=False)
    by_order: bytes | None = None

    def signed(self, community: bytes) -> bool:
        """Whether the order's key signed this statement for this community."""
        order = self.statement.order
        return self.by_order is not None and verified(
            order, self.by_order, RECEIPT, community, self.digest
        )


def digest(said: Mapping[str, Plain]) -> bytes:
    """What the order's key signs of a map."""
    return sha256(encode(dict(said))).digest()


def sign(order: Signer, community: bytes, statement: Mapping[str, Plain]) -> bytes:
    """The order's key agrees to a statement: the goods came, and this is where the money goes."""
    return order.sign(RECEIPT, community, digest(statement))


def signs(order: bytes, by_order: bytes, community: bytes, statement: Mapping[str, Plain]) -> bool:
    """Whether `by_order` is the order's key's signature over this statement."""
    return verified(order, by_order, RECEIPT, community, digest(statement))


def body(statement: Mapping[str, Plain], by_order: bytes | None) -> dict[str, Plain]:
    """The record's body."""
    return {**statement, BY_ORDER: by_order}


def read(data: Body) -> Receipt:
    """The receipt that `data` holds."""
    return Receipt(
        statement=read_statement(data),
        digest=digest({key: value for key, value in data.items() if key != BY_ORDER}),
        by_order=None if data.get(BY_ORDER) is None else signature(data, BY_ORDER),
    )


def read_statement(data: Body) -> Statement:
    """The statement that a map holds; Invalid `unreadable` if it is none."""
    return Statement(
        order=key32(data, "order"),
        vendor=key32(data, "vendor"),
        seller=key32(data, "seller"),
        listing=key32(data, "listing"),
        category=text(data, "category", MAX_CATEGORY, default=None),
        at=_at(data),
        charter=key32(data, "charter"),
        currency=text(data, "currency", MAX_CURRENCY, default=None),
        quantity=whole(data, "quantity", 1, MAX_UNITS),
        price=whole(data, "price", 0, MAX_AMOUNT),
        fee=whole(data, "fee", 0, MAX_AMOUNT),
        shares=amounts(data, "shares"),
        extras=_extras(data),
        host=maybe_key32(data, "host"),
        referrer=maybe_key32(data, "referrer"),
        referral=maybe_key32(data, "referral"),
        grant=maybe_key32(data, "grant"),
        goods=maybe_key32(data, "goods"),
        units=_units(data),
        margin_bps=whole(data, "margin_bps", 0, ALL_BPS),
    )


def amounts(data: Body, key: str) -> dict[str, int]:
    """A map of roles to amounts, of at most MAX_SHARES."""
    value = data.get(key)
    if not isinstance(value, dict) or len(value) > MAX_SHARES:
        raise unreadable(key)
    for role, amount in value.items():
        if not 1 <= len(role) <= MAX_ROLE or type(amount) is not int:
            raise unreadable(key)
        if not 0 <= amount <= MAX_AMOUNT:
            raise unreadable(key)
    return dict(value)


def _units(data: Body) -> Units | None:
    value: Any = data.get("units")
    if value is None:
        return None
    if type(value) is not list or len(value) != 2 or any(type(each) is not int for each in value):
        raise unreadable("units")
    if not all(1 <= each <= MAX_UNITS for each in value):
        raise unreadable("units")
    return Units(*value)


def _at(data: Body) -> tuple[bytes, ...]:
    value: Any = data.get("at")
    if type(value) is not list or len(value) != 2:
        raise unreadable("at")
    if any(type(each) is not bytes or len(each) != 32 for each in value):
        raise unreadable("at")
    return tuple(value)


def _extras(data: Body) -> Extras:
    value: Any = data.get("extras")
    if not isinstance(value, dict):
        raise unreadable("extras")
    return Extras(
        delivery=whole(value, "delivery", 0, MAX_AMOUNT),
        tip=whole(value, "tip", 0, MAX_AMOUNT),
        tax=text(value, "tax", MAX_TAX, default=None),
    )


KIND = Kind(name="receipt", lane=MARKET, erasable=False, read=read)
