"""What somebody writes after a sale takes nothing from those who have a part in it."""

from __future__ import annotations

import pytest

from governance.receipts import PAST_QUOTA, SAME_UNITS, TWICE
from governance.waterfall import persons
from protocol.kinds.receipt import Statement
from protocol.kinds.review import sign
from protocol.records import TALK
from storage import debts, receipts, reviews
from storage.store import Store
from tests.storage.post import agree, new_store, send, told
from tests.storage.sales import order_key
from tests.storage.world import Device, World, village

ONE, TWO = order_key("one"), order_key("two")


@pytest.fixture
def world() -> World:
    return village("ben", "eva", "dan")


@pytest.fixture
def ben(world: World) -> Device:
    return world.of["ben1"]


@pytest.fixture
def eva(world: World) -> Device:
    return world.of["eva1"]


def everybody(world: World) -> list[Store]:
    """Two who heard everything in different ways, and one to whom they told it."""
    mia, zoe, leo = told(world), told(world, "zoe", without=[world.of["ben1"]]), new_store(world)
    agree([mia, zoe, leo])
    return [mia, zoe, leo]


def owed(store: Store, *sales: Statement) -> None:
    """The vendor owes every share of these sales, and nothing else."""
    wanted: dict[bytes | str, int] = {}
    for said in sales:
        for role, amount in said.shares.items():
            creditor = persons(said).get(role, role)
            if creditor != said.vendor and amount:
                wanted[creditor] = wanted.get(creditor, 0) + amount
    found = debts.valid_debts(store, sales[0].currency)
    assert {creditor: amount for _, creditor, amount in found} == wanted


@pytest.mark.parametrize("by", ["ben1", "ben2"])
def test_a_reseller_who_sells_a_unit_again_owes_both_sales(
    world: World, ben: Device, eva: Device, by: str
) -> None:
    """Else a receipt of a made-up order would wipe out what the reseller owes for a real one."""
    world.do_enrol(world.of["ben2"], 0, 0)
    grant = world.granted(eva, ben, 10)
    real = world.sale(ONE, ben, grant=grant, quantity=2)
    made_up = world.sale(TWO, ben, grant=grant, first=2, price=1)
    some = [world.sold(ben, ONE, real), world.sold(world.of[by], TWO, made_up)]

    for store in everybody(world):
        for each in some:
            entry = receipts.get(store, each.id)
            assert entry is not None
            assert entry.reason == SAME_UNITS and entry.counts
        owed(store, real, made_up)


def test_a_maker_who_lowers_the_quota_takes_no_share_from_others(
    world: World, ben: Device, eva: Device
) -> None:
    """Nor what the buyer said of it; a refund goes on taking its parts back."""
    grant = world.granted(eva, ben, 10)
    said = world.sale(ONE, ben, grant=grant, quantity=2)
    sold = world.sold(ben, ONE, said)
    dan = world.of["dan1"].person.public
    word = sign(ONE, world.community, dan, version=1, stars=1, text="Stale.", buyer=dan)
    world.write(world.of["dan1"], "review", word.body())
    world.granted(eva, ben, 0, root=grant)

    for store in everybody(world):
        (entry,) = receipts.entries(store)
        assert entry.reason == PAST_QUOTA
        owed(store, said)
        assert receipts.sold(store, [ONE.public])[ONE.public].record == sold.id
        send(store, world, world.of["dan1"].logs[TALK][0].records)
        assert [each.row.stars for each in reviews.of_person(store, ben.person.public)] == [1]

    world.refunded(ben, ONE, said, said.price)
    for store in everybody(world):
        (entry,) = receipts.entries(store)
        assert entry.refunded == said.price
        assert debts.valid_debts(store, said.currency) == []


def test_a_receipt_past_the_quota_counts_once(world: World, ben: Device, eva: Device) -> None:
    grant = world.granted(eva, ben, 1)
    beyond = world.sale(ONE, ben, grant=grant, first=2)
    first, again = world.sold(ben, ONE, beyond), world.sold(ben, ONE, beyond)
    twin = world.sale(TWO, ben, grant=grant, first=2)
    wrong = world.sold(ben, TWO, twin)
    within = world.sale(TWO, ben, grant=grant, first=1)
    right = world.sold(ben, TWO, within)

    for store in everybody(world):
        found = [receipts.get(store, each.id) for each in (first, again, wrong, right)]
        assert [each and each.reason for each in found] == [PAST_QUOTA, TWICE, TWICE, ""]
        owed(store, beyond, within)
