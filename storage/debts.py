"""What vendors owe out of the sales they collected for: shares of their receipts, less refunds.

A creditor is a person (bytes) or a fund, by its role (str). Sums are made in two parts, so that
they never overflow whatever receipts say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from governance.receipts import counts
from governance.waterfall import persons
from storage.receipts import Entry, of_orders
from storage.store import Store
from storage.verdicts import Known, marks

Party = bytes | str
RECEIPT, REFUND = "receipt", "refund"
_PART = 1_000_000  # of which SQLite's integers hold as many as there can ever be


class Share(NamedTuple):
    """One share of a sale that its vendor owes; of a refund: what the creditor gives back."""

    shown_ms: int
    record: bytes
    kind: str  # RECEIPT or REFUND
    order: bytes
    debtor: bytes  # the vendor
    creditor: Party
    amount: int  # minor units, above zero
    currency: str


_SHARES = (
    "FROM receipt JOIN receipt_share ON receipt_share.receipt = receipt.rowid"
    " WHERE receipt.log_no IN"
    " (SELECT log.no FROM log JOIN device ON device.no = log.device_no WHERE standing > 0)"
)


def currencies(store: Store) -> list[str]:
    """The currencies of all receipts, by name."""
    rows = store.db.execute(
        "SELECT DISTINCT currency FROM receipt JOIN log ON log.no = receipt.log_no"
        " JOIN device ON device.no = log.device_no WHERE device.standing > 0 ORDER BY currency"
    )
    return [currency for (currency,) in rows]


def valid_debts(store: Store, currency: str) -> list[tuple[bytes, Party, int]]:
    """(vendor, creditor, minor units) in one currency, summed; only what is above zero."""
    wrong = _void(store)
    totals: dict[tuple[bytes, Party], int] = {
        (vendor, creditor): most * _PART + rest
        for vendor, creditor, most, rest in store.db.execute(
            f"SELECT vendor, creditor, sum(amount / {_PART}), sum(amount % {_PART}) {_SHARES}"
            " AND currency = ? GROUP BY vendor, creditor",
            [currency],
        )
    }
    query = f"SELECT vendor, creditor, amount {_SHARES} AND currency = ? AND receipt.rowid = ?"
    for receipt in wrong:
        for vendor, creditor, amount in store.db.execute(query, [currency, receipt]):
            totals[vendor, creditor] -= amount
    for share in _returned(store):
        if share.currency == currency:
            totals[share.debtor, share.creditor] -= share.amount
    owed = [(*pair, amount) for pair, amount in totals.items() if amount > 0]
    return sorted(owed, key=lambda row: (row[0], isinstance(row[1], str), row[1]))


def of_party(store: Store, party: Party) -> list[Share]:
    """Every share that this party owes or is owed, and what refunds took back, oldest first."""
    wrong = _void(store)
    found = [
        Share(shown, record, RECEIPT, order, vendor, creditor, amount, currency)
        for rowid, shown, record, order, vendor, creditor, amount, currency in store.db.execute(
            "SELECT receipt.rowid, shown_ms, record, order_key, vendor, creditor, amount, currency"
            f" {_SHARES} AND (vendor = ? OR creditor = ?)",
            [party, party],
        )
        if rowid not in wrong
    ]
    found += (share for share in _returned(store) if party in (share.debtor, share.creditor))
    return sorted(found, key=lambda share: (share.shown_ms, share.record, str(share.creditor)))


def _void(store: Store) -> set[int]:
    """Rowids of the receipts by which nobody owes anything."""
    return {rowid for rowid, reason in marks(store, Known(store)).items() if not counts(reason)}


def _returned(store: Store) -> Iterator[Share]:
    """What refunds that count take back."""
    orders = [order for (order,) in store.db.execute("SELECT DISTINCT order_key FROM refund")]
    for some in of_orders(store, orders).values():
        for entry in some:
            if entry.counts:
                yield from _given_back(entry)


def _given_back(entry: Entry) -> Iterator[Share]:
    said, who = entry.said, persons(entry.said)
    for each in entry.refunds:
        for role, amount in each.said.parts.items() if not each.reason else ():
            creditor = who.get(role, role)
            if amount and creditor != said.vendor:
                yield Share(
                    each.shown_ms,
                    each.record,
                    REFUND,
                    said.order,
                    said.vendor,
                    creditor,
                    amount,
                    said.currency,
                )
