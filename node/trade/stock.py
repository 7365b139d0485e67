"""How many are left of what one offers: the listing's number less what its owner has promised.

The listing's number is the owner's word about a moment; what was promised since it last changed
goes off it. A promise is an acceptance of the owner's, and an offer that the buyer may accept any
time, so that no acceptance brings it below zero. Two devices of one owner that accept the last
piece at the same time sell it twice: then nothing is left, and `oversold` says so of both orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from governance.orders.table import CANCELLED, DECLINED, REFUNDED, SELLER
from node.home import Home
from node.trade import reading
from node.trade.placing import stock_of
from protocol.codec import decode
from protocol.errors import Refused
from protocol.kinds import listing as listing_kind
from protocol.kinds.listing import Listing
from protocol.records import MAX_BODY, read_header
from storage.store import h64
from storage.views.listings import OF_ROOT

if TYPE_CHECKING:
    from node.post import Letter
    from node.trade.reading import Order


_Goods = tuple[bytes, str]  # a listing's first record, and which variant of it


class _Moment(NamedTuple):
    """When something was written: in which log, where there, and when by its device's clock."""

    log_no: int
    seq: int
    time_ms: int

    def follows(self, other: _Moment) -> bool:
        """Whether this came after `other`; between two devices only their clocks can say so."""
        if self.log_no == other.log_no:
            return self.seq > other.seq
        return self.time_ms >= other.time_ms


class _Count(NamedTuple):
    """A listing's number, and when it was last changed."""

    number: int
    since: _Moment


class Shelf:
    """What is left of everything that this home's person offers, while its orders stand so.

    `orders`: all of them, where they are at hand.
    """

    def __init__(self, home: Home, orders: Iterable[Order] | None = None) -> None:
        self._home = home
        self._orders = orders
        self._counts: dict[_Goods, _Count | None] = {}
        self._by_goods: dict[_Goods, list[Order]] | None = None
        self._promised: dict[_Goods, int] = {}

    def left(self, goods: _Goods, besides: bytes = b"") -> int | None:
        """How many more can be promised, below zero where too many were; None: not counted."""
        if goods not in self._counts:
            self._counts[goods] = _count(self._home, *goods)
        count = self._counts[goods]
        return None if count is None else count.number - self._reserved(goods, count, besides)

    def oversold(self, order: Order) -> bool:
        """Whether more was promised than there is, this order among it."""
        if order.mine != SELLER or not is_promised(order):
            return False
        found = self.left(_goods(order))
        return found is not None and found < 0

    def reserved(self, goods: _Goods) -> int:
        """How many were promised since the number was last changed."""
        count = _count(self._home, *goods)
        return 0 if count is None else self._reserved(goods, count, b"")

    def _reserved(self, goods: _Goods, count: _Count, besides: bytes) -> int:
        if goods not in self._promised:
            self._promised[goods] = sum(_promised(each, count.since) for each in self._of(goods))
        own = (each for each in self._of(goods) if besides and each.id == besides)
        return self._promised[goods] - sum(_promised(each, count.since) for each in own)

    def _of(self, goods: _Goods) -> list[Order]:
        if self._by_goods is None:
            self._by_goods = defaultdict(list)
            for each in reading.orders(self._home) if self._orders is None else self._orders:
                if each.mine == SELLER:
                    self._by_goods[_goods(each)].append(each)
        return self._by_goods.get(goods, [])


def left(home: Home, root: bytes, variant: str = "", *, besides: bytes = b"") -> int | None:
    """How many more can be promised; None where they aren't counted. Never below zero.

    `besides`: an order whose own promise is not counted.
    """
    found = Shelf(home).left((root, variant), besides)
    return None if found is None else max(0, found)


def reserved(home: Home, root: bytes, variant: str = "") -> int:
    """How many were promised since the listing's number was last changed."""
    return Shelf(home).reserved((root, variant))


def check(home: Home, order: Order, quantity: int) -> None:
    """Refused `out-of-stock` where this home's person can't promise so many in this order."""
    said = order.life.place
    there = left(home, said.listing, said.variant, besides=order.id)
    if there is not None and quantity > there:
        raise Refused(
            "out-of-stock",
            "You have %(left)s of it left, and this takes %(wanted)s. Nothing was written. If "
            "there are more by now, say so first: `moothall listing edit %(id)s --quantity`.",
            left=there,
            wanted=quantity,
            id=said.listing.hex()[:8],
        )


def _goods(order: Order) -> _Goods:
    return order.life.place.listing, order.life.place.variant


def is_promised(order: Order) -> bool:
    """Whether anything of this order is, or may become, the buyer's."""
    life = order.life
    if life.state in (DECLINED, CANCELLED):
        return False
    return not (life.state == REFUNDED and life.sent is None)


def _promised(order: Order, since: _Moment) -> int:
    """How many pieces this order takes off a number that was set at `since`."""
    if not is_promised(order):
        return 0
    letters = {each.id: each for each in order.letters}
    before = after = 0
    for letter_id, quantity in _promises(order):
        letter = letters.get(letter_id)
        if letter is not None and not _moment(letter).follows(since):
            before = max(before, quantity)
        else:
            after = max(after, quantity)
    return max(0, after - before)


def _promises(order: Order) -> Iterator[tuple[bytes, int]]:
    """(id of a letter of the seller's, how many it promises): of the deal, and open offers."""
    deal = order.life.deal
    if deal is not None:
        yield (deal.id if deal.side == SELLER else deal.offer), deal.terms.quantity
    for each in order.life.offers:
        if each.side == SELLER:
            yield each.id, each.terms.quantity


def _moment(letter: Letter) -> _Moment:
    return _Moment(letter.log_no, letter.seq, letter.written_ms)


def _count(home: Home, root: bytes, variant: str) -> _Count | None:
    """The number that stands for a variant, back to the version that first said it."""
    found: _Count | None = None
    for version, moment in _versions(home, root):
        number = _number(version, variant)
        if number is None or (found is not None and number != found.number):
            break
        found = _Count(number, moment)
    return found


def _number(version: Listing, variant: str) -> int | None:
    chosen = next((each for each in version.variants if each.name == variant), None)
    return stock_of(version, chosen)


def _versions(home: Home, root: bytes) -> Iterator[tuple[Listing, _Moment]]:
    """A listing's versions by this home's person, the newest first, and when each was written."""
    rows = home.store.db.execute(
        "SELECT listing.log_no, listing.seq, record.header, record.body FROM listing"
        " JOIN record USING (rowid) JOIN log ON log.no = listing.log_no"
        " JOIN device ON device.no = log.device_no"
        f" WHERE {OF_ROOT} AND coalesce(listing.root, listing.id) = ? AND device.person = ?"
        " ORDER BY listing.version DESC, listing.id",
        [h64(root), root, home.person],
    ).fetchall()
    for log_no, seq, header, body in rows:
        if body is None:
            continue
        data = decode(body, limit=MAX_BODY)
        if isinstance(data, dict):
            yield listing_kind.read(data), _Moment(log_no, seq, read_header(header).time_ms)
