"""Orders as they stand for this home: read from its letters, with what may be done and by when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from governance.orders import life as lives
from governance.orders.life import Life
from governance.orders.past import Said
from governance.orders.rights import Right, Rights, rights
from governance.orders.view import Terms
from node import market, post
from node.home import Home
from node.importing.prices import PriceError, decimals
from node.post import Letter
from node.trade import refunding
from node.trade.context import Context
from protocol.errors import NotFound, Refused
from protocol.keys import Signer
from protocol.kinds.listing import Listing
from protocol.letters.message import Message
from protocol.letters.order import OrderLetter
from protocol.letters.order_key import OrderKey
from storage import certificates
from storage.views.listing_queries import Offer

SHORTEST = 8  # digits of an id
MOST_REMEMBERED = 1000  # orders whose life is kept in memory
IN_CONVERSATION = ("order", "message")  # kinds of letters that are shown with an order


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order that this home has a part in.

    `mine`: buyer, seller, host (of a guest, or whose shop window it was) or mediator. `letters`:
    moves and messages, oldest first. `version`: the listing as it was ordered, `offer` as it is.
    """

    id: bytes
    life: Life
    mine: str
    rights: Rights
    letters: tuple[Letter, ...]
    offer: Offer | None
    version: Listing | None
    now_s: int
    refunds: tuple[bytes, ...] = ()  # letters by which it counts for less once the buyer agrees

    @property
    def buyer(self) -> bytes:
        """The person who buys; for a guest, their host."""
        return self.life.buyer

    @property
    def seller(self) -> bytes:
        """The person whose listing it is."""
        return self.life.seller

    @property
    def host(self) -> bytes | None:
        """The person in whose shop window it was found, if that is somebody else."""
        return self.life.place.host

    @property
    def guest(self) -> bool:
        """Whether the host orders for somebody who is no member."""
        return self.life.guest

    @property
    def title(self) -> str:
        """What was ordered, in words; "" where the listing is not here."""
        said = self.version or (self.offer.listing if self.offer else None)
        return "" if said is None else said.title

    @property
    def currency(self) -> str:
        """Of all its amounts."""
        return self.life.place.currency

    @property
    def terms(self) -> Terms | None:
        """What is agreed on; else what was proposed last; None for an enquiry without a price."""
        if self.life.deal is not None:
            return self.life.deal.terms
        if self.life.offers:
            return self.life.offers[-1].terms
        said = self.life.place
        if said.price is None:
            return None
        return Terms(quantity=said.quantity, price=said.price, delivery=said.delivery, tip=said.tip)


def orders(home: Home) -> list[Order]:
    """All orders of this home: what waits for it first, then the newest."""
    post.open_pending(home)
    grouped: dict[bytes, list[Letter]] = {}
    for letter in post.order_letters(home):
        said = letter.body
        about: bytes = said.order if not isinstance(said, Message) else said.about or b""
        grouped.setdefault(about, []).append(letter)
    context = Context(home.store)
    found = [
        order
        for order_id, letters in grouped.items()
        if (order := _order(home, context, order_id, letters)) is not None
    ]
    return sorted(found, key=lambda each: (not waits(home, each), -newest_ms(each)))


def get(home: Home, order: str | bytes) -> Order:
    """An order by its id, or the first 8 digits or more; NotFound or Refused `ambiguous`."""
    post.open_pending(home)
    order_id = order if isinstance(order, bytes) else resolve(home, order)
    found = find(home, order_id)
    if found is None:
        raise _unknown(order_id.hex())
    return found


def find(home: Home, order_id: bytes) -> Order | None:
    """An order by its full id; None while the letter that begins it is not here, or not open."""
    return _read(home, order_id, guest=False)


def as_guest(home: Home, order_id: bytes) -> Order | None:
    """A guest's order as the guest has it, from the letters of this home, their host."""
    found = _read(home, order_id, guest=True)
    return found if found is not None and found.guest and found.buyer == home.person else None


def resolve(home: Home, text: str) -> bytes:
    """The id of an order of this home."""
    wanted = text.strip().lower()
    ids = [each.id for each in post.threads(home) if each.sort == post.ORDER]
    found = [each for each in ids if each.hex().startswith(wanted)]
    if len(wanted) < SHORTEST or not found:
        raise _unknown(text)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=text,
        )
    return found[0]


def _unknown(text: str) -> NotFound:
    return NotFound(
        "no-order",
        "You have no order %(id)s here; `moothall order list` shows those that are.",
        id=text[:64],
    )


def order_seed(home: Home, order_id: bytes) -> Signer | None:
    """The secret half of an order's key, if this person is its buyer and has got the letter."""
    for letter in post.thread(home, order_id):
        if letter.mine and isinstance(letter.body, OrderKey):
            return Signer(letter.body.seed)
    return None


def _read(home: Home, order_id: bytes, *, guest: bool) -> Order | None:
    return _order(home, Context(home.store), order_id, post.thread(home, order_id), guest=guest)


def _order(
    home: Home,
    context: Context,
    order_id: bytes,
    letters: Iterable[Letter],
    *,
    guest: bool = False,
) -> Order | None:
    letters = list(letters)
    moves = [each for each in letters if isinstance(each.body, OrderLetter)]
    life = _life(home, context, order_id, moves)
    if life is None or not _is_currency(life.currency):
        return None  # another program let through what nobody can pay, or show
    first_seen = {each.id: each.received_ms // 1000 for each in moves}
    now_s = home.store.now_ms() // 1000
    return Order(
        id=order_id,
        life=life,
        mine=_part(home, life, guest=guest),
        rights=rights(life, home.person, first_seen, now_s, guest=guest),
        letters=tuple(_heard(life, moves, letters)),
        offer=_offer(home, life.place.listing),
        version=context.ordered(life.place),
        now_s=now_s,
        refunds=tuple(each.id for each in refunding.waiting(home, life)),
    )


def _heard(life: Life, moves: Sequence[Letter], letters: Iterable[Letter]) -> Iterator[Letter]:
    """The letters by those who have, or had, a part in the order.

    Anybody can write to us about any order: what strangers say is between them and us.
    """
    held = life.dispute
    parts = {life.buyer, life.seller, *([held.mediator] if held else [])}
    left_out = {*life.void, *life.waiting}
    parts |= {each.person for each in moves if each.id not in left_out}  # mediators of before
    for each in letters:
        if each.kind in IN_CONVERSATION and each.person in parts:
            yield each


def _is_currency(code: str) -> bool:
    try:
        decimals(code)
    except PriceError:
        return False
    return True


def _life(home: Home, context: Context, order_id: bytes, moves: Sequence[Letter]) -> Life | None:
    """The life of an order: what came of it the last time, if it is by the same letters."""
    basis = frozenset(each.id for each in moves), certificates.tip(home.store)
    known = home.orders_read.get(order_id)
    if known is None or known[0] != basis:
        known = basis, lives.follow([_said(each) for each in moves], context)
        if len(home.orders_read) >= MOST_REMEMBERED:
            home.orders_read.clear()
        home.orders_read[order_id] = known
    life: Life | None = known[1]
    return life


def _said(letter: Letter) -> Said:
    return Said(
        id=letter.id,
        person=letter.person,
        device=letter.device,
        seq=letter.seq,
        letter=letter.body,
    )


def _part(home: Home, life: Life, *, guest: bool) -> str:
    """What this home's person is in an order."""
    me = home.person
    if me == life.buyer and life.guest == guest:
        return "buyer"
    if me == life.seller:
        return "seller"
    if me in (life.place.host, life.buyer):
        return "host"
    return "mediator"


def _offer(home: Home, listing: bytes) -> Offer | None:
    try:
        return market.lookup(home, listing)
    except NotFound:
        return None


def newest_ms(order: Order) -> int:
    """When the newest letter of an order was received."""
    return max((each.received_ms for each in order.letters), default=0)


def my_moves(order: Order) -> list[Right]:
    """What this home's person may do now; what their node does by itself is left out."""
    return [right for right in _own_moves(order) if right.now(order.now_s)]


def later_moves(order: Order) -> list[Right]:
    """What this home's person may do from some moment on, `from_s`."""
    return [right for right in _own_moves(order) if not right.now(order.now_s)]


def _own_moves(order: Order) -> list[Right]:
    left_out = ("receipt",) if order.refunds else ("receipt", "took")
    return [right for right in order.rights.moves if right.name not in left_out]


def waits(home: Home, order: Order) -> bool:
    """Whether something is asked of this home's person, for themselves."""
    return home.person in order.rights.waits_for and order.mine != "host"


def asked_side(order: Order) -> str:
    """Of whom something is asked: buyer, seller, mediator, or "" for nobody."""
    for person in order.rights.waits_for:
        if person == order.seller and not (order.guest and person == order.buyer):
            return "seller"
        return "buyer" if person == order.buyer else "mediator"
    return ""


def data(home: Home, order: Order, others: list[Order] | None = None) -> dict[str, Any]:
    """Everything about an order as plain data; amounts are minor units of `currency`.

    `others`: all orders of this home, where they are at hand.
    """
    from node.trade import order_data  # which reads orders itself

    return order_data.data(home, order, others)
