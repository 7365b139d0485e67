"""A dispute among nodes: talk, mediators who answer or don't, a vote, and who can read what."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from node import post
from node.assembly import casting
from node.trade import disputing, ordering, reading
from node.trade.ordering import Wish
from node.trade.reading import Order
from protocol.errors import Refused
from storage import certificates
from tests.village.village import Village, Villager

WEEK = 7 * 24 * 3600
BROKEN, WHOLE = "The jar is broken.", "It was whole when I packed it."


def order_at(person: Villager, order: bytes) -> Order:
    return reading.get(person.home, order)


async def is_state(village: Village, order: bytes, state: str, *people: Villager) -> None:
    for person in people:
        await village.until(
            lambda p=person: any(  # type: ignore[misc]
                each.id == order and each.life.state == state for each in reading.orders(p.home)
            )
        )


async def sold(village: Village, seller: Villager, buyer: Villager) -> bytes:
    """A jar of jam that is paid and sent; the order."""
    jam = seller.offer("Plum jam", 450)
    await village.until(lambda: jam.id in buyer.ids)
    order = ordering.place(buyer.home, Wish(listing=jam.id))
    await is_state(village, order, "ordered", seller)
    ordering.move(seller.home, order, "accept")
    await is_state(village, order, "accepted", buyer)
    ordering.move(buyer.home, order, "pay")
    await is_state(village, order, "paid", seller)
    ordering.move(seller.home, order, "sent")
    await is_state(village, order, "sent", buyer)
    return order


def opened(person: Villager, proposal: str) -> bool:
    state = certificates.current(person.home.store)
    return state is not None and bytes.fromhex(proposal) in state.votes


def texts(person: Villager) -> set[str]:
    """What is said in the letters about orders that somebody can open."""
    moves = [each.body.move for each in post.order_letters(person.home) if each.kind == "order"]
    return {move.text for move in moves if getattr(move, "text", "")}


def named(person: Villager, order: bytes) -> int:
    dispute = order_at(person, order).life.dispute
    return 0 if dispute is None else len(dispute.named)


async def quarrel(village: Village, order: bytes, buyer: Villager, seller: Villager) -> None:
    """The buyer opens a dispute, and both say something."""
    ordering.move(buyer.home, order, "dispute", text=BROKEN)
    await is_state(village, order, "disputed", seller)
    disputing.evidence(seller.home, order.hex(), WHOLE)
    await village.until(lambda: WHOLE in texts(buyer))


async def both_name(village: Village, order: bytes, who: str, *sides: Villager) -> None:
    for side in sides:
        disputing.name_mediator(side.home, order.hex(), who)


async def a_week_later(*people: Villager) -> None:
    """Nobody is up for a week, which costs a test less than a week of idle nodes."""
    for person in people:
        await person.stop()
    await trio.sleep(WEEK)
    for person in people:
        await person.start()


async def test_a_dispute_to_its_end(village: Village, autojump_clock: MockClock) -> None:
    """Dan is named and never answers, Mia mediates in vain, the members decide."""
    ana, ben, eva, dan, mia = await village.join("ana", "ben", "eva", "dan", "mia")
    await village.agree()
    order = await sold(village, ben, eva)
    await quarrel(village, order, eva, ben)
    with pytest.raises(Refused, match="talk and mediation have had their time"):
        disputing.ask_members(eva.home, order.hex(), "4.50", "It came broken")

    disputing.name_mediator(ben.home, order.hex(), "dan")
    await village.until(lambda: named(eva, order) == 1)
    await village.agree()
    assert disputing.requests(dan.home) == []  # one side alone tells nobody
    disputing.name_mediator(eva.home, order.hex(), "dan")
    await village.until(lambda: bool(disputing.requests(dan.home)))
    (asked,) = disputing.requests(dan.home)
    with pytest.raises(Refused, match="asked to mediate"):
        disputing.get(dan.home, asked.order.hex()[:8])
    assert set(asked.sides) == {ben.home.person, eva.home.person}
    with pytest.raises(Refused, match="The charter gives"):
        disputing.name_mediator(eva.home, order.hex(), "mia")
    await dan.stop()
    await a_week_later(ana, ben, eva, mia)

    await both_name(village, order, "mia", eva, ben)
    await village.until(lambda: bool(disputing.requests(mia.home)))
    assert texts(mia) == set()
    disputing.mediate(mia.home, order.hex(), True)
    await village.until(lambda: texts(mia) == {BROKEN, WHOLE})
    await village.agree(ana, ben, eva, mia)
    before = ben.digest
    for side in (ben, eva):
        assert not disputing.tend(side.home, order_at(side, order))  # keys are handed over once
    assert ben.digest == before
    assert order_at(mia, order).mine == "mediator"
    disputing.propose(mia.home, order.hex(), "2.00", "Each bears a part.")
    await village.until(lambda: len(order_at(ben, order).life.dispute.proposals) == 1)
    disputing.agree(eva.home, order.hex())
    await village.until(lambda: "buyer" in order_at(ben, order).life.dispute.proposals[0].agreed)
    assert order_at(ben, order).life.state == "disputed"  # Ben does not agree
    await a_week_later(ana, ben, eva, mia)

    made = disputing.ask_members(
        eva.home, order.hex(), "3.00", "It came broken", "She has a photo."
    )
    proposal = str(made["proposal"])
    await village.until(lambda: opened(ana, proposal) and opened(ben, proposal))
    assert opened(mia, proposal)
    for person, choice in ((ana, "yes"), (mia, "yes"), (ben, "no"), (eva, "yes")):
        casting.cast(person.home, proposal, choice)
    await is_state(village, order, "settled", eva, ben, mia)

    life = order_at(ben, order).life
    assert life.dispute is not None
    assert (life.dispute.outcome, life.dispute.refund, life.owed_back) == ("verdict", 300, 300)
    ordering.move(ben.home, order, "refund", amount=300)
    await village.until(lambda: order_at(eva, order).life.owed_back == 0)
    await dan.start()
    await village.agree()
    assert texts(dan) == texts(ana) == set()
    assert post.order_letters(ana.home) == []
