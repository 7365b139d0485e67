"""A dispute to its end, by the command line alone: talk, a mediator, a vote, money back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.system.assembly import decide
from tests.system.people import Person, agree, settle, village
from tests.system.trade import holds, offers, orders, reaches

BROKEN, WHOLE = "shards all over the parcel", "wrapped it in three blankets"


def test_a_dispute_to_its_end(tmp_path: Path) -> None:
    """Ana mediates between Ben and Cleo in vain; weeks later the members decide."""
    with village(tmp_path, "Ana", "Ben", "Cleo") as (ana, ben, cleo):
        settle(ana, ben, cleo)
        order = orders(ben, offers(cleo))
        reaches(order, "ordered", cleo)
        cleo.do("order", "accept", order)
        reaches(order, "accepted", ben)
        ben.do("order", "pay", order)
        reaches(order, "paid", cleo)
        cleo.do("order", "sent", order)
        reaches(order, "sent", ben)

        ben.do("order", "dispute", order, "--text", BROKEN)
        reaches(order, "disputed", cleo)
        cleo.do("dispute", "evidence", order, WHOLE)
        vote = ("dispute", "vote", order, "--refund", "4.50", "--why", "It came broken", "--yes")
        assert ben.refused(*vote)["error"] == "too-early"
        for side in (ben, cleo):
            side.do("dispute", "mediator", order, "Ana")
        ana.until(lambda: len(ana.do("dispute", "list")["requests"]) == 1, "Ana is asked")
        assert ana.refused("dispute", "show", order)["error"] == "not-taken"
        ana.do("dispute", "mediate", order)
        ana.until(lambda: said(ana, order) == {BROKEN, WHOLE}, "Ana reads what was said")
        ana.do("dispute", "propose", order, "--refund", "2", "--text", "Each bears a part.")
        ben.until(lambda: len(proposed(ben, order)) == 1, "a way out is proposed")
        shown = ben.do("dispute", "agree", order)["dispute"]
        assert [each["agreed"] for each in shown["proposals"]] == [["buyer"]]
        for person in (ana, ben, cleo):
            person.stop()
            person.build = person.tool = "tests.system.later"
        for person in (ana, ben, cleo):
            person.start()
        proposal = str(ben.do(*vote)["proposal"])
        decide(proposal, "yes", ana, ben, cleo)
        reaches(order, "settled", ben, cleo, ana)
        shown = cleo.do("dispute", "show", order)["dispute"]
        assert (shown["outcome"], shown["refund"]) == ("verdict", 450)
        assert cleo.do("order", "show", order)["owed_back"] == 450
        cleo.do("order", "refund", order)
        ben.until(lambda: ben.do("order", "show", order)["owed_back"] == 0, "it was given back")

        assert agree(ana, ben, cleo)
        assert holds(tmp_path, BROKEN) == holds(tmp_path, WHOLE) == []


def said(person: Person, order: str) -> set[str]:
    """What somebody can read of what was said; nothing while the letters are not here."""
    shown = person.call("dispute", "show", order)
    found = json.loads(shown.stdout)["said"] if shown.returncode == 0 else []
    return {each["text"] for each in found if each["text"]}


def proposed(person: Person, order: str) -> list[object]:
    found: list[object] = person.do("dispute", "show", order)["dispute"]["proposals"]
    return found
