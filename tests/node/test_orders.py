"""Orders between homes without a network: what each side may do, what is refused, what follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node import home as homes
from node import market, post
from node.home import Home
from node.post import Outgoing
from node.recovery import Surroundings
from node.trade import banking, clerk, consigning, credit, ordering, reading, stock, terms, wishes
from node.trade.banking import Account
from node.trade.context import Context
from node.trade.placing import Wish
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds.listing import Listing, Variant
from protocol.letters.moves import Accept, Decline, Place
from protocol.letters.order import OrderLetter, prove
from storage import receipts
from storage.rows import all_logs
from storage.views.listing_queries import Offer
from tests.cli.council import Council
from tests.node.room import Room, opened

DAY = 86_400


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("orders"))
    council.found()
    return council


@pytest.fixture
def room(elm_street: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(elm_street.copy(tmp_path)) as found:
        yield found


def lists(home: Home, **changes: Any) -> bytes:
    """Put up a jar of jam."""
    said = {"title": "Plum jam", "mode": "sell", "price": 450, "currency": "EUR", **changes}
    return market.offer(home, Listing(**said)).id


def news(room: Room) -> None:
    """Everybody hears of everything, and their clerks do what is due."""
    for _ in range(3):
        room.gather()
        for home in room.homes:
            clerk.work(home)


def ordered(room: Room, buyer: Home, listing: bytes, **wish: Any) -> bytes:
    """An order that has reached its seller."""
    room.gather()
    order = ordering.place(buyer, Wish(listing=listing, **wish))
    news(room)
    return order


def does(room: Room, home: Home, order: bytes, name: str, **fields: Any) -> None:
    """A move that everybody hears of."""
    ordering.move(home, order, name, **fields)
    news(room)


def state(home: Home, order: bytes) -> str:
    return reading.get(home, order).life.state


def records(home: Home) -> int:
    return sum(log.head_seq for log in all_logs(home.store))


def refused(home: Home, reason: str, order: bytes, name: str, **fields: Any) -> None:
    """This move is refused for this reason, and nothing is written."""
    before = records(home)
    with pytest.raises(Refused) as error:
        ordering.move(home, order, name, **fields)
    assert error.value.reason == reason
    assert records(home) == before


def completed(room: Room, order: bytes, buyer: Home, seller: Home) -> None:
    """The rest of the way to a receipt."""
    does(room, seller, order, "accept")
    does(room, buyer, order, "pay")
    does(room, seller, order, "sent")
    does(room, buyer, order, "received")
    assert state(buyer, order) == state(seller, order) == "completed"


# The way of an order


def test_a_receipt_follows_without_anybody_asking_for_it(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva), quantity=2, tip=50)
    completed(room, order, room.ben, room.eva)
    for home in room.homes:
        (entry,) = receipts.of_orders(home.store, [order])[order]
        assert (entry.reason, entry.said.price, entry.said.total) == ("", 900, 950)


def test_a_buyers_word_alone_makes_no_receipt(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    does(room, room.eva, order, "accept")
    does(room, room.eva, order, "sent")  # on trust
    does(room, room.ben, order, "pay")
    does(room, room.ben, order, "received")
    assert state(room.eva, order) == "received"
    does(room, room.eva, order, "confirm")
    assert state(room.ben, order) == "completed"


def test_an_enquiry_becomes_an_order_by_the_sellers_price(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva, price=None), quantity=3, enquiry=True)
    assert state(room.eva, order) == "enquiry"
    refused(room.eva, "nothing-to-accept", order, "accept")
    refused(room.eva, "price-needed", order, "offer")
    does(room, room.eva, order, "offer", price=1200)
    does(room, room.ben, order, "accept")
    assert reading.get(room.eva, order).life.owing == 1200


def test_a_change_takes_the_price_along(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva), quantity=2)
    does(room, room.ben, order, "offer", quantity=3)
    found = reading.get(room.eva, order)
    assert found.terms is not None
    assert (found.terms.quantity, found.terms.price) == (3, 1350)
    does(room, room.eva, order, "accept")
    assert reading.get(room.ben, order).life.owing == 1350


def test_a_refund_after_the_receipt_makes_a_public_one(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    completed(room, order, room.ben, room.eva)
    does(room, room.eva, order, "refund", amount=100)
    does(room, room.ben, order, "took")
    for home in room.homes:
        (entry,) = receipts.of_orders(home.store, [order])[order]
        assert entry.refunded == 100
    refused(room.ben, "no-refund", order, "took")
    refused(room.eva, "left", order, "refund", amount=351)
    does(room, room.eva, order, "refund")
    does(room, room.ben, order, "took")
    (entry,) = receipts.of_orders(room.ana.store, [order])[order]
    assert [each.said.amount for each in entry.refunds] == [100, 350]


def test_who_never_answers_a_refund_is_taken_to_have_it(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    completed(room, order, room.ben, room.eva)
    does(room, room.eva, order, "refund", amount=100)
    patience = reading.get(room.ben, order).life.charter.orders.reply_s
    for seconds, refunded in ((patience - 60, 0), (60, 100)):
        room.wait(seconds)
        news(room)
        (entry,) = receipts.of_orders(room.ana.store, [order])[order]
        assert entry.refunded == refunded


def test_nobody_signs_for_a_refund_that_is_disputed(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    completed(room, order, room.ben, room.eva)
    does(room, room.eva, order, "refund", amount=100)
    does(room, room.ben, order, "dispute", text="Nothing came.")
    room.wait(reading.get(room.ben, order).life.charter.orders.reply_s)
    news(room)
    (entry,) = receipts.of_orders(room.ana.store, [order])[order]
    assert entry.refunded == 0


def test_credit_moves_with_the_order(room: Room) -> None:
    banking.set_account(room.eva, Account(iban="DE89370400440532013000", name="Eva"))
    order = ordered(room, room.ben, lists(room.eva, currency="CREDIT"))
    does(room, room.eva, order, "accept")
    deal = reading.get(room.ben, order).life.deal
    assert deal is not None and deal.pay is None  # no bank is needed
    refused(room.ben, "bad-currency", order, "pay", how="cash")
    does(room, room.ben, order, "pay")
    assert reading.get(room.ben, order).life.confirmed == 450
    does(room, room.ben, order, "received")
    assert state(room.eva, order) == "completed"
    book = credit.ledger(room.ana)
    assert (book.of(room.ben.person), book.of(room.eva.person)) == (-450, 450)


# What is refused


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"quantity": 0}, "bad-quantity"),
        ({"quantity": 10**7}, "bad-quantity"),
        ({"quantity": 6}, "too-many"),
        ({"tip": -1}, "bad-amount"),
        ({"delivery": 2**60}, "bad-amount"),
        ({"variant": "green"}, "no-variant"),
        ({"text": "x" * 2001}, "too-long"),
        ({"text": "\x07"}, "bad-text"),
        ({"referral": bytes(32)}, "no-referral"),
        ({"host": bytes(32)}, "no-member"),
    ],
)
def test_an_order_that_cant_be(room: Room, wish: dict[str, Any], reason: str) -> None:
    listing = lists(room.eva, quantity=5)
    room.gather()
    before = records(room.ben)
    with pytest.raises(Refused) as error:
        ordering.place(room.ben, Wish(listing=listing, **wish))
    assert error.value.reason == reason
    assert records(room.ben) == before


def test_listings_that_nobody_can_order(room: Room) -> None:
    own, wanted = lists(room.ben), lists(room.eva, mode="wanted")
    gone, dear = lists(room.eva), lists(room.eva, price=None)
    market.withdraw(room.eva, gone.hex())
    room.gather()
    for listing, reason in (
        (own, "oneself"),
        (wanted, "wanted"),
        (gone, "withdrawn"),
        (dear, "no-price"),
        (bytes(32), "no-listing"),
    ):
        with pytest.raises(Refused) as error:
            ordering.place(room.ben, Wish(listing=listing))
        assert error.value.reason == reason
    assert reading.orders(room.ben) == []


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("-1", "bad-price"),
        ("1.005", "ambiguous-price"),
        ("1.0051", "bad-price"),
        ("1 USD", "ambiguous-price"),
        ("9" * 30, "bad-price"),
        ("", ""),
    ],
)
def test_amounts_that_are_none(room: Room, typed: str, reason: str) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    does(room, room.eva, order, "accept")
    if not reason:
        assert wishes.fields(reading.get(room.ben, order), {"amount": typed}) == {}
        return
    with pytest.raises(Refused) as error:
        wishes.fields(reading.get(room.ben, order), {"amount": typed})
    assert error.value.reason == reason


def test_moves_that_arent_ones_own(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    refused(room.ben, "nothing-to-accept", order, "accept")
    refused(room.eva, "not-yours", order, "pay", amount=450)
    refused(room.eva, "not-yours", order, "pay")
    refused(room.ben, "not-now", order, "pay")
    refused(room.ben, "not-yours", order, "sent")
    refused(room.eva, "not-now", order, "sent")
    refused(room.ben, "this-deal", order, "received")
    with pytest.raises(Refused) as error:
        ordering.move(room.ana, order, "accept")
    assert error.value.reason == "no-order"


def test_amounts_beyond_what_is_open(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    does(room, room.eva, order, "accept")
    refused(room.ben, "owing", order, "pay", amount=451)
    refused(room.ben, "bad-amount", order, "pay", amount=-1)
    refused(room.ben, "bad-amount", order, "pay", amount=0)
    refused(room.eva, "nothing-open", order, "refund")


def test_a_seller_can_cancel_once_it_was_not_paid_in_time(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    does(room, room.eva, order, "accept")
    refused(room.eva, "too-early", order, "cancel")
    room.wait(8 * DAY)
    does(room, room.eva, order, "cancel")
    assert state(room.ben, order) == "cancelled"


# Stock


def test_stock_is_reserved_by_acceptance_and_freed_by_an_end(room: Room) -> None:
    jam = lists(room.eva, quantity=3)
    first = ordered(room, room.ben, jam, quantity=2)
    second = ordered(room, room.ana, jam, quantity=2)
    assert stock.left(room.eva, jam) == 3
    does(room, room.eva, first, "accept")
    assert (stock.left(room.eva, jam), stock.reserved(room.eva, jam)) == (1, 2)
    refused(room.eva, "out-of-stock", second, "accept")
    refused(room.eva, "out-of-stock", second, "offer", quantity=2, price=900)
    does(room, room.eva, second, "offer", quantity=1)  # keeps the last one for her
    assert stock.left(room.eva, jam) == 0
    does(room, room.ben, first, "cancel")
    assert stock.left(room.eva, jam) == 2
    does(room, room.ana, second, "accept")
    assert stock.left(room.eva, jam) == 2


def test_a_new_number_is_counted_from_when_it_was_said(room: Room) -> None:
    jam = lists(room.eva, quantity=3)
    order = ordered(room, room.ben, jam, quantity=2)
    does(room, room.eva, order, "accept")
    market.edit(room.eva, jam.hex(), {"title": "Plum jam, sweet"})
    assert stock.left(room.eva, jam) == 1
    market.edit(room.eva, jam.hex(), {"quantity": 10})
    assert stock.left(room.eva, jam) == 10


def test_each_variant_has_its_own_number(room: Room) -> None:
    variants = (Variant(name="small", quantity=1), Variant(name="large", quantity=4, price=700))
    jam = lists(room.eva, variants=variants)
    order = ordered(room, room.ben, jam, variant="Large", quantity=4)
    does(room, room.eva, order, "accept")
    assert reading.get(room.ben, order).life.owing == 2800
    assert (stock.left(room.eva, jam, "large"), stock.left(room.eva, jam, "small")) == (0, 1)


def test_two_devices_that_sell_the_last_jar_say_so(room: Room, tmp_path: Path) -> None:
    around = Surroundings("Eva")
    community, person = room.eva.store.community, room.eva.unlock().person
    laptop = homes.recover(tmp_path / "laptop", community, person, around, None, room.clock)
    room.homes.append(laptop)  # is closed with the others
    room.turn()
    room.turn()
    jam = lists(room.eva, quantity=1)
    first, second = ordered(room, room.ben, jam), ordered(room, room.ana, jam)
    ordering.move(room.eva, first, "accept")
    ordering.move(laptop, second, "accept")
    assert not reading.data(laptop, reading.get(laptop, second))["oversold"]
    news(room)
    for home in (room.eva, laptop):
        assert stock.left(home, jam) == 0
        for order in (first, second):
            assert reading.data(home, reading.get(home, order))["oversold"]
    does(room, room.ben, first, "cancel")
    assert not reading.data(laptop, reading.get(laptop, second))["oversold"]


# Killed anywhere


class Killed(BaseException):
    """The power is gone."""


def test_a_node_killed_at_any_write_goes_on_where_it_was(room: Room) -> None:
    """Each side's node is killed before and after each of its writes; nothing is done twice."""
    order = ordered(room, room.ben, lists(room.eva))
    for buyer, name in ((False, "accept"), (True, "pay"), (False, "sent"), (True, "received")):
        ordering.move(room.ben if buyer else room.eva, order, name)
        worked(room)
    does(room, room.eva, order, "refund", amount=100)
    ordering.move(room.ben, order, "took")
    worked(room)
    for home in room.homes:
        (entry,) = receipts.of_orders(home.store, [order])[order]
        assert (entry.reason, entry.refunded) == ("", 100)
    letters = [each.body.move.word for each in post.thread(room.ben, order) if each.kind == "order"]
    assert sorted(letters) == sorted(
        ["place", "accept", "pay", "sent", "received", "receipt", "refund", "took"]
    )


def worked(room: Room) -> None:
    """All meet; every clerk is killed at its first write, before it and after it, then goes on."""
    for after in (False, True):
        for home in room.homes:
            append = home.append

            def dying(drafts: Any, append: Any = append, after: bool = after) -> list[bytes]:
                if after:
                    append(drafts)
                raise Killed

            room.gather()
            home.append = dying  # type: ignore[method-assign]
            try:
                clerk.work(home)
            except Killed:
                pass
            finally:
                home.append = append  # type: ignore[method-assign]
    news(room)


def test_a_sellers_new_device_gets_the_order_from_the_buyer(room: Room, tmp_path: Path) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    ordering.say(room.ben, order, "Is it sweet?")
    news(room)
    ordering.say(room.eva, order, "Very.")
    completed(room, order, room.ben, room.eva)
    around = Surroundings("Eva")
    community, person = room.eva.store.community, room.eva.unlock().person
    laptop = homes.recover(tmp_path / "laptop", community, person, around, None, room.clock)
    room.homes.append(laptop)
    room.turn()
    room.turn()
    news(room)
    assert reading.orders(laptop) == []
    eva = room.eva.person
    post.share(room.ben, clerk.keys_for(room.ben, [eva])[eva], eva)
    news(room)
    assert state(laptop, order) == "completed"
    assert told(laptop, order) == ["Is it sweet?", "Very."]
    does(room, laptop, order, "refund", amount=50)
    does(room, room.ben, order, "took")
    (entry,) = receipts.of_orders(room.ana.store, [order])[order]
    assert entry.refunded == 50


def told(home: Home, order: bytes) -> list[str]:
    """The messages in the conversation of an order."""
    letters = reading.get(home, order).letters
    return sorted(each.body.text for each in letters if each.kind == "message")


def test_what_a_stranger_writes_about_an_order_is_no_part_of_it(room: Room) -> None:
    order = ordered(room, room.ben, lists(room.eva))
    for party in (room.ben, room.eva):
        post.write(room.ana, party.person, "Send it to me instead.", about=order)
        post.write(room.ana, party.person, "Or leave it with me.", about=order, guest=True)
    move = Decline(text="Gone.")
    letter = OrderLetter(order=order, after=reading.get(room.ben, order).life.heads, move=move)
    post.send(room.ana, [Outgoing("order", letter.body(), frozenset({room.ben.person}))])
    ordering.say(room.ben, order, "Is it sweet?")
    news(room)
    for party in (room.ben, room.eva):
        found = reading.get(party, order)
        assert told(party, order) == ["Is it sweet?"]
        assert room.ana.person not in {each.person for each in found.letters}
        post.mark_seen(party, found.letters)
        post.mark_read(party, order)
        (unread,) = [each.body.text for each in post.thread(party, room.ana.person, post.MESSAGES)]
        assert unread == "Send it to me instead."
        assert post.unread(party) == 1


# What others may try


def test_an_order_of_another_listings_version_is_never_accepted(room: Room) -> None:
    """Else a buyer could choose the category, and so the fee, of a sale."""
    jam, book = lists(room.eva), lists(room.eva, title="A book", category="books")
    room.gather()
    real = Context.ordered(Context(room.ben.store), said(room.ben, jam))
    assert real is not None
    assert real.title == "Plum jam"
    swapped = replace(said(room.ben, jam), version=book)
    assert Context(room.eva.store).ordered(swapped) is None
    foreign = replace(said(room.ben, jam), version=lists(room.ben), listing=jam)
    assert Context(room.ben.store).ordered(foreign) is None


def test_a_buyer_signs_no_other_category_than_the_listings(room: Room) -> None:
    """Else a seller could choose the fee of a sale."""
    order = ordered(room, room.ben, lists(room.eva))
    found = reading.get(room.eva, order)
    assert found.terms is not None
    at = found.life.place.at
    right = terms.statement(room.eva, Context(room.eva.store), found.life, found.terms, at)
    wrong = Accept(offer=found.life.start, at=at, statement=replace(right, category="books"))
    letter = OrderLetter(order=order, after=found.life.heads, move=wrong)
    post.send(room.eva, [Outgoing("order", letter.body(), frozenset({room.ben.person}))])
    news(room)
    assert state(room.ben, order) == "accepted"
    refused(room.ben, "wrong-statement", order, "pay")
    refused(room.ben, "wrong-statement", order, "received")
    does(room, room.eva, order, "offer", text="Sorry")
    does(room, room.ben, order, "accept")
    does(room, room.ben, order, "pay")
    assert state(room.eva, order) == "paid"


def test_an_order_in_no_currency_is_none(room: Room) -> None:
    """Else it would stand in the way of the list of all orders."""
    jam = lists(room.eva)
    fine = ordered(room, room.ben, jam)
    key = Signer(bytes(32))
    proof = prove(key, room.ben.store.community, room.ben.person, room.eva.person)
    odd = replace(reading.get(room.ben, fine).life.place, currency="XQQ", proof=proof)
    letter = OrderLetter(order=key.public, after=(), move=odd)
    post.send(room.ben, [Outgoing("order", letter.body(), frozenset({room.eva.person}))])
    news(room)
    assert [each.id for each in reading.orders(room.eva)] == [fine]


def said(buyer: Home, listing: bytes) -> Place:
    """The first letter of an order of this listing."""
    order = ordering.place(buyer, Wish(listing=listing))
    return reading.get(buyer, order).life.place


def on_consignment(room: Room, margin_bps: int | None = None) -> Offer:
    """Eva's listing of what Ana makes, of which she may sell three; the highest margin, if none."""
    goods = lists(room.ana)
    room.gather()
    grant = consigning.grant(
        room.ana,
        to=room.eva.person,
        listings=[goods.hex()],
        margin=(0, 2000),
        quota=3,
        until_ms=None,
    )
    room.gather()
    return consigning.sell(
        room.eva, grant.root.hex(), None, margin_bps=margin_bps, price=None, quantity=None
    )


def test_goods_on_consignment_are_accepted_by_who_knows_the_free_units(room: Room) -> None:
    """Ana made them, Eva sells them; two buyers accept what she offers, and get other units."""
    jar = on_consignment(room)
    orders = [ordered(room, room.ben, jar.id, quantity=1) for _ in range(2)]
    for order in orders:
        does(room, room.eva, order, "offer", price=400)
    for order in orders:
        ordering.move(room.ben, order, "accept")
        assert state(room.ben, order) == "ordered"
    news(room)
    units = set()
    for order in orders:
        deal = reading.get(room.ben, order).life.deal
        assert deal is not None
        assert deal.statement.seller == room.ana.person
        units.add(deal.statement.units)
    assert units == {(1, 1), (2, 1)}
