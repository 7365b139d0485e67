"""Receipts on everybody's nodes: right ones count, each false one is marked with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.effects.registry import effect_type
from governance.receipts import (
    NO_GRANT,
    NO_ORDER_KEY,
    NO_RECEIPT,
    NO_REFERRAL,
    NOT_VENDOR,
    PAST_QUOTA,
    SAME_UNITS,
    SELF_HOST,
    SELF_REFERRAL,
    SUPERSEDED,
    TWICE,
    UNKNOWN_CHARTER,
    WAITING,
    WRONG_SHARE,
)
from governance.waterfall import refund_terms
from protocol.kinds import receipt, refund
from protocol.kinds.receipt import Units
from protocol.records import MARKET, Record
from storage import debts, receipts
from storage.store import Store
from storage.views import grants, recommendations
from tests.storage.post import agree, new_store, send, told
from tests.storage.sales import GOODS, LISTING, order_key
from tests.storage.world import Device, World, h, village

ONE = order_key("one")
NAMES: Any = None  # no name stands in the effect


@pytest.fixture
def world() -> World:
    return village("ben", "eva", "dan")


@pytest.fixture
def ben(world: World) -> Device:
    return world.of["ben1"]


@pytest.fixture
def eva(world: World) -> Device:
    return world.of["eva1"]


@pytest.fixture
def dan(world: World) -> Device:
    return world.of["dan1"]


def reason(store: Store, record: Record) -> str:
    entry = receipts.get(store, record.id)
    assert entry is not None
    return entry.reason


def test_a_sale_with_a_host_and_a_referrer_counts_to_the_cent(
    world: World, ben: Device, eva: Device, dan: Device
) -> None:
    word = world.recommended(dan)
    said = world.sale(ONE, ben, price=1999, host=eva, referral=word)
    world.sold(ben, ONE, said)

    mia = told(world)

    (entry,) = receipts.entries(mia)
    assert (entry.reason, entry.author, entry.said) == ("", ben.person.public, said)
    assert sum(said.shares.values()) == 1999
    assert said.shares == {"referrer": 39, "host": 25, "community": 25, "hardship": 10} | {
        "seller": 1900
    }
    assert debts.valid_debts(mia, said.currency) == [
        (ben.person.public, who, amount)
        for who, amount in sorted([(dan.person.public, 39), (eva.person.public, 25)])
    ] + [(ben.person.public, "community", 25), (ben.person.public, "hardship", 10)]


def test_each_false_receipt_is_marked_with_its_reason(
    world: World, ben: Device, eva: Device, dan: Device
) -> None:
    word, other = world.recommended(dan), world.recommended(dan, listing=h("cake"))
    grant = world.granted(dan, ben, 3)
    plain = world.sale(ONE, ben)
    lent = world.sale(ONE, ben, grant=grant)
    old = world.charter()
    before = world.state
    _amend_fees(world)
    assert world.charter() != old
    now = (world.community, world.state.id)
    fresh = world.sale(ONE, ben)

    def key(*words: Any) -> bytes:
        return h("key", *words)

    false = {
        "fee": (replace(plain, fee=plain.fee + 1), WRONG_SHARE),
        "share": (_moved(plain, "seller", "community"), WRONG_SHARE),
        "added": (replace(plain, shares={**plain.shares, "friends": 0}), WRONG_SHARE),
        "price": (replace(plain, price=plain.price - 1), WRONG_SHARE),
        "no host": (_moved(plain, "community", "host"), WRONG_SHARE),
        "charter": (replace(plain, charter=key("charter")), UNKNOWN_CHARTER),
        "old one": (replace(plain, at=now), SUPERSEDED),
        "new one": (replace(fresh, at=(world.community, before.id)), SUPERSEDED),
        "unheard": (replace(plain, at=(world.community, key("certificate"))), WAITING),
        "of oneself": (
            replace(plain, referrer=ben.person.public, referral=word.id),
            SELF_REFERRAL,
        ),
        "of another": (replace(plain, referrer=eva.person.public, referral=word.id), NO_REFERRAL),
        "elsewhere": (replace(plain, referrer=dan.person.public, referral=other.id), NO_REFERRAL),
        "unsaid": (replace(plain, referrer=dan.person.public, referral=key("word")), WAITING),
        "own host": (replace(plain, host=ben.person.public), SELF_HOST),
        "nobody": (replace(plain, host=key("person")), WAITING),
        "dear": (world.sale(ONE, ben, grant=grant, margin_bps=3001), NO_GRANT),
        "other goods": (replace(lent, seller=eva.person.public), NO_GRANT),
        "no grant": (replace(lent, grant=key("grant")), WAITING),
        "too many": (replace(lent, units=Units(3, 2), quantity=2), PAST_QUOTA),
    }
    written = {
        name: world.sold(ben, order_key(name), replace(said, order=order_key(name).public))
        for name, (said, _) in false.items()
    }
    unsigned = world.sale(order_key("unsigned"), ben)
    written["unsigned"] = world.write(ben, "receipt", receipt.body(unsigned.data(), None))
    keyless = world.sale(order_key("keyless"), ben)
    written["keyless"] = world.sold(ben, order_key("keyless"), keyless, signer=order_key("own"))
    copied = world.sale(order_key("copied"), ben)
    written["copied"] = world.sold(eva, order_key("copied"), copied)
    right = world.sold(ben, ONE, fresh)

    expected = {name: reason for name, (_, reason) in false.items()}
    expected |= {"unsigned": NO_ORDER_KEY, "keyless": NO_ORDER_KEY, "copied": NOT_VENDOR}
    for store in _everybody(world):
        assert {name: reason(store, record) for name, record in written.items()} == expected
        assert reason(store, right) == ""
        owed = sum(amount for _, _, amount in debts.valid_debts(store, fresh.currency))
        assert owed == fresh.fee + lent.fee + lent.shares["seller"]  # one too many is owed, too


def test_of_two_receipts_for_one_order_the_first_in_its_log_stands(
    world: World, ben: Device, eva: Device
) -> None:
    early = world.sold(ben, ONE, world.sale(ONE, ben, price=2000))
    late = world.sold(ben, ONE, world.sale(ONE, ben, price=10))
    other = world.sold(eva, ONE, world.sale(ONE, eva, price=30))

    for store in _everybody(world):
        assert [reason(store, each) for each in (early, late, other)] == ["", TWICE, ""]


def test_a_wrong_receipt_can_be_made_good_by_another(world: World, ben: Device) -> None:
    said = world.sale(ONE, ben)
    wrong = world.sold(ben, ONE, replace(said, fee=0))
    good = world.sold(ben, ONE, said)

    mia = told(world)

    assert [reason(mia, wrong), reason(mia, good)] == [WRONG_SHARE, ""]
    assert receipts.sold(mia, [ONE.public])[ONE.public].record == good.id


def test_units_that_are_sold_twice_are_marked_in_both_receipts(
    world: World, ben: Device, eva: Device
) -> None:
    grant = world.granted(eva, ben, 10)
    sales = [
        world.sold(ben, key, world.sale(key, ben, grant=grant, first=first, quantity=count))
        for key, first, count in (
            (order_key(1), 1, 6),
            (order_key(2), 2, 1),
            (order_key(3), 6, 1),
            (order_key(4), 7, 2),
        )
    ]

    for store in _everybody(world):
        assert [reason(store, each) for each in sales] == [SAME_UNITS] * 3 + [""]


def test_a_maker_ends_a_grant_by_a_lower_quota_and_what_was_sold_stands(
    world: World, ben: Device, eva: Device
) -> None:
    grant = world.granted(eva, ben, 10, listings=(GOODS,))
    sold = world.sold(ben, ONE, world.sale(ONE, ben, grant=grant, first=1, quantity=2))
    ended = world.granted(eva, ben, 2, root=grant, withdrawn=True)
    two, three = order_key(2), order_key(3)
    late = world.sold(ben, two, world.sale(two, ben, grant=grant, first=3))
    on_it = world.sold(ben, three, world.sale(three, ben, grant=ended, first=2))
    world.granted(ben, ben, 99, root=grant)  # not the maker's: it changes nothing

    mia = told(world)

    assert [reason(mia, each) for each in (sold, late, on_it)] == ["", PAST_QUOTA, NO_GRANT]
    stands = grants.standing(mia, grant.id)
    assert stands is not None and (stands.record, stands.said.quota) == (ended.id, 2)


def test_what_a_receipt_names_may_come_after_it(
    world: World, ben: Device, eva: Device, dan: Device
) -> None:
    grant, word = world.granted(eva, ben, 5), world.recommended(dan)
    said = world.sale(ONE, ben, grant=grant, referral=word)
    sold = world.sold(ben, ONE, said)
    mia = told(world, without=[eva, dan])
    assert reason(mia, sold) == WAITING

    for device in (eva, dan):
        send(mia, world, device.logs[MARKET][0].records)
        assert reason(mia, sold) == (WAITING if device is eva else "")

    assert said.shares["reseller"] == (said.price - said.fee) * 2000 // 10_000
    assert (ben.person.public, eva.person.public, said.shares["seller"]) in debts.valid_debts(
        mia, said.currency
    )


def test_refunds_take_their_parts_back_until_nothing_is_left(
    world: World, ben: Device, eva: Device, dan: Device
) -> None:
    said = world.sale(ONE, ben, price=1999, host=eva, referral=world.recommended(dan))
    world.sold(ben, ONE, said)
    world.refunded(ben, ONE, said, 500)
    world.refunded(ben, ONE, said, 500, 1499)

    mia = told(world)

    (entry,) = receipts.entries(mia)
    assert [each.reason for each in entry.refunds] == ["", ""]
    assert entry.refunded == 1999 and set(entry.remaining.values()) == {0}
    assert debts.valid_debts(mia, said.currency) == []
    assert receipts.sales(mia) == []
    shares = debts.of_party(mia, "community")
    assert sorted(share.kind for share in shares) == ["receipt", "refund", "refund"]
    assert sum(each.amount if each.kind == "receipt" else -each.amount for each in shares) == 0


def test_false_refunds_are_marked_and_take_nothing_back(
    world: World, ben: Device, eva: Device
) -> None:
    said = world.sale(ONE, ben, price=1000)
    world.sold(ben, ONE, said)
    first = world.refunded(ben, ONE, said, 100)
    again = world.refunded(ben, ONE, said, 300)
    early = world.refunded(ben, ONE, said, 100, 200, 300)
    keyless = world.refunded(ben, order_key("own"), said, 100, 50)
    copied = world.refunded(eva, ONE, said, 100, 60)
    terms = refund_terms(world.charter(), said, [100, 60])
    terms["parts"] = {**terms["parts"], "seller": 60, "community": 0}  # type: ignore[dict-item]
    by_order = refund.sign(ONE, world.community, terms)
    unfair = world.write(ben, "refund", refund.body(terms, by_order))
    nothing = order_key("nothing")
    lost = world.refunded(ben, nothing, world.sale(nothing, ben), 100)

    for store in _everybody(world):
        (entry,) = receipts.of_orders(store, [ONE.public])[ONE.public]
        assert {each.record: each.reason for each in entry.refunds} == {
            first.id: "",
            again.id: TWICE,
            early.id: WAITING,
            keyless.id: NO_ORDER_KEY,
            copied.id: NOT_VENDOR,
            unfair.id: WRONG_SHARE,
        }
        assert entry.refunded == 100
        assert receipts.of_orders(store, [nothing.public]) == {}
        assert lost.id not in {each.record for each in entry.refunds}


def test_a_marked_receipt_has_no_refunds_that_count(world: World, ben: Device) -> None:
    said = world.sale(ONE, ben)
    world.sold(ben, ONE, replace(said, fee=0))
    world.refunded(ben, ONE, said, 100)

    (entry,) = receipts.entries(told(world))

    assert [each.reason for each in entry.refunds] == [NO_RECEIPT]
    assert entry.refunded == 0


def test_receipts_of_a_member_who_left_stand(world: World, ben: Device) -> None:
    sold = world.sold(ben, ONE, world.sale(ONE, ben))
    for number in range(64):  # until the heads named are those of all logs
        if any(head[1] == MARKET and head[2] == sold.header.seq for head in ben.heads(number)):
            world.do_leave(ben, number, 0)
            break

    mia = told(world)

    assert reason(mia, sold) == ""
    assert debts.valid_debts(mia, "EUR")


def test_a_recommendation_stands_until_it_is_withdrawn_and_sales_stay(
    world: World, ben: Device, dan: Device
) -> None:
    word = world.recommended(dan)
    of_ben = world.recommended(dan, person=ben.person.public)
    sold = world.sold(ben, ONE, world.sale(ONE, ben, referral=of_ben))
    two = order_key(2)
    backed = world.recommended(dan, version=2, withdrawn=True)
    late = world.sold(ben, two, world.sale(two, ben, referral=word))
    on_it = replace(world.sale(ONE, ben, referral=backed), order=order_key(3).public)
    wrong = world.sold(ben, order_key(3), on_it)

    mia = told(world)

    assert recommendations.about(mia, [LISTING]) == []
    assert [each.record for each in recommendations.of_person(mia, dan.person.public)] == [
        of_ben.id
    ]
    # No node knows whether the sale or the withdrawal came first, so it stands.
    assert [reason(mia, each) for each in (sold, late, wrong)] == ["", "", NO_REFERRAL]


def _moved(said: Any, giver: str, taker: str) -> Any:
    """A statement in which one share lost a unit to another."""
    shares = dict(said.shares)
    shares[giver] -= 1
    shares[taker] = shares.get(taker, 0) + 1
    return replace(said, shares=shares)


def _amend_fees(world: World) -> None:
    """A vote changes the fees."""
    ana = world.of["ana1"]
    given = {"type": "set_fees", "default": {"fee_bps": 900}}
    vote = world.poll(ana, "fees", effect_type(given).prepare(given, world.state, NAMES))
    open_ = vote.rounds[0].open
    for name in ("ana1", "ben1", "eva1", "dan1"):
        world.vote(world.of[name], open_, "yes")
    world.receipt(open_)
    world.close(open_)
    world.do_carry_out(ana, 0, 0)


def _everybody(world: World) -> list[Store]:
    """Two who heard everything in different ways, and one to whom they told it."""
    mia, zoe, leo = told(world), told(world, "zoe", without=[world.of["ben1"]]), new_store(world)
    agree([mia, zoe, leo])
    return [mia, zoe, leo]
