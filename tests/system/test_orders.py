"""Orders between real `moothall run` processes whose owners are rarely up together."""

from __future__ import annotations

from pathlib import Path

from tests.system.people import Person, agree, settle, village
from tests.system.trade import holds, moves, offers, orders, reaches, sale, state

SECRET = "behind the green door"


def test_a_jar_goes_from_order_to_receipt(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        jam = offers(ana, "--quantity", "3")
        order = orders(ben, jam, "--quantity", "2", "--tip", "0.50")
        done = sale(ben, ana, order)
        assert done["total"] == {"amount": 950, "currency": "EUR"}
        assert done["shares"]["seller"] == 900
        assert done["receipt"]


def test_buyer_and_seller_are_never_up_together(tmp_path: Path) -> None:
    """Ben orders of Cleo, and Ana's node, which can't read it, carries each step."""
    with village(tmp_path, "Ana", "Ben", "Cleo") as (ana, ben, cleo):
        settle(ana, ben, cleo)
        jam = offers(cleo)
        agree(ana, ben, cleo)
        cleo.kill()

        order = orders(ben, jam, "--text", SECRET)
        hand_on(ben, ana)
        cleo.start()
        reaches(order, "ordered", cleo)
        cleo.do("order", "say", order, f"It stands {SECRET}")
        cleo.do("order", "accept", order)
        hand_on(cleo, ana)
        ben.start()
        reaches(order, "accepted", ben)
        ben.do("order", "pay", order)
        hand_on(ben, ana)
        cleo.start()
        reaches(order, "paid", cleo)
        cleo.do("order", "sent", order)
        hand_on(cleo, ana)
        ben.start()
        reaches(order, "sent", ben)
        ben.do("order", "received", order)
        hand_on(ben, ana)
        cleo.start()
        reaches(order, "completed", cleo)  # its node writes the receipt by itself
        hand_on(cleo, ana)
        ben.start()
        reaches(order, "completed", ben)

        assert [each["valid"] for each in ana.do("receipt", "list")["receipts"]] == [True]
        assert ana.do("order", "list")["orders"] == []
        assert ana.refused("order", "show", order)["error"] == "no-order"
        assert agree(ana, ben)
        for person in (ana, ben, cleo):
            assert holds(tmp_path, SECRET) == []
            assert person.do("verify")["faults"] == []


def hand_on(person: Person, carrier: Person) -> None:
    """The carrier has all that somebody wrote; both are killed, and only the carrier comes back."""
    agree(carrier, person)
    person.kill()
    carrier.kill()
    carrier.start()


def test_a_seller_comes_back_after_three_weeks(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Cleo") as (ana, ben, cleo):
        settle(ana, ben, cleo)
        jam = offers(cleo)
        agree(ana, ben, cleo)
        cleo.stop()
        order = orders(ben, jam)
        hand_on(ben, ana)

        for person in (ana, cleo):
            person.build = person.tool = "tests.system.later"
        ana.stop()
        ana.start()
        cleo.start()
        reaches(order, "ordered", cleo)
        assert {"accept", "decline"} <= set(moves(cleo, order))
        cleo.do("order", "accept", order)
        ben.start()
        reaches(order, "accepted", ben)
        assert state(cleo, order) == "accepted"
