"""Settling up and credits between homes: sales, refunds, a far-off payer, two devices at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.settling import Transfer
from node import home as homes
from node.home import Home
from node.recovery import Surroundings
from node.trade import credit, paying, settling, statement
from protocol.errors import Refused
from protocol.kinds.payment import CREDIT
from storage.digest import digest
from storage.own import Draft
from tests.cli.council import Council, kitchen_table
from tests.node.room import Room, meet, opened
from tests.node.selling import give_back, order_key, sell


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("purse"))
    table = kitchen_table(credit={"limit": 1000, "warn": 400})
    table["fees"]["default"]["fee_bps"] = 1000
    council.found(table)
    return council


@pytest.fixture
def room(founded: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(founded.copy(tmp_path)) as found:
        yield found


def further(room: Room, person: Home, folder: Path) -> Home:
    """Another device of a person's, certified."""
    made = homes.recover(
        folder, person.store.community, person.unlock().person, Surroundings(), None, room.clock
    )
    room.homes.append(made)
    room.turn()
    return made


def test_shares_of_sales_are_owed_netted_and_settled(room: Room) -> None:
    # A tenth is the fee: of 10.00 the host gets 0.25, the hardship fund 0.10, the community 0.65.
    sell(room.ben, 1, 1000, host=room.ana)
    sell(room.ana, 2, 3000, host=room.eva)
    room.gather()

    found = settling.settlement(room.eva, "EUR")

    ana, ben, eva = (home.person for home in (room.ana, room.ben, room.eva))
    assert found.positions == {
        ben: -100,
        ana: 25 - 300,
        eva: 75,
        "hardship": 40,
        "community": 260,
    }
    assert sum(each.amount for each in found.of(ana)) == 275
    assert [home for home in room.homes if settling.settlement(home, "EUR") != found] == []

    paid = settling.pay(room.ana, eva, 75, "EUR")
    room.gather()
    assert settling.settlement(room.ben, "EUR").positions == found.positions
    paying.confirm(room.eva, paid.hex())
    room.gather()
    after = settling.settlement(room.ben, "EUR")
    assert after.positions == {ben: -100, ana: -200, "hardship": 40, "community": 260}
    assert all(isinstance(each, Transfer) for each in after.transfers)


def test_a_refund_takes_its_part_of_every_share_back(room: Room) -> None:
    said = sell(room.ben, 1, 1000, host=room.ana)
    room.wait(60)
    paid = settling.pay(room.ben, room.ana.person, 25, "EUR")
    room.gather()
    paying.confirm(room.ana, paid.hex())
    room.wait(60)

    give_back(room.ben, 1, said, 400)
    room.gather()

    found = settling.settlement(room.eva, "EUR")
    assert found.positions == {
        room.ben.person: -35,
        room.ana.person: -10,  # she had got it all
        "hardship": 6,
        "community": 39,
    }
    made = statement.statement(room.ana, room.ana.person, "EUR")
    assert [(line.what, line.amount) for line in made.lines] == [
        ("share", 25),
        ("payment", -25),
        ("refund", -10),
    ]
    assert made.after == found.positions[room.ana.person]


def test_every_statement_ends_at_its_partys_position(room: Room) -> None:
    said = sell(room.ben, 1, 1234, host=room.ana)
    sell(room.ana, 2, 777, currency=CREDIT, host=room.eva)
    give_back(room.ben, 1, said, 99)
    give_back(room.ben, 1, said, 99, 1)
    room.gather()
    for payer, payee in ((room.ben, room.ana), (room.ana, room.eva)):
        for record in (
            settling.pay(payer, payee.person, 7, "EUR"),
            credit.pay(payer, payee.person, 5),
        ):
            room.gather()
            paying.confirm(payee, record.hex())
    room.gather()

    found = settling.settlement(room.eva, "EUR").positions
    book = credit.ledger(room.eva)
    for home in room.homes:
        for party in (room.ana.person, room.ben.person, room.eva.person, "community", "hardship"):
            assert statement.statement(home, party, "EUR").after == found.get(party, 0)
            assert statement.statement(home, party, CREDIT).after == book.of(party)
        assert credit.ledger(home) == book
    assert book.sum == 0


def test_a_sale_in_credits_books_its_shares_at_once(room: Room) -> None:
    sell(room.ben, 1, 1000, currency=CREDIT, host=room.ana)
    room.gather()

    book = credit.ledger(room.eva)

    assert {party: each.amount for party, each in book.balances.items()} == {
        room.ben.person: -100,
        room.ana.person: 25,
        "hardship": 10,
        "community": 65,
    }
    assert settling.settlement(room.eva, CREDIT).transfers == []


def test_a_payment_for_an_order_settles_nothing_and_is_taken_by_its_seller_alone(
    room: Room,
) -> None:
    order = order_key(1).public
    credit.pay(room.ben, room.ana.person, 500, order=order)
    room.gather()

    assert credit.take_drafts(room.eva, order, room.ben.person) == []
    assert credit.take_drafts(room.ana, order, room.eva.person) == []
    room.ana.append(credit.take_drafts(room.ana, order, room.ben.person))
    room.gather()

    assert credit.take_drafts(room.ana, order, room.ben.person) == []
    assert [each.in_effect for each in credit.of_order(room.eva, order)] == [True]
    assert credit.ledger(room.eva).of(room.ana.person) == 500


def test_two_devices_that_pay_at_once_overdraw_and_everybody_sees_it(
    room: Room, tmp_path: Path
) -> None:
    phone = further(room, room.ben, tmp_path / "phone")
    here = credit.pay(room.ben, room.ana.person, 800)
    there = credit.pay(phone, room.eva.person, 700)  # neither device has heard of the other's
    meet(room.ben, room.ana)
    meet(phone, room.eva)
    paying.confirm(room.ana, here.hex())
    paying.confirm(room.eva, there.hex())
    room.gather()

    assert len({digest(home.store) for home in room.homes}) == 1
    for home in room.homes:
        book = credit.ledger(home)
        assert {party: each.over for party, each in book.overdrawn.items()} == {
            room.ben.person: 500
        }
        assert book.sum == 0
    with pytest.raises(Refused) as refused:
        credit.pay(phone, room.eva.person, 1)
    assert refused.value.reason == "over-limit"


def test_nobody_takes_from_a_payer_whose_credit_is_used_up(room: Room, tmp_path: Path) -> None:
    phone = further(room, room.ben, tmp_path / "phone")
    here = credit.pay(room.ben, room.ana.person, 800)
    there = credit.pay(phone, room.eva.person, 700)
    meet(room.ben, room.ana)
    paying.confirm(room.ana, here.hex())
    room.gather()

    with pytest.raises(Refused) as refused:
        paying.confirm(room.eva, there.hex())

    assert refused.value.reason == "over-limit"
    assert credit.ledger(room.eva).overdrawn == {}
    back = credit.pay(room.ana, room.ben.person, 500)
    room.gather()
    paying.confirm(room.ben, back.hex())
    room.gather()
    paying.confirm(room.eva, there.hex())  # it can be taken once they have earned more
    assert credit.ledger(room.eva).of(room.ben.person) == -1000


def test_a_copied_home_spends_twice_and_both_payments_stand(room: Room, tmp_path: Path) -> None:
    """One device key in two places forks its log: neither branch is in view any more, yet both
    payees keep what they took, and the overdraft shows.
    """
    room.ben.close()
    copy = tmp_path / "copy"
    shutil.copytree(room.ben.path, copy)
    room.homes.remove(room.ben)
    room.ben, other = homes.open_home(room.ben.path, room.clock), homes.open_home(copy, room.clock)
    room.homes.append(room.ben)
    here = credit.pay(room.ben, room.ana.person, 800)
    there = credit.pay(other, room.eva.person, 700)
    meet(room.ben, room.ana)
    meet(other, room.eva)
    other.close()
    paying.confirm(room.ana, here.hex())
    paying.confirm(room.eva, there.hex())

    meet(room.ana, room.eva)
    meet(room.ben, room.ana)

    for home in (room.ana, room.eva, room.ben):
        book = credit.ledger(home)
        assert (book.of(room.ana.person), book.of(room.eva.person)) == (800, 700)
        assert book.overdrawn[room.ben.person].over == 500
        assert book.sum == 0


def test_a_false_answer_moves_nothing(room: Room) -> None:
    """An answer to somebody else's payment, and one whose copy of the payment is made up."""
    paid = credit.pay(room.ben, room.ana.person, 300)
    room.gather()
    mine = paying.find(room.ana, paid.hex())
    genuine = paying.answer(room.ana, mine)
    room.eva.append([genuine])
    header, signature, salt, body = genuine.body["record"]  # type: ignore[misc]
    forged = bytes([signature[0] ^ 1]) + signature[1:]  # type: ignore[index,operator]
    room.ana.append(
        [Draft("got", {"payment": paid, "record": [header, forged, salt, body]})]  # type: ignore[list-item]
    )
    room.gather()

    for home in room.homes:
        assert credit.ledger(home).balances == {}
        assert [each.waits for each in paying.payments(home)] == [True]


def test_each_of_several_payments_written_at_once_can_be_shown_by_itself(room: Room) -> None:
    drafts = [paying.draft(room.ben, room.ana.person, 100 + n, "EUR") for n in range(3)]
    made = room.ben.append(drafts)
    room.gather()

    for record in made:
        paying.confirm(room.ana, record.hex())
    room.gather()

    assert [each.in_effect for each in paying.payments(room.eva)] == [True] * 3
