"""Receipts as they are shown: what they say, whether they are valid, what was refunded.

Of the same sale everybody who holds the same sees the same. See `storage.verdicts` for why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from governance.receipts import (
    NO_ORDER_KEY,
    NO_RECEIPT,
    NOT_VENDOR,
    TWICE,
    Written,
    counts,
    refund_faults,
)
from governance.rehearsal import Sale
from protocol.kinds.receipt import Statement
from protocol.kinds.refund import Refund
from storage.store import Store
from storage.verdicts import JOIN, SHOWN, Known, chosen, content_at, marks, statement_at


class RefundEntry(NamedTuple):
    """A counter-receipt with its verdict; `reason` is "" where it counts."""

    record: bytes
    said: Refund
    reason: str
    shown_ms: int


class Entry(NamedTuple):
    """A receipt with its verdict; `reason` is "" where nothing is wrong with it."""

    record: bytes
    author: bytes  # person
    said: Statement
    reason: str
    shown_ms: int
    signed: bool
    refunds: tuple[RefundEntry, ...] = ()  # all of this order by this vendor, by number

    @property
    def counts(self) -> bool:
        """Whether its shares are owed, and reviews rest on it."""
        return counts(self.reason)

    @property
    def refunded(self) -> int:
        """Minor units of the price that went back."""
        return sum(each.said.amount for each in self.refunds if not each.reason)

    @property
    def remaining(self) -> dict[str, int]:
        """What each role has of the sale after the refunds, in no order."""
        left = dict(self.said.shares)
        for each in self.refunds:
            if not each.reason:
                for role, amount in each.said.parts.items():
                    left[role] -= amount
        return left


def get(store: Store, record: bytes) -> Entry | None:
    """A receipt by its record's id."""
    return next(iter(entries(store, "record = ?", [record])), None)


def of_orders(store: Store, orders: Iterable[bytes]) -> dict[bytes, list[Entry]]:
    """The receipts of these orders, right or wrong; an order without one is left out."""
    rowids = [
        row[0] for row in chosen(store, f"SELECT receipt.rowid {SHOWN} AND order_key IN", orders)
    ]
    found: dict[bytes, list[Entry]] = {}
    for entry in of_rows(store, rowids):
        found.setdefault(entry.said.order, []).append(entry)
    return found


def sold(store: Store, orders: Iterable[bytes]) -> dict[bytes, Entry]:
    """Of these orders, the receipt of each that counts; of two vendors' that with the lowest id.

    One order's key signs for two vendors only where its buyer made it do so.
    """
    found: dict[bytes, Entry] = {}
    for order, some in of_orders(store, orders).items():
        good = [entry for entry in some if entry.counts]
        if good:
            found[order] = min(good, key=lambda entry: entry.record)
    return found


def of_vendor(store: Store, person: bytes) -> list[Entry]:
    """Every receipt that names this person as vendor, newest first."""
    return entries(store, "vendor = ?", [person])


def entries(
    store: Store,
    where: str = "1",
    values: Sequence[object] = (),
    *,
    limit: int = -1,
    offset: int = 0,
) -> list[Entry]:
    """Receipts that meet a condition on the table `receipt`, newest first."""
    rows = store.db.execute(
        f"SELECT receipt.rowid {SHOWN} AND {where} ORDER BY shown_ms DESC, record LIMIT ? OFFSET ?",
        [*values, limit, offset],
    ).fetchall()
    return of_rows(store, [rowid for (rowid,) in rows])


def count(store: Store, where: str, values: Sequence[object]) -> int:
    """How many receipts meet a condition."""
    row = store.db.execute(f"SELECT count(*) {SHOWN} AND {where}", list(values)).fetchone()
    return int(row[0])


def among(store: Store, where: str, values: Sequence[object], rowids: Collection[int]) -> list[int]:
    """Of these rows those that meet a condition, newest first."""
    rows = store.db.execute(
        f"SELECT receipt.rowid {SHOWN} AND {where} ORDER BY shown_ms DESC, record", list(values)
    )
    return [rowid for (rowid,) in rows if rowid in rowids]


def of_rows(store: Store, rowids: Sequence[int]) -> list[Entry]:
    """These receipts with their verdicts and refunds, in this order."""
    known = Known(store)
    wrong = marks(store, known, rowids)
    facts = {
        row[0]: row[1:]
        for row in chosen(
            store,
            f"SELECT receipt.rowid, record, device.person, shown_ms, signed {SHOWN}"
            " AND receipt.rowid IN",
            rowids,
        )
    }
    found = []
    for rowid in rowids:
        record, author, shown, signed = facts[rowid]
        said = statement_at(store, rowid)
        found.append(Entry(record, author, said, wrong.get(rowid, ""), shown, bool(signed)))
    return _with_refunds(store, known, found)


def _with_refunds(store: Store, known: Known, some: Sequence[Entry]) -> list[Entry]:
    by_sale: dict[tuple[bytes, bytes], list[tuple[RefundEntry, Written]]] = {}
    query = (
        "SELECT refund.rowid, record, device.key, device.person, seq, shown_ms, signed FROM refund"
        f" {JOIN.format('refund')} WHERE device.standing > 0 AND order_key IN"
    )
    for row in chosen(store, query, {entry.said.order for entry in some}):
        rowid, record, device, author, seq, shown, signed = row
        said = content_at(store, rowid)
        assert isinstance(said, Refund)  # noqa: S101 - nothing else is in this table
        reason = NOT_VENDOR if author != said.vendor else "" if signed else NO_ORDER_KEY
        written = Written(record, device, seq)
        entry = RefundEntry(record, said, reason, shown)
        by_sale.setdefault((said.vendor, said.order), []).append((entry, written))
    if not by_sale:
        return list(some)
    return [_joined(known, entry, by_sale) for entry in some]


def _joined(
    known: Known,
    entry: Entry,
    by_sale: Mapping[tuple[bytes, bytes], Sequence[tuple[RefundEntry, Written]]],
) -> Entry:
    """A receipt with the refunds of its sale; none counts where the receipt does not."""
    pairs = by_sale.get((entry.said.vendor, entry.said.order), ())
    if entry.reason == TWICE:
        return entry  # they are the other one's
    charter = known.charter(entry.said.charter)
    faults: Mapping[bytes, str] = {}
    if entry.counts and charter is not None:
        sound = [(written, each.said) for each, written in pairs if not each.reason]
        faults = refund_faults(charter, entry.said, sound)
    found = [
        each if each.reason else each._replace(reason=faults.get(each.record, NO_RECEIPT))
        for each, _ in pairs
    ]
    return entry._replace(refunds=tuple(sorted(found, key=lambda r: (r.said.number, r.record))))


def ids(store: Store) -> list[tuple[int, bytes]]:
    """(rowid, record) of every receipt, by record."""
    return store.db.execute(f"SELECT receipt.rowid, record {SHOWN} ORDER BY record").fetchall()


def between(store: Store, low: bytes, high: bytes) -> list[bytes]:
    """The receipts whose id, or else whose order's, lies between these two; two at most."""
    for column in ("record", "order_key"):
        rows = store.db.execute(
            f"SELECT record {SHOWN} AND {column} BETWEEN ? AND ? ORDER BY record LIMIT 2",
            [low, high],
        ).fetchall()
        if rows:
            return [record for (record,) in rows]
    return []


def sales(store: Store) -> list[Sale]:
    """Every sale that counts, as far as its fee depends on it, without what was refunded."""
    wrong = marks(store, Known(store))
    orders = [order for (order,) in store.db.execute("SELECT DISTINCT order_key FROM refund")]
    back = {
        entry.record: entry.refunded for some in of_orders(store, orders).values() for entry in some
    }
    found = []
    for rowid, record, price, currency, category, referrer, host in store.db.execute(
        "SELECT receipt.rowid, record, price, currency, category, referrer IS NOT NULL,"
        f" host IS NOT NULL {SHOWN} ORDER BY record"
    ):
        left = price - back.get(record, 0)
        if counts(wrong.get(rowid, "")) and left:
            sale = Sale(
                price=left,
                currency=currency,
                category=category,
                referrer=bool(referrer),
                host=bool(host),
            )
            found.append(sale)
    return found
