"""Reviews held against the receipts of their orders: which count, which stand apart, which don't.

Everything is asked anew when it is read, so a receipt that comes late needs no repair.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from governance.reviews import Sale, Stars, fault, stars
from storage.store import Store
from storage.views import comments, receipts, reviews
from storage.views.receipts import Entry
from storage.views.reviews import Row


class Judged(NamedTuple):
    """A review, what is wrong with it ("": nothing), and the receipt it rests on, if any.

    `stands`: it is the newest word about its order that the order's key agreed to.
    """

    row: Row
    reason: str
    stands: bool
    receipt: Entry | None

    @property
    def counts(self) -> bool:
        """Whether its stars are in a total."""
        return self.sound and self.row.buyer is not None

    @property
    def sound(self) -> bool:
        """Whether it is shown as what a buyer said, named or unnamed."""
        return self.stands and not self.reason


class Answer(NamedTuple):
    """What whoever sold said to a review. `shown_ms` as in `storage.views.comments`."""

    record: bytes
    person: bytes
    text: str  # Markdown
    shown_ms: int


def every(store: Store) -> list[Judged]:
    """Every review, oldest first."""
    return judge(store, reviews.every(store))


def of_orders(store: Store, orders: Iterable[bytes]) -> list[Judged]:
    """All reviews of these orders, oldest first."""
    return judge(store, reviews.of_orders(store, orders))


def of_listing(store: Store, listing: bytes) -> list[Judged]:
    """The sound reviews of what was sold by this listing (its first record), newest first."""
    return _sound(of_orders(store, receipts.orders_of(store, listing=listing)))


def of_person(store: Store, person: bytes) -> list[Judged]:
    """The sound reviews of what this person sold, or made, newest first."""
    return _sound(of_orders(store, receipts.orders_of(store, person=person)))


def judge(store: Store, rows: Iterable[Row]) -> list[Judged]:
    """Each of these, which are all that there are of their orders."""
    some = list(rows)
    sales = receipts.of_orders(store, {row.order for row in some})
    newest = reviews.newest(some)
    found = []
    for row in some:
        entries = sales.get(row.order, [])
        reason = fault(
            agreed=row.agreed,
            author=row.author,
            buyer=row.buyer,
            sales=[Sale(each.said.vendor, each.said.seller, each.reason) for each in entries],
        )
        receipt = next((each for each in entries if not each.reason), None)
        found.append(Judged(row, reason, newest.get(row.order) == row, receipt))
    return found


def tally(some: Iterable[Judged]) -> Stars:
    """The stars of those that count."""
    return stars(each.row.stars for each in some if each.counts)


def answers(store: Store, some: Iterable[Judged]) -> dict[bytes, list[Answer]]:
    """Review record -> what its sellers say to it, oldest first. Others' comments are none."""
    sellers = {
        each.row.record: (each.receipt.said.vendor, each.receipt.said.seller)
        for each in some
        if each.receipt is not None
    }
    found: dict[bytes, list[Answer]] = {}
    for remark in comments.about(store, sellers):
        if remark.person in sellers[remark.about]:
            answer = Answer(remark.record, remark.person, remark.text, remark.shown_ms)
            found.setdefault(remark.about, []).append(answer)
    return found


def _sound(some: Iterable[Judged]) -> list[Judged]:
    return [each for each in some if each.sound][::-1]
