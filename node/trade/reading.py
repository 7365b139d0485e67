"""Orders as they stand for this home: read from its letters, with what may be done and by when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from governance.orders import life as lives
from governance.orders.life import Life
from governance.orders.past import Said
from governance.orders.rights import Right, Rights, Wait, rights, waits_of
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
from storage.views.listing_queries import Offer

SHORTEST = 8  # digits of an id
MOST_REMEMBERED = 10_000  # orders whose life is kept in memory
IN_CONVERSATION = ("order", "message")  # kinds of letters that are shown with an order


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order that this home has a part in, as it stands at `now_s`.

    `mine`: buyer, seller, host (of a guest, or whose shop window it was) or mediator. `letters`:
    moves and messages, oldest first. The rest is looked up when it is asked for: whoever goes
    through all orders asks it of few.
    """

    id: bytes
    life: Life
    mine: str
    letters: tuple[Letter, ...]
    now_s: int
    _home: Home = field(repr=False, compare=False)
    _context: Context = field(repr=False, compare=False)
    _as_guest: bool = field(repr=False, compare=False)

    @cached_property
    def rights(self) -> Rights:
        """What this home's person, or their guest, may do, and whom the order waits for."""
        person = self._home.person
        return rights(self.life, person, self._first_seen(), self.now_s, guest=self._as_guest)

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Whom it waits for, as `rights` has it."""
        return waits_of(self.life, self._first_seen(), self.now_s)

    def _first_seen(self) -> Mapping[bytes, int]:
        return {each.id: each.received_ms // 1000 for each in self.letters}

    @cached_property
    def version(self) -> Listing | None:
        """The listing as it was ordered; None where that is not here."""
        return self._context.ordered(self.life.place)

    @cached_property
    def offer(self) -> Offer | None:
        """The listing as it is; None where it is gone."""
        try:
            return market.lookup(self._home, self.life.place.listing)
        except NotFound:
            return None

    @cached_property
    def refunds(self) -> tuple[bytes, ...]:
        """Letters by which it counts for less once the buyer agrees."""
        return tuple(each.id for each in refunding.waiting(self._home, self.life))

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
    life = _life(home, context, order_id, moves) if moves else None
    if life is None or not _is_currency(life.currency):
        return None  # another program let through what nobody can pay, or show
    return Order(
        id=order_id,
        life=life,
        mine=_part(home, life, guest=guest),
        letters=tuple(_heard(life, moves, letters)),
        now_s=home.store.now_ms() // 1000,
        _home=home,
        _context=context,
        _as_guest=guest,
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
    """The life of an order: what came of it the last time, if that still holds."""
    letters = frozenset(each.id for each in moves)
    known: _Known | None = home.orders_read.get(order_id)
    if known is None or known.letters != letters or not known.holds(context):
        life = lives.follow([_said(each) for each in moves], context)
    elif known.tip == context.tip or known.life is None:
        return known.life
    else:
        life = replace(known.life, _context=context)
    while len(home.orders_read) >= MOST_REMEMBERED:
        home.orders_read.pop(next(iter(home.orders_read)))
    home.orders_read[order_id] = _Known(letters, context.tip, life)
    return life


class _Known(NamedTuple):
    """The life that followed from these letters when this certificate was the newest."""

    letters: frozenset[bytes]
    tip: tuple[int, bytes]
    life: Life | None

    def holds(self, context: Context) -> bool:
        """Whether certificates that came since change nothing of it.

        Letters may have waited for one, and a verdict is one; or the chain went over to others.
        """
        if self.tip == context.tip:
            return True
        waits = self.life is None or self.life.missing or self.life.dispute is not None
        return not waits and context.height(self.tip[1]) == self.tip[0]


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
    main = order.waits[:1]
    return order.mine != "host" and any(home.person in wait.persons for wait in main)


def asked_side(order: Order) -> str:
    """Of whom something is asked: buyer, seller, mediator, or "" for nobody."""
    for person in order.rights.waits_for:
        if person == order.seller and not (order.guest and person == order.buyer):
            return "seller"
        return "buyer" if person == order.buyer else "mediator"
    return ""


def data(home: Home, order: Order) -> dict[str, Any]:
    """Everything about an order as plain data; amounts are minor units of `currency`."""
    from node.trade import order_data  # which reads orders itself

    return order_data.data(home, order)
