"""The statement of a sale: who has a part in it, and how much, to the last minor unit.

Made when an order is accepted and never changed by a later vote; a receipt carries it. Buyer and
seller each make it for themselves from what they agreed on, and have to come to the same map.
A reseller's margin leaves the maker's part, so that funds and helpers get what they would have
got without a reseller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from governance import fees
from governance.charter import Charter, charter_hash
from governance.charter_market import HOST, REFERRER, RESELLER, SELLER
from governance.charter_read import ALL_BPS
from protocol.codec import Plain
from protocol.kinds import refund
from protocol.kinds.receipt import Extras, Statement, Units

Parts = Mapping[str, int]  # role -> minor units


@dataclass(frozen=True, kw_only=True, slots=True)
class Consigned:
    """That goods of `maker` are sold by somebody else, and on what terms."""

    grant: bytes  # the maker's `grant` record
    maker: bytes  # person
    first: int  # number of the first unit
    margin_bps: int
    goods: bytes | None = None  # the maker's own listing of them


class Referral(NamedTuple):
    """A recommendation, `record`, and who wrote it."""

    record: bytes
    person: bytes


def statement(
    charter: Charter,
    *,
    order: bytes,
    vendor: bytes,
    buyer: bytes | None,
    listing: bytes,
    category: str,
    at: Sequence[bytes],
    currency: str,
    quantity: int,
    price: int,
    delivery: int = 0,
    tip: int = 0,
    tax: str = "",
    host: bytes | None = None,
    referral: Referral | None = None,
    consigned: Consigned | None = None,
) -> Statement:
    """What a receipt of this sale will say.

    `charter` is the one in force at the newer of the two certificates `at`, the older of which
    comes first. `price` is of the whole quantity. `buyer` is None for a guest, who is no member;
    the statement does not name them. A host who buys or sells is none, and neither is a referrer
    who has another part in the sale: nobody is paid for helping themselves.
    """
    maker = vendor if consigned is None else consigned.maker
    if host in (vendor, maker, buyer):
        host = None
    if referral is not None and referral.person in (vendor, maker, buyer, host):
        referral = None
    margin = 0 if consigned is None else consigned.margin_bps
    absent = absent_roles(host, None if referral is None else referral.person)
    fee, shares = parts(
        charter, price, currency, category, absent, margin=None if consigned is None else margin
    )
    return Statement(
        order=order,
        vendor=vendor,
        seller=maker,
        listing=listing,
        category=category,
        at=tuple(at),
        charter=charter_hash(charter),
        currency=currency,
        quantity=quantity,
        price=price,
        fee=fee,
        shares=shares,
        extras=Extras(delivery=delivery, tip=tip, tax=tax),
        host=host,
        referrer=None if referral is None else referral.person,
        referral=None if referral is None else referral.record,
        grant=None if consigned is None else consigned.grant,
        goods=None if consigned is None else consigned.goods,
        units=None if consigned is None else Units(consigned.first, quantity),
        margin_bps=margin,
    )


def absent_roles(host: bytes | None, referrer: bytes | None) -> frozenset[str]:
    """The roles that nobody has in a sale."""
    return frozenset(role for role, who in ((HOST, host), (REFERRER, referrer)) if who is None)


def parts(
    charter: Charter,
    price: int,
    currency: str,
    category: str,
    absent: frozenset[str],
    *,
    margin: int | None = None,
) -> tuple[int, dict[str, int]]:
    """Fee, and the whole price by role: funds and helpers in table order, reseller, seller.

    `margin` in basis points of what the fee leaves, rounded down, is the reseller's; None where
    nothing was consigned.
    """
    rule = fees.rule_for(charter.fees, category, own_currency=currency == charter.currency)
    made = fees.split(rule, price, absent)
    if margin is None:
        return made.fee, {**made.shares, SELLER: made.seller}
    part = made.seller * margin // ALL_BPS
    return made.fee, {**made.shares, RESELLER: part, SELLER: made.seller - part}


def persons(said: Statement) -> dict[str, bytes]:
    """Who has which role; every other role of its shares is a fund."""
    named = {RESELLER: said.vendor, SELLER: said.seller, HOST: said.host, REFERRER: said.referrer}
    return {role: who for role, who in named.items() if who is not None}


def ordered(charter: Charter, said: Statement) -> dict[str, int]:
    """A statement's shares in the order of the fee's table, then reseller and seller.

    A map that has travelled does not keep that order, and where a division is level it decides.
    """
    table = [row.role for row in charter.fees.of(said.category).table]
    roles = [role for role in (*table, RESELLER, SELLER) if role in said.shares]
    return {role: said.shares[role] for role in roles}


def refunded(
    charter: Charter, said: Statement, amount: int, earlier: Iterable[Parts] = ()
) -> dict[str, int]:
    """What each role gives of a refund of `amount`; `earlier`: the parts of those before it.

    Raises `Refused("refund-too-large")`.
    """
    left = ordered(charter, said)
    for each in earlier:
        left = {role: has - each.get(role, 0) for role, has in left.items()}
    return fees.refund(left, amount)


def refund_terms(charter: Charter, said: Statement, amounts: Sequence[int]) -> dict[str, Plain]:
    """What the order's key signs for the last of these refunds; the others came before it.

    Raises `Refused("refund-too-large")` where they take back more than the price.
    """
    given: list[dict[str, int]] = []
    for amount in amounts:
        given.append(refunded(charter, said, amount, given))
    return refund.terms(said.order, said.vendor, len(amounts), amounts[-1], given[-1])
