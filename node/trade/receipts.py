"""Receipts and counter-receipts of one's own sales, and what everybody's say.

Nothing here decides when one is due (`node.trade.clerk`); writing the same twice does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from governance import receipts as rules
from governance.waterfall import ordered, refund_terms
from node.home import Home
from node.sentences import later
from node.status import rfc3339
from node.trade.picking import pick
from protocol.codec import Plain
from protocol.errors import NotFound, Refused
from protocol.kinds import receipt, refund
from protocol.kinds.receipt import Statement
from storage import receipts
from storage.own import Draft
from storage.receipts import Entry
from storage.store import Store
from storage.verdicts import Known, marks

WHY: Final[Mapping[str, str]] = {
    rules.NOT_VENDOR: later("It was written by somebody else than the seller it names."),
    rules.NO_ORDER_KEY: later("The order's key has not signed it: nobody says that they bought."),
    rules.WAITING: later("Something it names has not arrived here yet."),
    rules.UNKNOWN_CHARTER: later("This community never had the charter that it names."),
    rules.SUPERSEDED: later("Another charter was in force when buyer and seller agreed."),
    rules.WRONG_SHARE: later("Its charter divides the money in another way."),
    rules.NO_GRANT: later("The maker has not allowed this sale by the grant that it names."),
    rules.PAST_QUOTA: later("It sells more of the maker's goods than the grant covers."),
    rules.SAME_UNITS: later("It sells goods of the maker that another receipt sells as well."),
    rules.NO_REFERRAL: later("The referrer has not recommended this."),
    rules.SELF_REFERRAL: later("The referrer has another part in the sale."),
    rules.SELF_HOST: later("The host is who sells it, so no host brought the buyer."),
    rules.TWICE: later("Another one for the same stands."),
    rules.NO_RECEIPT: later("There is no valid receipt for it to take back."),
}


def drafts(home: Home, said: Mapping[str, Plain], by_order: bytes | None) -> list[Draft]:
    """The receipt of a sale of one's own, to be written; none if it is written already.

    `said` is the statement of the order's letters, `by_order` the signature of the order's key.
    Refused `not-yours` for somebody else's sale. The caller holds the turn.
    """
    wanted = receipt.read_statement(said)
    if wanted.vendor != home.person:
        raise Refused("not-yours", "Only who sold it writes the receipt; nothing was written.")
    for entry in receipts.of_orders(home.store, [wanted.order]).get(wanted.order, ()):
        same = entry.author == home.person and entry.said == wanted
        if same and (entry.signed or by_order is None):
            return []
    return [Draft("receipt", receipt.body(said, by_order))]


def refund_drafts(
    home: Home, said: Mapping[str, Plain], amounts: Sequence[int], by_order: bytes
) -> list[Draft]:
    """The counter-receipt for the last of these refunds; none if it is written already.

    `amounts`: all refunds of the price so far, in order. Raises Refused `refund-too-large`. The
    caller holds the turn.
    """
    statement = receipt.read_statement(said)
    terms = counter_terms(home.store, statement, amounts)
    number = len(amounts)
    for entry in receipts.of_orders(home.store, [statement.order]).get(statement.order, ()):
        for each in entry.refunds:
            same = each.said.number == number and not each.reason
            if same or each.said.digest == receipt.digest(terms):  # maybe marked, as its receipt is
                return []
    return [Draft("refund", refund.body(terms, by_order))]


def counter_terms(store: Store, said: Statement, amounts: Sequence[int]) -> dict[str, Plain]:
    """What the order's key signs for the last of these refunds; see `waterfall.refund_terms`."""
    charter = Known(store).charter(said.charter)
    if charter is None:
        raise NotFound("no-charter", "The charter of this sale is not here yet.")
    return refund_terms(charter, said, amounts)


def find(store: Store, text: str) -> Entry:
    """A receipt by the beginning of its id, or of its order's; NotFound or Refused `ambiguous`."""
    record = pick(
        text,
        lambda low, high: receipts.between(store, low, high),
        "no-receipt",
        "There is no receipt %(id)s here.",
    )
    entry = receipts.get(store, record)
    assert entry is not None  # noqa: S101 - it was found just now
    return entry


def listed(
    store: Store,
    *,
    person: bytes | None = None,
    reason: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Entry], int]:
    """Receipts, newest first, and how many there are: those in which a person has a part, those
    with this reason.
    """
    where, values = "1", []
    if person is not None:
        where = "? IN (vendor, seller, host, referrer)"
        values = [person]
    if reason is None:
        total = receipts.count(store, where, values)
        return receipts.entries(store, where, values, limit=limit, offset=offset), total
    wrong = marks(store, Known(store))
    rowids = {rowid for rowid, word in wrong.items() if word == reason}
    found = receipts.among(store, where, values, rowids)
    return receipts.of_rows(store, found[offset : offset + limit]), len(found)


def verify(store: Store) -> dict[str, Any]:
    """Every receipt here held against its charter; those that are wrong are named with why."""
    wrong = marks(store, Known(store))
    ids = receipts.ids(store)
    marked = [
        {"receipt": record.hex(), "reason": wrong[rowid]} for rowid, record in ids if rowid in wrong
    ]
    return {"receipts": len(ids), "valid": len(ids) - len(marked), "marked": marked}


def data(store: Store, entry: Entry) -> dict[str, Any]:
    """A receipt as commands answer it; amounts are minor units of `currency`."""
    said = entry.said
    return {
        "receipt": entry.record.hex(),
        "order_key": said.order.hex(),
        "charter": said.charter.hex(),
        "at": [each.hex() for each in said.at],
        "currency": said.currency,
        "price": said.price,
        "fee": said.fee,
        "shares": in_order(store, said),
        "extras": {
            "delivery": said.extras.delivery,
            "tip": said.extras.tip,
            "tax": said.extras.tax,
        },
        "valid": not entry.reason,
        "reason": entry.reason or None,
        "counts": entry.counts,
        "listing": said.listing.hex(),
        "category": said.category,
        "quantity": said.quantity,
        "vendor": said.vendor.hex(),
        "seller": said.seller.hex(),
        "host": _hex(said.host),
        "referrer": _hex(said.referrer),
        "referral": _hex(said.referral),
        "grant": _hex(said.grant),
        "goods": _hex(said.goods),
        "units": None if said.units is None else list(said.units),
        "margin_bps": said.margin_bps,
        "refunded": entry.refunded,
        "refunds": [
            {
                "refund": each.record.hex(),
                "number": each.said.number,
                "amount": each.said.amount,
                "parts": dict(each.said.parts),
                "valid": not each.reason,
                "reason": each.reason or None,
            }
            for each in entry.refunds
        ],
        "remaining": entry.remaining,
        "made": rfc3339(entry.shown_ms),
    }


def in_order(store: Store, said: Statement) -> dict[str, int]:
    """The shares as the charter's table has them, if it is here and the receipt fits it."""
    charter = Known(store).charter(said.charter)
    found = {} if charter is None else ordered(charter, said)
    return found if found == said.shares else dict(sorted(said.shares.items()))


def _hex(key: bytes | None) -> str | None:
    return None if key is None else key.hex()
