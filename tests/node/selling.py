"""Receipts of sales that nobody had to order first: their order's key is made from a number."""

from __future__ import annotations

from hashlib import sha256

from governance.waterfall import refund_terms, statement
from node.home import Home
from protocol.keys import Signer
from protocol.kinds import receipt, refund
from protocol.kinds.receipt import Statement
from storage import certificates
from storage.own import Draft


def order_key(number: int) -> Signer:
    """The key of the order with this number."""
    return Signer(sha256(f"order {number}".encode()).digest())


def sell(
    vendor: Home, number: int, price: int, *, currency: str = "EUR", host: Home | None = None
) -> Statement:
    """A completed sale of the vendor's, as their receipt says it."""
    order, store = order_key(number), vendor.store
    newest = certificates.tip(store)[1]
    said = statement(
        vendor.charter(),
        order=order.public,
        vendor=vendor.person,
        buyer=None,
        listing=sha256(b"bread").digest(),
        category="",
        at=(newest, newest),
        currency=currency,
        quantity=1,
        price=price,
        host=None if host is None else host.person,
    )
    data = said.data()
    signed = receipt.sign(order, store.community, data)
    vendor.append([Draft("receipt", receipt.body(data, signed))])
    return said


def give_back(vendor: Home, number: int, said: Statement, *amounts: int) -> None:
    """The counter-receipt for the last of these refunds."""
    terms = refund_terms(vendor.charter(), said, amounts)
    signed = refund.sign(order_key(number), vendor.store.community, terms)
    vendor.append([Draft("refund", refund.body(terms, signed))])
