"""Receipts and refunds as they were written; what each is worth is said when reading.

What depends on the record alone is noted once: whether the order's key signed it, and, where its
charter is here, whether that divides the price so. Everything else is joined in
`storage.receipts`, so late arrivals need no repair. Nothing here is ever erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from governance.opening import charter_of
from governance.receipts import adds_up
from governance.waterfall import persons
from protocol.kinds.receipt import Receipt, Statement
from protocol.kinds.refund import Refund
from storage.store import Store
from storage.views.view import Item, View

TABLES = ("receipt", "refund", "receipt_share")


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each receipt and refund."""
    now = store.now_ms()
    receipts: list[tuple[object, ...]] = []
    shares: list[tuple[object, ...]] = []
    refunds: list[tuple[object, ...]] = []
    for item in items:
        place = item.rowid, item.log.no, item.record.header.seq, item.record.id
        shown = min(item.record.header.time_ms, now)
        match item.said:
            case Receipt(statement=said):
                receipts.append((*place, *_columns(store, item.said), shown))
                shares += ((item.rowid, *row) for row in _owed(said))
            case Refund(order=order, vendor=vendor):
                signed = item.said.signed(store.community)
                refunds.append((*place, order, vendor, shown, signed))
    run = store.db.conn.executemany
    run(
        "INSERT INTO receipt (rowid, log_no, seq, record, order_key, vendor, seller, listing, at,"
        " charter, host, referrer, referral, grant_record, goods, first, count, margin_bps,"
        " category, currency, price, quantity, signed, sums, shown_ms)"
        f" VALUES ({', '.join('?' * 25)})",
        receipts,
    )
    run("INSERT INTO receipt_share (receipt, creditor, role, amount) VALUES (?, ?, ?, ?)", shares)
    run(
        "INSERT INTO refund (rowid, log_no, seq, record, order_key, vendor, shown_ms, signed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        refunds,
    )


def _columns(store: Store, receipt: Receipt) -> tuple[object, ...]:
    said = receipt.statement
    return (
        said.order,
        said.vendor,
        said.seller,
        said.listing,
        b"".join(said.at),
        said.charter,
        said.host,
        said.referrer,
        said.referral,
        said.grant,
        said.goods,
        *(said.units or (None, None)),
        said.margin_bps,
        said.category,
        said.currency,
        said.price,
        said.quantity,
        receipt.signed(store.community),
        _sums(store, said),
    )


def _sums(store: Store, said: Statement) -> bool | None:
    """Whether its charter divides the price so; None while that charter is not here."""
    if store.certified is not None:
        for version in store.certified.versions:
            if version.hash == said.charter:
                return adds_up(charter_of(version), said)
    return None


def _owed(said: Statement) -> Iterator[tuple[object, str, int]]:
    """(creditor, role, amount) of what the vendor collected for others."""
    who = persons(said)
    for role, amount in said.shares.items():
        creditor = who.get(role, role)
        if amount and creditor != said.vendor:
            yield creditor, role, amount


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back what a log said after a seq."""
    where = "WHERE log_no = ? AND seq > ?"
    place = [log_no, after]
    store.db.execute(
        f"DELETE FROM receipt_share WHERE receipt IN (SELECT rowid FROM receipt {where})", place
    )
    store.db.execute(f"DELETE FROM receipt {where}", place)
    store.db.execute(f"DELETE FROM refund {where}", place)


def digest(store: Store) -> Iterator[bytes]:
    """Every receipt and refund by a device in view."""
    for table in ("receipt", "refund"):
        for (record,) in store.db.execute(
            f"SELECT record FROM {table} JOIN log ON log.no = {table}.log_no"
            " JOIN device ON device.no = log.device_no WHERE device.standing > 0 ORDER BY record"
        ):
            yield record


VIEW = View(
    name="receipts",
    kinds=("receipt", "refund"),
    tables=TABLES,
    apply=apply,
    retract=retract,
    digest=digest,
)
