"""Counter-receipts: which refunds of an order make one, and the order's key's agreement to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from governance.orders.life import Life
from governance.orders.parts import Returned
from node.home import Home
from node.trade import receipts
from protocol.codec import Plain
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds import refund
from storage.own import Draft


def counted(life: Life) -> Iterator[tuple[Returned, list[int]]]:
    """Each refund that takes something off the price, with all such amounts up to it."""
    amounts: list[int] = []
    for each in life.refunds:
        if each.of_price:
            amounts.append(each.of_price)
            yield each, list(amounts)


def terms(home: Home, life: Life, amounts: list[int]) -> dict[str, Plain]:
    """What the order's key signs for the last of these refunds."""
    assert life.deal is not None  # noqa: S101 - without one, no refund takes off the price
    return receipts.counter_terms(home.store, life.deal.statement, amounts)


def agreed(home: Home, life: Life, returned: Returned, amounts: list[int]) -> bytes | None:
    """The signature of the order's key over a refund, if a right one came."""
    said = terms(home, life, amounts)
    for signature in returned.took:
        if refund.signs(life.order, signature, home.store.community, said):
            return signature
    return None


def waiting(home: Home, life: Life) -> list[Returned]:
    """The refunds off the price to which the order's key has not agreed."""
    return [each for each, amounts in counted(life) if agreed(home, life, each, amounts) is None]


def unpaid(life: Life, less: int) -> list[int]:
    """What all counter-receipts take off the price if the sale counts for `less` less than agreed.

    The last one is for what was never paid, so no refund makes it; the one before for what has to
    be given back, as one refund. Empty where there is nothing of that kind.
    """
    if life.deal is None or life.money >= life.deal.terms.total:
        return []
    agreed_on = life.deal.terms
    amounts = [each.of_price for each in life.refunds if each.of_price]
    left = min(less, agreed_on.price) - sum(amounts)
    back = min(left, max(0, life.money - life.refunded - (agreed_on.total - less)))
    if back > 0:
        amounts.append(back)
    return [*amounts, left - back] if left > back else []


def settle(home: Home, life: Life, less: int, key: Signer | None) -> bytes | None:
    """The order's key agrees to the counter-receipt that a settlement makes, where it makes one."""
    amounts = unpaid(life, less)
    if not amounts or key is None:
        return None
    return refund.sign(key, home.store.community, terms(home, life, amounts))


def settled(home: Home, life: Life, signatures: Iterable[bytes | None]) -> list[Draft]:
    """The counter-receipt of a settlement, if one of these agrees to it; none if it is written."""
    held = life.dispute
    if held is None or held.refund is None or life.owed_back:
        return []
    amounts = unpaid(life, held.refund)
    if not amounts or life.deal is None:
        return []
    said = terms(home, life, amounts)
    for each in signatures:
        if each is not None and refund.signs(life.order, each, home.store.community, said):
            return receipts.refund_drafts(home, life.deal.statement.data(), amounts, each)
    return []


def agree(home: Home, life: Life, letter: bytes | None, key: Signer) -> bytes:
    """The order's key agrees that the sale counts for less by this refund; Refused `no-refund`."""
    for each, amounts in counted(life):
        if each.id == letter:
            return refund.sign(key, home.store.community, terms(home, life, amounts))
    raise Refused("no-refund", "There is no such refund in this order; nothing was written.")
