"""What a member with a program of their own tries in an order, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node import home as homes
from node import post
from node.home import Home
from node.post import Letter, Outgoing
from node.recovery import Surroundings
from node.trade import clerk, consigning, credit, ordering, reading
from node.trade.context import Context
from node.trade.moving import taken
from node.trade.reading import Order
from node.trade.terms import statement
from protocol.kinds.payment import Payment
from protocol.letters.moves import Accept
from protocol.letters.order import OrderLetter
from storage import receipts
from storage.own import Draft
from tests.cli.council import Council
from tests.node.room import Room, opened
from tests.node.test_orders import (
    completed,
    does,
    lists,
    news,
    on_consignment,
    ordered,
    refused,
    state,
)


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("attacks"))
    council.found()
    return council


@pytest.fixture
def room(elm_street: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(elm_street.copy(tmp_path)) as found:
        yield found


def test_a_seller_who_only_says_that_money_went_back_owes_the_shares(room: Room) -> None:
    """The buyer's node signs nothing until its owner says that the money came."""
    order = ordered(room, room.ben, lists(room.eva))
    completed(room, order, room.ben, room.eva)

    does(room, room.eva, order, "refund")
    assert "took" in {right.name for right in reading.my_moves(reading.get(room.ben, order))}
    assert "took" not in {right.name for right in reading.my_moves(reading.get(room.eva, order))}
    assert given_back(room, order) == 0

    does(room, room.ben, order, "took")
    assert given_back(room, order) == 450
    assert "took" not in {right.name for right in reading.my_moves(reading.get(room.ben, order))}


def test_a_node_signs_for_as_much_as_was_settled_and_no_more(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    completed(room, order, room.ben, room.eva)
    does(room, room.ben, order, "dispute", text="It is sour.")
    does(room, room.eva, order, "propose", refund=200)
    (proposal,) = held(reading.get(room.ben, order))
    does(room, room.ben, order, "agree", proposal=proposal)
    assert state(room.eva, order) == "settled"

    does(room, room.eva, order, "refund", amount=200)
    assert given_back(room, order) == 200
    does(room, room.eva, order, "refund", amount=250)
    assert given_back(room, order) == 200


def test_an_offer_is_not_accepted_by_what_the_buyer_said_before_it(room: Room) -> None:
    """The reseller says the same price under a condition; nobody has agreed to that yet."""
    jar = on_consignment(room, margin_bps=0)
    order = ordered(room, room.ben, jar.id)
    does(room, room.eva, order, "offer", text="But only from Friday on.")
    assert state(room.eva, order) == "ordered"
    does(room, room.ben, order, "accept")
    assert state(room.eva, order) == "accepted"


@pytest.mark.parametrize(("currency", "accepted"), [("EUR", True), ("CREDIT", False)])
def test_credits_pay_only_a_deal_in_credits(room: Room, currency: str, accepted: bool) -> None:
    """A buyer's program writes a payment in credits for an order in euros, or of no deal yet."""
    order = ordered(room, room.ben, lists(room.eva, currency=currency))
    if accepted:
        does(room, room.eva, order, "accept")
    said = Payment(to=room.eva.person, amount=450, currency="CREDIT", order=order)
    room.ben.append([Draft("payment", said.body())])
    news(room)
    assert reading.get(room.eva, order).life.confirmed == 0
    assert credit.ledger(room.ana).of(room.eva.person) == 0


def test_two_nodes_of_a_seller_that_take_the_same_credits_take_them_once(
    room: Room, tmp_path: Path
) -> None:
    """Else the buyer would seem to have paid twice, and to be owed half of it."""
    around = Surroundings("Eva")
    community, person = room.eva.store.community, room.eva.unlock().person
    laptop = homes.recover(tmp_path / "laptop", community, person, around, None, room.clock)
    room.homes.append(laptop)  # is closed with the others
    room.turn()
    room.turn()
    order = ordered(room, room.ben, lists(room.eva, currency="CREDIT"))
    does(room, room.eva, order, "accept")
    ordering.move(room.ben, order, "pay")
    room.gather()
    for home in (room.eva, laptop):
        clerk.work(home)
    room.gather()
    for home in room.homes[1:]:
        life = reading.get(home, order).life
        confirms = [each for each in post.thread(home, order) if word(each) == "confirm"]
        assert len(confirms) == 2
        assert (life.confirmed, life.owed_back) == (450, 0)
    assert credit.ledger(room.ana).of(room.eva.person) == 450


def word(letter: Letter) -> str:
    """The move of a letter."""
    return letter.body.move.word if isinstance(letter.body, OrderLetter) else ""


def given_back(room: Room, order: bytes) -> int:
    """By how much less the sale counts, as everybody sees it."""
    (entry,) = receipts.of_orders(room.ana.store, [order])[order]
    return entry.refunded


def held(order: Order) -> list[bytes]:
    """The ids of what was proposed."""
    assert order.life.dispute is not None
    return [each.id for each in order.life.dispute.proposals]


def test_a_reseller_can_name_no_other_maker_than_the_listings(room: Room) -> None:
    """Else a friend would get what the maker is owed."""
    goods = lists(room.ana)
    room.gather()

    def granted(maker: Home, *listings: str) -> str:
        found = consigning.grant(
            maker, to=room.eva.person, listings=listings, margin=(0, 2000), quota=3, until_ms=None
        )
        room.gather()
        return found.root.hex()

    jar = consigning.sell(
        room.eva, granted(room.ana, goods.hex()), None, margin_bps=0, price=None, quantity=None
    )
    friends = bytes.fromhex(granted(room.ben))
    buyer = room.ben
    order = ordered(room, buyer, jar.id)
    found = reading.get(room.eva, order)
    assert found.terms is not None
    at = found.life.place.at
    right = statement(
        room.eva, Context(room.eva.store), found.life, found.terms, at, taken=taken(room.eva, found)
    )
    wrong = replace(right, grant=friends, seller=room.ben.person)
    letter = OrderLetter(
        order=order,
        after=found.life.heads,
        move=Accept(offer=found.life.start, at=at, statement=wrong),
    )
    post.send(room.eva, [Outgoing("order", letter.body(), frozenset({buyer.person}))])
    news(room)
    assert state(buyer, order) == "accepted"
    refused(buyer, "wrong-statement", order, "pay")
    refused(buyer, "wrong-statement", order, "received")
    ordering.move(buyer, order, "cancel")
