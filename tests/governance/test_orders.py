"""The life of an order, told: what each rule is for."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from unittest.mock import patch

import pytest

from governance.orders import rights as clock
from governance.orders.life import Said, follow
from governance.orders.past import MOST_LETTERS
from governance.orders.rights import rights
from governance.orders.view import View
from protocol.letters import moves as m
from protocol.letters.order import MOST_AFTER
from tests.governance.order_scenes import SCENES, Scene, scene
from tests.governance.trading import DAY, Device, Order, Town, person
from tests.protocol.people import h

NOW = 1_000 * DAY


# --- the usual way


def test_an_order_goes_from_question_to_receipt() -> None:
    story = (
        ("enquiry", "enquiry"),
        ("quote", "enquiry"),
        ("accept quote", "accepted"),
        ("pay some", "accepted"),
        ("pay", "paid"),
        ("confirm", "paid"),
        ("sent", "sent"),
        ("receive", "received"),
        ("receipt", "completed"),
    )
    found = scene()
    for word, state in story:
        found.play(word)
        assert (found.ana.life.state, found.ben.life.state) == (state, state), word
    assert found.life.void == {}
    assert found.life.deal is not None and found.life.deal.terms.total == 1100


def test_the_seller_s_offer_says_where_to_pay_when_the_buyer_accepts_it() -> None:
    found = scene("place")
    pay = m.PayTo(iban="DE02120300000000202051", name="Ben")
    found.ben.offer(900, pay=pay)
    found.meet()
    found.play("accept quote")
    assert found.life.deal is not None and found.life.deal.pay == pay


def test_letters_say_the_same_in_whatever_order_they_come() -> None:
    found = scene("place", "accept", "pay", "sent")
    letters = list(found.ana)
    assert len(letters) == 4
    for mixed in permutations([*letters, letters[1]]):
        assert follow(mixed, found.town) == found.life


def test_a_letter_waits_for_what_its_author_had() -> None:
    found = scene("place", "accept", "pay")
    place, accept, pay = found.ana
    dan = Device(found.order, "ana", 2)
    dan.hear(place, pay)
    assert dan.life.state == "ordered"
    assert dan.life.waiting == {pay.id} and dan.life.missing == {accept.id}
    assert dan.life.heads == (place.id,)
    dan.hear(accept)
    assert dan.life.state == "paid" and not dan.life.waiting


def test_a_letter_waits_for_the_certificate_that_it_names() -> None:
    found = scene("place")
    at = found.town.at(30)
    found.town.certificates[at] = 30
    accept = found.ben.accept(at=30)
    found.ana.hear(accept)
    del found.town.certificates[at]
    assert found.ana.life.state == "ordered" and found.ana.life.missing == {at}
    found.town.certificates[at] = 30
    assert found.ana.life.state == "accepted"


# --- charter


def test_a_superseded_charter_is_refused() -> None:
    found = scene("place")  # Ana acknowledges certificate 1; the charter changed with 5
    old = found.ben.accepting(at=1)
    new = found.ben.accepting(at=7)
    assert old.statement.charter != new.statement.charter
    stale = replace(new, statement=replace(new.statement, charter=old.statement.charter))

    assert found.ben.life.refusal(found.ben.person, stale) == "superseded-charter"
    assert found.ben.life.refusal(found.ben.person, new) == ""
    # Who had not heard of the new charter, and whose customer hadn't either, keeps the old one.
    assert found.ben.life.refusal(found.ben.person, old) == ""


def test_the_newer_of_the_two_acknowledged_charters_holds() -> None:
    found = scene()
    found.ana.place(1000, at=found.town.at(9))
    found.meet()
    accept = found.ben.accepting(at=2)
    assert accept.statement.at == (found.town.at(2), found.town.at(9))
    assert accept.statement.charter == found.town.in_force(9)
    found.ben.say(accept)
    found.meet()
    assert found.life.deal is not None


@pytest.mark.parametrize("wrong", ["price", "fee", "vendor", "quantity", "currency"])
def test_a_statement_that_says_something_else_is_refused(wrong: str) -> None:
    found = scene("place")
    accept = found.ben.accepting()
    value = {"vendor": person("dan"), "currency": "USD"}.get(wrong)
    changed = getattr(accept.statement, wrong) if value else getattr(accept.statement, wrong) + 1
    statement = replace(accept.statement, **{wrong: value or changed})
    reason = found.ben.life.refusal(found.ben.person, replace(accept, statement=statement))
    assert reason == ("wrong-share" if wrong == "fee" else "wrong-terms")


# --- who may begin


def test_only_the_order_s_key_can_begin_an_order() -> None:
    order = Order(Town(5))
    ana = Device(order, "ana")
    ana.place(proof=bytes(64))
    assert ana.maybe is None


def test_nobody_orders_of_themselves() -> None:
    order = Order(Town(5), buyer="ana", seller="ana")
    ana = Device(order, "ana")
    ana.place()
    assert ana.maybe is None


def test_a_stranger_can_t_make_anybody_wait() -> None:
    found = scene("place", "accept")
    eve = Device(found.order, "eve")
    eve.hear(found.ana)
    found.ana.hear(eve.raw(m.Evidence(text="Me too!"), found.ana.life.heads))
    assert set(found.ana.life.void.values()) == {"stranger"}
    assert found.ana.say(m.Pay(amount=1, how="cash")).letter.after == found.ben.life.heads


# --- guests


def test_a_guest_speaks_through_the_host() -> None:
    order = Order(Town(5), buyer="gus", seller="ben", host="gus")
    gus, ben = Device(order, "gus"), Device(order, "ben")
    gus.place(guest=True)
    ben.hear(gus)
    ben.accept()
    gus.hear(ben)
    assert gus.life.guest and gus.life.deal is not None
    assert gus.life.deal.statement.host == person("gus")  # who buys is no host, but a guest's is
    assert gus.life.side_of(gus.person) is None
    assert gus.life.side_of(gus.person, guest=True) == "buyer"
    assert gus.life.refusal(gus.person, m.Cancel()) == "not-yours"
    gus.say(m.Cancel(), guest=True)
    assert gus.life.state == "cancelled"


def test_a_guest_of_the_seller_s_own_window_and_the_seller_are_two_sides() -> None:
    order = Order(Town(5), buyer="ben", seller="ben")
    ben = Device(order, "ben")
    ben.place(guest=True)
    assert ben.life.may(ben.person, "decline") and not ben.life.may(ben.person, "cancel")
    assert ben.life.may(ben.person, "cancel", guest=True)
    ben.accept()
    ben.say(m.Pay(amount=1000, how="cash"), guest=True)
    assert ben.life.state == "paid"
    assert ben.life.refusal(ben.person, m.Confirm(amount=1000)) == ""
    assert ben.life.refusal(ben.person, m.Confirm(amount=1000), guest=True) == "not-yours"


# --- crossing


def cross(found: Scene, one: Said, other: Said) -> None:
    """Both letters reach everybody."""
    assert one.id not in found.ben.held or other.id not in found.ana.held
    found.meet()
    assert found.ana.life == found.ben.life == found.eva.life


def test_an_order_that_was_cancelled_is_not_accepted() -> None:
    found = scene("place")
    cross(found, found.ana.say(m.Cancel()), found.ben.accept())
    assert found.life.state == "cancelled" and found.life.owing == 0


def test_money_that_crossed_the_end_is_owed_back() -> None:
    found = scene("place", "accept")
    cross(found, found.ana.pay(), found.ben.say(m.Cancel()))
    assert (found.life.state, found.life.owed_back) == ("cancelled", 1090)
    found.play("refund")
    assert (found.life.state, found.life.owed_back) == ("cancelled", 0)


def test_goods_that_crossed_the_end_can_be_argued_about() -> None:
    found = scene("place", "accept")
    cross(found, found.ana.say(m.Cancel()), found.ben.say(m.Sent()))
    assert found.life.state == "cancelled" and found.life.owing == 0
    assert found.life.may(found.ben.person, "dispute")
    found.ben.say(m.Dispute(text="You have my goods."))
    found.meet()
    found.play("propose", "agree")  # 300 less than agreed
    assert (found.life.state, found.life.owing) == ("settled", 790)


def test_nobody_ends_in_a_second_place_what_they_have_bound_themselves_to() -> None:
    found = scene("place", "accept")
    phone = Device(found.order, "ana", 2)
    phone.hear(found.ana)
    found.ana.pay()
    cancel = phone.say(m.Cancel())
    found.ana.hear(cancel)
    found.meet()
    assert found.life.state == "paid" and found.life.void == {cancel.id: "crossed"}


def test_who_placed_two_orders_under_one_key_can_t_choose_between_them_later() -> None:
    for price in range(8):  # whichever id is lower
        found = scene("place", "accept")
        other = Device(found.order, "ana", 2).place(price)
        found.ana.hear(other)
        assert found.life.deal is not None and found.life.place.price == 1000
        assert found.life.void == {other.id: "another-place"}


def test_who_accepted_two_offers_can_t_choose_between_them_later() -> None:
    for price in range(8):
        found = scene()
        found.ana.place(1000)
        found.ben.hear(found.ana)
        shop = Device(found.order, "ben", 2)
        shop.hear(found.ana)
        dear = shop.accepting()
        found.ana.offer(900 + price)
        found.ben.hear(found.ana)
        found.ben.accept()
        found.meet()
        found.play("pay")
        assert found.life.money == 900 + price
        found.ana.hear(shop.raw(dear, (found.life.start,)))  # "I never saw your second offer."
        assert found.life.deal is not None and found.life.deal.terms.price == 900 + price


def test_what_was_received_is_fixed_against_what_the_seller_adds() -> None:
    found = scene("place", "accept", "pay", "sent", "change")
    cross(found, found.ana.receive(), found.ben.accept())
    assert found.life.state == "received"
    assert found.life.deal is not None and found.life.deal.terms.price == 1000


def test_a_settlement_stands_before_a_verdict() -> None:
    found = scene(*SCENES["disputed, with proposals"])
    verdict = found.ana.say(m.Verdict(proposal=h("vote")))
    cross(found, verdict, found.ben.say(m.Agree(proposal=found.life.dispute.proposals[1].id)))  # type: ignore[union-attr]
    assert found.life.dispute is not None
    assert (found.life.dispute.outcome, found.life.dispute.refund) == ("agreed", 500)


def test_of_two_settlements_that_cross_the_buyer_s_stands() -> None:
    found = scene(*SCENES["disputed, with proposals"])
    assert found.life.dispute is not None
    by_ben, by_ana = found.life.dispute.proposals
    cross(
        found,
        found.ana.say(m.Agree(proposal=by_ben.id)),
        found.ben.say(m.Agree(proposal=by_ana.id)),
    )
    assert found.life.dispute is not None and found.life.dispute.settlement == by_ben.id


def test_who_waits_no_longer_takes_nothing_from_the_other() -> None:
    found = scene("place", "accept", "pay", "sent")
    cross(found, found.ana.receive(), found.ben.say(m.Close()))
    assert found.life.state == "received"
    for word in ("receive", "dispute"):
        assert scene("place", "accept", "pay", "sent", "close", word).life.state in (
            "received",
            "disputed",
        )


# --- money


def test_a_waterfall_gives_back_off_the_price_first() -> None:
    found = scene("place", "accept", "pay", "sent", "receive", "receipt")
    whole = found.life.waterfall()
    assert sum(whole.values()) == 1090 and whole["delivery"] == 90
    found.ben.refund(1040)
    found.meet()
    falls = found.life.waterfall()
    assert falls == {**dict.fromkeys(whole, 0), "delivery": 50, "refunded": 1040}
    (refund,) = found.life.refunds
    assert (refund.of_price, refund.number) == (1000, 1)


def test_what_was_paid_twice_goes_back_without_a_counter_receipt() -> None:
    found = scene("place", "accept")
    phone = Device(found.order, "ana", 2)
    phone.hear(found.ana)
    found.ana.hear(phone.pay(), found.ana.pay())
    assert found.life.owed_back == 1090
    found.meet()
    found.ben.refund(1190)
    found.meet()
    assert [(each.amount, each.of_price) for each in found.life.refunds] == [(1190, 100)]
    assert (found.life.state, found.life.owing, found.life.owed_back) == ("paid", 0, 0)


def test_a_dispute_about_what_was_not_paid_says_what_is_still_to_pay() -> None:
    found = scene(*SCENES["settled on account"])
    assert (found.life.state, found.life.owing, found.life.reduced) == ("settled", 790, 300)


# --- limits


def long_one(number: int) -> tuple[Order, list[Said]]:
    """An order about which one device has written that many letters."""
    order = Order(Town(5))
    ana = Device(order, "ana")
    ana.place()
    for price in range(number - 1):
        ana.raw(m.Offer(quantity=1, price=price, at=order.town.at(1)))
    return order, list(ana)


def test_a_device_is_heard_a_hundred_times_about_an_order() -> None:
    order, letters = long_one(MOST_LETTERS + 5)
    life = follow(letters, order.town)
    assert life is not None
    assert life.void == {said.id: "too-many" for said in letters[MOST_LETTERS:]}
    assert life.heads == (letters[MOST_LETTERS - 1].id,)


def test_many_devices_at_once_are_named_in_part() -> None:
    found = scene("place")
    for number in range(2, MOST_AFTER + 9):
        other = Device(found.order, "ana", number)
        other.hear(found.ben)
        found.ana.hear(other.raw(m.Evidence(text="Hm."), [found.life.start]))
    assert len(found.life.heads) == MOST_AFTER
    found.ana.say(m.Evidence(text="Well."))
    assert len(found.life.heads) == 9 - 2 + 1


def test_two_thousand_letters_are_read_letter_by_letter() -> None:
    order, letters = long_one(2_000)
    devices = [Device(order, "ana", number) for number in range(2, 22)]
    for device in devices:
        for price in range(MOST_LETTERS):
            device.raw(m.Offer(quantity=1, price=price, at=order.town.at(1)), [letters[0].id])
    for many in (letters, [letters[0], *(said for device in devices for said in device)]):
        with patch.object(View, "read", autospec=True, side_effect=View.read) as read:
            life = follow(many, order.town)
        # Everybody added to what they had; only what all came to together is read at once.
        assert life is not None and read.call_count <= 2


# --- rights


def test_a_deadline_is_a_right_by_one_s_own_clock() -> None:
    found = scene("place", "accept")
    deal = found.life.deal
    assert deal is not None
    pay_s = found.life.charter.orders.pay_s
    seen = {said.id: NOW for said in found.ben}

    early = rights(found.ben.life, found.ben.person, seen, NOW + pay_s - 1)
    late = rights(found.ben.life, found.ben.person, seen, NOW + pay_s)
    assert "cancel" not in early.now(NOW + pay_s - 1) and "cancel" in late.now(NOW + pay_s)
    assert dict(early.moves)["cancel"] == NOW + pay_s
    assert (early.waits_for, early.what, early.due_s) == ((found.ana.person,), "pay", NOW + pay_s)
    # Ben's clock is nobody else's: had he the letters today, he would wait from today.
    assert dict(rights(found.ben.life, found.ben.person, {}, NOW).moves)["cancel"] == NOW + pay_s


def test_a_dispute_goes_step_by_step() -> None:
    found = scene(*SCENES["disputed"])
    seen = {said.id: NOW for said in found.ana}
    disputes = found.life.charter.disputes
    talk, mediator = NOW + disputes.talk_s, disputes.mediator_s

    def step(now: int) -> tuple[str, tuple[bytes, ...]]:
        known = rights(found.life, found.ana.person, seen, now)
        return known.step, known.waits_for

    both = (found.ana.person, found.ben.person)
    assert step(NOW) == ("talk", both)
    assert step(talk) == ("mediator", both)
    assert step(talk + mediator) == ("vote", both)
    over = talk + mediator + clock.vote_s(found.life)
    assert step(over) == ("over", both)
    moves = dict(rights(found.life, found.ana.person, seen, NOW).moves)
    assert moves["close"] == over and moves["mediator"] is None
    assert moves["verdict"] == talk + mediator

    found.play("name eva")
    seen |= {said.id: talk for said in found.ana if said.id not in seen}
    assert step(talk) == ("mediator", (person("eva"),))
    moves = dict(rights(found.life, found.ana.person, seen, talk).moves)
    assert moves["mediator"] == talk + mediator  # so long Eva has for her answer
    assert "mediate" in rights(found.life, person("eva"), seen, talk).now(talk)


@pytest.mark.parametrize("name", SCENES)
def test_an_order_that_goes_on_waits_for_somebody(name: str) -> None:
    life = scene(*SCENES[name]).life
    found = rights(life, life.buyer, {}, NOW)
    assert bool(found.waits) >= (not life.final)
    for wait in found.waits:
        assert wait.persons and wait.due_s is not None and wait.due_s >= NOW
