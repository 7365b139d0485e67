"""What nodes do in orders by themselves: once, whatever goes wrong, and leaving room between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from governance.charter import charter_hash
from node import post
from node.events import Events
from node.home import Home
from node.trade import ordering, reading
from node.trade.clerk import AGAIN_SECONDS, Clerk
from node.trade.placing import Wish
from storage import receipts
from tests.cli.council import Council
from tests.node.room import Room, opened
from tests.node.test_orders import does, lists, news, ordered, records, state


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("clerk"))
    council.found()
    return council


@pytest.fixture
def room(elm_street: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(elm_street.copy(tmp_path)) as found:
        yield found


def received(room: Room, count: int = 1) -> list[bytes]:
    """Orders about which the seller's node has receipts to write."""
    jam = lists(room.eva)
    some = [ordered(room, room.ben, jam) for _ in range(count)]
    for order in some:
        for home, name in ((room.eva, "accept"), (room.ben, "pay"), (room.eva, "sent")):
            does(room, home, order, name)
    for order in some:
        ordering.move(room.ben, order, "received")
    room.gather()
    post.open_pending(room.eva)
    return some


async def tended(home: Home) -> None:
    """A node's clerk does all that is due."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Clerk(home, Events()).run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


def test_an_order_that_can_not_be_read_keeps_no_other_from_its_receipt(room: Room) -> None:
    some = received(room, 3)
    room.eva.orders_read[some[1]] = "broken"
    trio.run(tended, room.eva)
    room.eva.orders_read.clear()
    assert [state(room.eva, each) for each in some] == ["completed", "received", "completed"]


def test_others_have_their_turn_between_two_orders(room: Room) -> None:
    some = received(room, 3)
    seen: list[int] = []

    async def looking() -> None:
        while True:
            seen.append(sum(map(bool, receipts.of_orders(room.eva.store, some).values())))
            await trio.sleep(0)

    async def both() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(looking)
            with trio.fail_after(60):
                worker = Clerk(room.eva, Events())
                nursery.start_soon(worker.run)
                while max(seen, default=0) < 3:
                    await trio.sleep(0)
            nursery.cancel_scope.cancel()

    trio.run(both)
    assert {1, 2} & set(seen)


def test_only_what_comes_after_the_first_look_is_news(room: Room) -> None:
    received(room)
    jam = lists(room.eva)
    events = Events()

    async def looked_at() -> bytes:
        worker = Clerk(room.eva, events)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.run)
            await trio.testing.wait_all_tasks_blocked()
            assert not events.recent
            room.gather()
            order = ordering.place(room.ben, Wish(listing=jam))
            room.gather()
            post.open_pending(room.eva)
            worker.came(frozenset({order}))
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        return order

    order = trio.run(looked_at)
    told = [event for _, event in events.recent]
    assert told == [{"event": "order", "order": order.hex(), "state": "ordered"}]


@pytest.mark.parametrize("proposes", ["buyer", "seller"])
@pytest.mark.parametrize("less", [600, 800])
def test_what_two_settle_on_and_was_never_paid_leaves_the_public_sale(
    room: Room, proposes: str, less: int
) -> None:
    order = ordered(room, room.ben, lists(room.eva, price=1000))
    does(room, room.eva, order, "accept")
    does(room, room.ben, order, "pay", amount=400)
    does(room, room.eva, order, "confirm")
    does(room, room.eva, order, "sent")
    does(room, room.ben, order, "received")
    does(room, room.ben, order, "dispute", text="Half of them were empty.")
    one, two = (room.ben, room.eva) if proposes == "buyer" else (room.eva, room.ben)
    does(room, one, order, "propose", refund=less)
    held = reading.get(two, order).life.dispute
    assert held is not None
    does(room, two, order, "agree", proposal=held.proposals[0].id)
    if less > 600:  # some of what was paid has to go back, and comes off first
        does(room, room.eva, order, "refund", amount=less - 600)
    news(room)

    life = reading.get(room.eva, order).life
    assert (life.state, life.owing, life.owed_back, life.reduced) == ("settled", 0, 0, less)
    for home in room.homes:
        (entry,) = receipts.of_orders(home.store, [order])[order]
        assert (entry.reason, entry.refunded) == ("", less)
        assert entry.remaining == {role: life.waterfall()[role] for role in entry.remaining}


def test_what_is_due_by_the_clock_alone_is_done_without_news(room: Room) -> None:
    (order,) = received(room)
    news(room)
    does(room, room.eva, order, "refund", amount=50)
    found = reading.get(room.ben, order)
    assert found.refunds

    async def quiet() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Clerk(room.ben, Events()).run)
            await trio.testing.wait_all_tasks_blocked()
            assert reading.get(room.ben, order).refunds
            room.now_ms += 1000 * found.life.charter.orders.reply_s
            await trio.sleep(2 * AGAIN_SECONDS)
            nursery.cancel_scope.cancel()

    trio.run(quiet, clock=trio.testing.MockClock(autojump_threshold=0))
    assert not reading.get(room.ben, order).refunds


def test_a_counter_receipt_is_written_once_though_its_receipt_does_not_count(room: Room) -> None:
    (order,) = received(room)
    news(room)
    # As when the chain has gone over to certificates that never had this charter.
    for home in room.homes:
        with home.store.transaction():
            home.store.db.execute("UPDATE receipt SET charter = zeroblob(32)")
    does(room, room.eva, order, "refund", amount=50)
    does(room, room.ben, order, "took")
    (entry,) = receipts.of_orders(room.eva.store, [order])[order]
    assert entry.reason and len(entry.refunds) == 1
    before = records(room.eva)
    news(room)
    assert records(room.eva) == before


def test_a_vote_before_the_acceptance_counts_for_it(room: Room) -> None:
    """Though what is known of an order is not reckoned anew for a certificate."""
    order = ordered(room, room.ben, lists(room.eva))
    before = charter_hash(room.eva.charter())
    asked = room.propose(room.ana, {"type": "set_fees", "default": {"fee_bps": 300}})
    room.vote(asked, "yes", *room.homes)
    for _ in range(40):
        if charter_hash(room.eva.charter()) != before:
            break
        room.wait(86_400)
    after = charter_hash(room.eva.charter())
    assert after != before
    assert state(room.eva, order) == "ordered"
    does(room, room.eva, order, "accept")
    deal = reading.get(room.ben, order).life.deal
    assert deal is not None and deal.statement.charter == after
