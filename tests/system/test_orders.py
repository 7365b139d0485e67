"""Orders between real `moothall run` processes whose owners are rarely up together."""

from __future__ import annotations

from pathlib import Path

from tests.system.people import Person, agree, settle, village
from tests.system.trade import holds, moves, offers, orders, reaches

SECRET = "behind the green door"


def test_buyer_and_seller_are_never_up_together(tmp_path: Path) -> None:
    """Ben orders of Cleo, who is away for three weeks; Ana's node carries each step unread.

    Each of the three is killed again and again, and nothing is lost.
    """
    with village(tmp_path, "Ana", "Ben", "Cleo") as (ana, ben, cleo):
        settle(ana, ben, cleo)
        jam = offers(cleo, "--quantity", "2")
        agree(ana, ben, cleo)
        cleo.kill()
        order = orders(ben, jam, "--tip", "0.50", "--text", SECRET)
        for person in (ana, cleo):
            person.build = person.tool = "tests.system.later"
        hand_on(ben, ana)

        cleo.start()
        reaches(order, "ordered", cleo)
        assert {"accept", "decline"} <= set(moves(cleo, order))
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

        assert ben.do("order", "show", order)["total"] == {"amount": 500, "currency": "EUR"}
        assert [each["valid"] for each in ana.do("receipt", "list")["receipts"]] == [True]
        assert ana.do("order", "list")["orders"] == []
        assert ana.refused("order", "show", order)["error"] == "no-order"
        agree(ana, ben)
        assert holds(tmp_path, SECRET) == []
        for person in (ana, ben, cleo):
            assert person.do("verify")["faults"] == []


def hand_on(person: Person, carrier: Person) -> None:
    """The carrier has all that somebody wrote; both are killed, and only the carrier comes back."""
    agree(carrier, person)
    person.kill()
    carrier.kill()
    carrier.start()
