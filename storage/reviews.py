"""Reviews held against the receipts of their orders: which count, which stand apart, which don't.

Everything is asked anew when it is read, so a receipt that comes late needs no repair.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from governance.receipts import counts
from governance.reviews import Sale, Stars, fault, stars
from storage.store import Store
from storage.verdicts import Known, marks
from storage.views import comments, reviews
from storage.views.reviews import Row

_AT_ONCE = 500  # parameters of one question to SQLite


class Sold(NamedTuple):
    """A receipt, as far as reviews go. `reason`: what is wrong with it; "" if it is valid."""

    record: bytes
    order: bytes
    vendor: bytes  # persons
    seller: bytes
    listing: bytes
    reason: str


class Judged(NamedTuple):
    """A review, what is wrong with it ("": nothing), and the valid receipt it rests on, if any.

    `stands`: it is the newest word about its order that the order's key agreed to.
    """

    row: Row
    reason: str
    stands: bool
    sold: Sold | None

    @property
    def sound(self) -> bool:
        """Whether it is shown as what a buyer said, named or unnamed."""
        return self.stands and not self.reason

    @property
    def counts(self) -> bool:
        """Whether its stars are in a total."""
        return self.sound and self.row.buyer is not None


class Answer(NamedTuple):
    """What whoever sold said to a review. `shown_ms` as in `storage.views.comments`."""

    record: bytes
    person: bytes
    text: str  # Markdown
    shown_ms: int


def every(store: Store) -> list[Judged]:
    """Every review, oldest first."""
    return _judged(store, reviews.every(store))


def of_orders(store: Store, orders: Iterable[bytes]) -> list[Judged]:
    """All reviews of these orders, oldest first."""
    return _judged(store, reviews.of_orders(store, orders))


def of_listing(store: Store, listing: bytes) -> list[Judged]:
    """The sound reviews of what was sold by this listing (its first record), newest first."""
    orders = _orders(store, f"SELECT order_key FROM receipt WHERE listing = ? {_REVIEWED}", listing)
    return [
        each
        for each in reversed(of_orders(store, orders))
        if each.sound and each.sold is not None and each.sold.listing == listing
    ]


def of_person(store: Store, person: bytes) -> list[Judged]:
    """The sound reviews of what this person sold, or made, newest first."""
    sold = f"SELECT order_key FROM receipt WHERE vendor = ? {_REVIEWED}"
    made = f"SELECT order_key FROM receipt WHERE seller = ? AND seller != vendor {_REVIEWED}"
    orders = _orders(store, sold, person) | _orders(store, made, person)
    return [
        each
        for each in reversed(of_orders(store, orders))
        if each.sound and each.sold is not None and person in (each.sold.vendor, each.sold.seller)
    ]


_REVIEWED = "AND order_key IN (SELECT order_key FROM review)"


def _orders(store: Store, query: str, value: bytes) -> set[bytes]:
    return {order for (order,) in store.db.execute(query, [value])}


def _judged(store: Store, rows: Iterable[Row]) -> list[Judged]:
    """Each of these, which are all that there are of their orders."""
    some = list(rows)
    sales = _sales(store, {row.order for row in some})
    newest = reviews.newest(some)
    found = []
    for row in some:
        receipts = sales.get(row.order, [])
        reason = fault(
            agreed=bool(row.agreed),
            author=row.author,
            buyer=row.buyer,
            sales=[Sale(each.vendor, each.seller, each.reason) for each in receipts],
        )
        valid = next((each for each in receipts if counts(each.reason)), None)
        found.append(Judged(row, reason, newest.get(row.order) == row, valid))
    return found


def _sales(store: Store, orders: Iterable[bytes]) -> dict[bytes, list[Sold]]:
    """Order -> its receipts, right or wrong, in an order that depends on nothing but them."""
    wanted, rows = list(orders), []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows += store.db.execute(
            "SELECT receipt.rowid, record, order_key, vendor, seller, listing FROM receipt"
            " JOIN log ON log.no = receipt.log_no JOIN device ON device.no = log.device_no"
            f" WHERE device.standing > 0 AND order_key IN ({', '.join('?' * len(some))})",
            some,
        ).fetchall()
    wrong = marks(store, Known(store), [row[0] for row in rows]) if rows else {}
    found: dict[bytes, list[Sold]] = {}
    for rowid, *columns in sorted(rows, key=lambda row: row[1]):
        sold = Sold._make((*columns, wrong.get(rowid, "")))
        found.setdefault(sold.order, []).append(sold)
    return found


def tally(some: Iterable[Judged]) -> Stars:
    """The stars of those that count."""
    return stars(each.row.stars for each in some if each.counts)


def answers(store: Store, some: Iterable[Judged]) -> dict[bytes, list[Answer]]:
    """Review record -> what its sellers say to it, oldest first. Others' comments are none."""
    sellers = {
        each.row.record: (each.sold.vendor, each.sold.seller)
        for each in some
        if each.sold is not None
    }
    found: dict[bytes, list[Answer]] = {}
    for remark in comments.about(store, sellers):
        if remark.person in sellers[remark.about]:
            answer = Answer(remark.record, remark.person, remark.text, remark.shown_ms)
            found.setdefault(remark.about, []).append(answer)
    return found
