"""Reviews among nodes: named, carried for somebody, answered; and that nothing hangs on them."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from node.trade import ordering, promises, reading, reviews
from node.trade.reviews import listed
from protocol.errors import NotFound, Refused
from storage import receipts
from storage import reviews as held
from tests.village.test_disputes import is_state, sold
from tests.village.village import Village, Villager


async def completed(village: Village, seller: Villager, buyer: Villager) -> bytes:
    """A jar of jam that was received, with its receipt on both nodes; the order."""
    order = await sold(village, seller, buyer)
    ordering.move(buyer.home, order, "received")
    await is_state(village, order, "completed", seller, buyer)
    return order


async def test_a_named_review_counts_everywhere_and_is_answered(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    order = await sold(village, ben, eva)
    with pytest.raises(Refused, match="once the seller has written its receipt"):
        reviews.write(eva.home, order.hex(), 5, "Too early.")
    ordering.move(eva.home, order, "received")
    await is_state(village, order, "completed", ben, eva)
    with pytest.raises(Refused, match="Only whoever bought"):
        reviews.write(ben.home, order.hex(), 5, "Myself.")

    reviews.write(eva.home, order.hex(), 2, "Thin.")
    reviews.write(eva.home, order.hex(), 4, "Better the day after.")
    await village.agree()
    (said,) = listed(ana.home, person="ben")["reviews"]
    with pytest.raises(Refused, match="Only whoever sold"):
        reviews.answer(ana.home, said["review"], "I think so too.")
    reviews.answer(ben.home, said["review"], "Thank you.")
    await village.agree()

    for person in (ana, ben, eva):
        found = listed(person.home, person="ben")
        (said,) = found["reviews"]
        assert (said["stars"], said["text"], said["name"]) == (4, "Better the day after.", "eva")
        assert [each["text"] for each in said["answers"]] == ["Thank you."]
        assert (found["counted"], found["stars"]) == (1, "4.0")
        assert promises.of(person.home.store, ben.home.person).sales == 1

    with pytest.raises(Refused, match="Somebody else published"):
        reviews.withdraw(ben.home, said["review"])
    reviews.withdraw(eva.home, said["review"])
    await village.agree()
    assert listed(ana.home)["reviews"] == listed(ana.home, marked=True)["reviews"] == []


async def test_an_unnamed_review_is_carried_by_whom_the_buyer_asks(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    order = await completed(village, ben, eva)

    assert reviews.write(eva.home, order.hex(), 1, "Sour.", unnamed=True)["carrier"] == (
        ben.home.person.hex()
    )
    reviews.write(eva.home, order.hex(), 2, "Rather sour.", unnamed=True, carrier="ana")
    await village.until(lambda: bool(reviews.asked(ana.home)) and bool(reviews.asked(ben.home)))
    await village.agree()
    assert held.every(ana.home.store) == []  # nobody's node publishes it by itself
    with pytest.raises(NotFound):
        reviews.carry(eva.home, order.hex())
    (asked,) = reviews.asked(ana.home)
    assert (asked.by, asked.review.text) == (eva.home.person, "Rather sour.")

    reviews.carry(ana.home, order.hex())
    await village.agree()

    (said,) = listed(ben.home, listing=None, person="ben")["reviews"]
    assert (said["buyer"], said["name"], said["counts"]) == (None, "ana", False)
    assert listed(ben.home)["stars"] is None
    assert reviews.asked(ana.home) == []
    assert reviews.asked(ben.home) == []  # what Ben was asked for is older than what stands
    assert [order.mine for order in reading.orders(ana.home)] == []


async def test_no_refund_depends_on_a_review(village: Village, autojump_clock: MockClock) -> None:
    """Who reviewed badly, or not at all, gets the same back, and what was said stays."""
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    silent = await completed(village, ben, eva)
    spoken = await completed(village, ben, eva)
    reviews.write(eva.home, spoken.hex(), 1, "Mouldy.")
    await village.agree()

    for order in (silent, spoken):
        ordering.move(ben.home, order, "refund", amount=200)
    await village.agree()
    for order in (silent, spoken):
        ordering.move(eva.home, order, "took")
    back = lambda person, order: receipts.sold(person.home.store, [order])[order].refunded  # noqa: E731
    await village.until(lambda: all(back(ana, each) == 200 for each in (silent, spoken)))
    await village.agree()

    assert [each["stars"] for each in listed(ana.home)["reviews"]] == [1]
    assert promises.of(ana.home.store, ben.home.person).part == 2
    reviews.write(eva.home, silent.hex(), 3, "They gave a part back.")
    assert listed(eva.home)["stars"] == "2.0"
