"""Which receipts are valid, as of what is held: facts joined with certificates and members.

The same for all who hold the same. Many are judged in one go, from columns alone. Receipts by
members who left stand; those by mere candidates are not seen at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from governance.charter import Charter
from governance.opening import charter_of
from governance.receipts import (
    NO_ORDER_KEY,
    NOT_VENDOR,
    SAME_UNITS,
    TWICE,
    WRONG_SHARE,
    Granted,
    Recommended,
    Written,
    adds_up,
    counts,
    crossing,
    first,
    judged,
)
from protocol.kinds.receipt import Receipt, Statement, Units
from protocol.kinds.registry import content
from protocol.records import read_record
from storage import certificates
from storage.store import Store
from storage.views import grants, recommendations

_FEW = 400  # values that go into one question to the database


class Known:
    """What receipts are held against, read from a store once each; good for one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        state = certificates.current(store)
        self._versions = () if state is None else state.versions
        self._heights: dict[bytes, int | None] = {}
        self._forces: dict[int, bytes] = {}
        self._granted: dict[bytes, Granted | None] = {}
        self._recommended: dict[bytes, Recommended | None] = {}

    @cached_property
    def _persons(self) -> frozenset[bytes]:
        rows = self._store.db.execute("SELECT DISTINCT person FROM device WHERE standing > 0")
        return frozenset(person for (person,) in rows)

    def height(self, certificate: bytes) -> int | None:
        """The height of a certificate of our chain."""
        if certificate not in self._heights:
            self._heights[certificate] = certificates.height_of(self._store, certificate)
        return self._heights[certificate]

    def in_force(self, height: int) -> bytes:
        """The hash of the charter in force at a height."""
        found = self._forces.get(height)
        if found is None:
            found = [each.hash for each in self._versions if each.height <= height][-1]
            self._forces[height] = found
        return found

    def charter(self, charter: bytes) -> Charter | None:
        """A charter that is or was in force, by its hash."""
        for version in self._versions:
            if version.hash == charter:
                return charter_of(version)
        return None

    def known(self, person: bytes) -> bool:
        """Whether this is a person of the community, or was one."""
        return person in self._persons

    def grant(self, record: bytes) -> Granted | None:
        """A version of a grant, by its record."""
        if record not in self._granted:
            self._granted[record] = grants.granted(self._store, record)
        return self._granted[record]

    def referral(self, record: bytes) -> Recommended | None:
        """A version of a recommendation, by its record."""
        if record not in self._recommended:
            self._recommended[record] = recommendations.recommended(self._store, record)
        return self._recommended[record]


class _Row(NamedTuple):
    """A receipt's columns, as far as its verdict depends on them."""

    rowid: int
    record: bytes
    device: bytes
    author: bytes
    seq: int
    order: bytes
    signed: int
    sums: int | None
    vendor: bytes
    seller: bytes
    listing: bytes
    both: bytes
    charter: bytes
    host: bytes | None
    referrer: bytes | None
    referral: bytes | None
    grant: bytes | None
    goods: bytes | None
    first: int | None
    many: int | None
    margin_bps: int
    quantity: int

    @property
    def at(self) -> tuple[bytes, ...]:
        return self.both[:32], self.both[32:]

    @property
    def units(self) -> Units | None:
        if self.first is None or self.many is None:
            return None
        return Units(self.first, self.many)


JOIN = "JOIN log ON log.no = {0}.log_no JOIN device ON device.no = log.device_no"
SHOWN = f"FROM receipt {JOIN.format('receipt')} WHERE device.standing > 0"
_ROW = (
    "SELECT receipt.rowid, record, device.key, device.person, seq, order_key, signed, sums, vendor,"
    " seller, listing, at, charter, host, referrer, referral, grant_record, goods, first, count,"
    f" margin_bps, quantity {SHOWN}"
)


# Nothing can be wrong with such a receipt but its charter: no grant, no referral, known people, and
# no other receipt of its order. Nearly all are such, and SQLite finds them ten times as fast.
_PLAIN = (
    "device.person IS vendor AND seller = vendor AND signed = 1 AND sums IS 1 AND margin_bps = 0"
    " AND coalesce(grant_record, goods, first, count, referrer, referral) IS NULL"
    " AND (host IS NULL OR host != vendor"
    " AND host IN (SELECT person FROM device WHERE standing > 0))"
    " AND order_key NOT IN (SELECT order_key FROM receipt GROUP BY order_key HAVING count(*) > 1)"
)


def _doubtful(store: Store, known: Known) -> list[_Row]:
    """Every receipt with which something may be wrong, and all that their verdicts depend on."""
    found = list(map(_Row._make, store.db.execute(f"{_ROW} AND ({_PLAIN}) IS NOT 1")))
    of_each = store.db.execute(
        f"SELECT min(receipt.rowid) {SHOWN} AND {_PLAIN} GROUP BY at, charter"
    ).fetchall()
    for one in _where(store, "receipt.rowid", (rowid for (rowid,) in of_each)):
        if judged(one, known):
            same = store.db.execute(
                f"{_ROW} AND {_PLAIN} AND at = ? AND charter = ?", [one.both, one.charter]
            )
            found += map(_Row._make, same)
    return found


def marks(store: Store, known: Known, rowids: Collection[int] | None = None) -> dict[int, str]:
    """Rowid -> reason of the receipts that are marked: of these, or of all."""
    rows = _rows(store, known, rowids)
    found: dict[int, str] = {}
    good: list[_Row] = []
    for row in rows:
        reason = _alone(store, row, known)
        if reason:
            found[row.rowid] = reason
        if counts(reason):
            good.append(row)
    found |= dict.fromkeys(_twice(good, found), TWICE)
    found |= dict.fromkeys(_crossing(good, known, found), SAME_UNITS)
    return found


def _rows(store: Store, known: Known, rowids: Collection[int] | None) -> list[_Row]:
    """The rows asked for, and those on which their verdicts depend."""
    if rowids is None:
        return _doubtful(store, known)
    asked = _where(store, "receipt.rowid", rowids)
    others: set[int] = set()
    for row in asked:
        granted = None if row.grant is None else known.grant(row.grant)
        if granted is None or row.first is None or row.many is None:
            continue
        named = grants.versions(store, granted.root)
        marked = ", ".join("?" * len(named))
        others.update(
            rowid
            for (rowid,) in store.db.execute(
                f"SELECT rowid FROM receipt WHERE grant_record IN ({marked})"
                " AND first <= ? AND first + count > ?",
                [*named, row.first + row.many - 1, row.first],
            )
        )
    rows = {row.rowid: row for row in (*asked, *_where(store, "receipt.rowid", others))}
    orders = {row.order for row in rows.values()}
    return list({row.rowid: row for row in _where(store, "order_key", orders)}.values())


def _where(store: Store, column: str, values: Iterable[object]) -> list[_Row]:
    return [_Row._make(row) for row in chosen(store, f"{_ROW} AND {column} IN", values)]


def chosen(store: Store, query: str, values: Iterable[object]) -> Iterator[tuple[Any, ...]]:
    """Rows of a query that ends in IN, for any number of values."""
    listed = list(values)
    for start in range(0, len(listed), _FEW):
        part = listed[start : start + _FEW]
        marked = ", ".join("?" * len(part))
        yield from store.db.execute(f"{query} ({marked})", part).fetchall()


def units_of(store: Store, versions: Iterable[bytes], vendor: bytes) -> list[Units]:
    """The units that a vendor's receipts with these grants name, by number; signed ones only."""
    query = (
        f"SELECT first, count, vendor {SHOWN} AND device.person = vendor AND signed = 1"
        " AND grant_record IN"
    )
    rows = chosen(store, query, versions)
    return sorted(Units(first_, many) for first_, many, who in rows if who == vendor)


def _alone(store: Store, row: _Row, known: Known) -> str:
    """What is wrong with a receipt by itself."""
    if row.author != row.vendor:
        return NOT_VENDOR
    if not row.signed:
        return NO_ORDER_KEY
    reason = judged(row, known)
    if not counts(reason):
        return reason
    sums = row.sums
    if sums is None:  # its charter came after it
        charter, said = known.charter(row.charter), statement_at(store, row.rowid)
        sums = charter is not None and adds_up(charter, said)
    return reason if sums else WRONG_SHARE


def _twice(good: Iterable[_Row], marked: Mapping[int, str]) -> Iterator[int]:
    """Of receipts that count, those that another one by their vendor for their order beats."""
    one: dict[tuple[bytes, bytes], _Row] = {}
    several: dict[tuple[bytes, bytes], list[_Row]] = {}
    for row in good:
        key = row.vendor, row.order
        before = one.setdefault(key, row)
        if before is not row:
            several.setdefault(key, [before]).append(row)
    for rows in several.values():
        better = [row for row in rows if row.rowid not in marked] or rows
        stands = first([Written(row.record, row.device, row.seq) for row in better])
        yield from (row.rowid for row in rows if row.record != stands.record)


def _crossing(good: Iterable[_Row], known: Known, marked: Mapping[int, str]) -> Iterator[int]:
    """Of receipts that stand, those that sold a unit another one sold as well."""
    by_grant: dict[bytes, list[_Row]] = {}
    for row in good:
        if row.grant is not None and row.rowid not in marked:
            granted = known.grant(row.grant)
            if granted is not None:
                by_grant.setdefault(granted.root, []).append(row)
    for rows in by_grant.values():
        units = [(row.record, row.units) for row in rows if row.units is not None]
        cross = crossing([(record, each) for record, each in units if each is not None])
        yield from (row.rowid for row in rows if row.record in cross)


def statement_at(store: Store, rowid: int) -> Statement:
    """What the receipt in this row says."""
    said = content_at(store, rowid)
    assert isinstance(said, Receipt)  # noqa: S101 - nothing else is in this table
    return said.statement


def content_at(store: Store, rowid: int) -> object:
    """What the record in this row says."""
    row = store.db.execute(
        "SELECT header, signature, salt, body FROM record WHERE rowid = ?", [rowid]
    ).fetchone()
    return content(read_record(*row))
