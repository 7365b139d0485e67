"""`teller show`: one teller is a line; of several it says who was heard, what is due, and more."""

from __future__ import annotations

from pathlib import Path

from tests.cli.people import Person
from tests.node.four import Four

ADVICE = {"type": "advice"}


def test_one_teller_is_one_line(ana: Person):
    assert ana.text("teller", "show") == "you, on this device\n"
    found = ana.do("teller", "show")
    assert [each["here"] for each in found["tellers"]] == [True]
    assert (found["needed"], found["next"], found["due"]) == (1, None, [])
    assert (found["since"], found["until"], found["over"]) == (None, None, False)
    assert [each["what"] for each in found["signed"]] == [["Let Ana in"]]


def test_several_tellers_at_work(four: Four, tmp_path: Path):
    four.propose("Fay", "Which bread?", ADVICE, "Rye", "Wheat")
    four.gather("Ben", "Fay")
    four.act("Ben")
    four.gather("Ben", "Fay")
    fay, ben = Person("Fay", tmp_path / "Fay"), Person("Ben", tmp_path / "Ben")
    blocks = fay.text("teller", "show").split("\n\n")

    seats = blocks[0].split("\n")
    assert seats[0] == "3 of 4 tellers must agree."
    assert [line.split()[0] for line in seats[1:]] == ["Ana", "Ben", "Cleo", "Dan"]
    assert seats[1].endswith("no word yet") and seats[2].endswith("finds it right")
    assert "  on device " in seats[2] and "  heard " in seats[2]
    assert blocks[1].startswith("In office from ")
    assert blocks[1].endswith("Who steps in for a teller who is gone, in this order: Eva.")
    assert blocks[2] == "Due, as this node sees it:\n  Open the vote on “Which bread?”"
    assert blocks[3] == "Ben has proposed it."
    assert blocks[4].split("\n")[:2] == [
        "Signed last:",
        "  4  Hand over to the tellers whom “Who counts?” elected (Ana)",
    ]
    assert "You have proposed it." in ben.text("teller", "show")
    assert "  you   on this device" in ben.text("teller", "show")
    found = fay.do("teller", "show")
    assert found["next"]["proposed"] == found["due"]
    assert found["tellers"][1]["answers"] == ["Finds it right"]


def test_a_teller_resigns_and_the_alternate_takes_the_seat(four: Four, tmp_path: Path):
    dan, eva, fay = (Person(name, tmp_path / name) for name in ("Dan", "Eva", "Fay"))
    assert fay.refused("teller", "resign", "--yes") == "not-teller"
    assert eva.refused("teller", "resign", "--yes") == "not-teller"
    assert dan.refused("teller", "resign") == "not-confirmed"
    four.settle()
    assert "Dan" in fay.text("teller", "show").split("\n\n")[0]  # nothing was said so far

    asked = dan.do("teller", "resign", "--yes")
    assert asked == {
        "person": four.homes["Eva"].person.hex(),
        "name": "Eva",
        "status": "asked",
    }
    for _ in range(6):
        four.settle()
        four.wait(10)
    seats, *_, signed = fay.text("teller", "show").strip().split("\n\n")
    assert [row.split()[0] for row in seats.split("\n")[1:]] == ["Ana", "Ben", "Cleo", "Eva"]
    assert "in the place of Dan, who gave the seat up" in signed.split("\n")[1]
    assert eva.text("teller", "show").count("you   on this device") == 1
    assert eva.refused("teller", "resign", "--yes") == "no-alternate"
    assert dan.refused("teller", "resign", "--yes") == "not-teller"
    assert four.homes["Dan"].standing() == "member"


def test_what_resigning_says(four: Four, tmp_path: Path):
    assert Person("Ben", tmp_path / "Ben").text("teller", "resign", "--yes") == (
        "Said. Eva takes your seat as soon as enough tellers' nodes have heard of it.\n\n"
        "Next: keep `moothall run` running until `moothall teller show` names them.\n"
    )


def test_the_only_teller_can_not_resign(ana: Person):
    assert ana.refused("teller", "resign", "--yes") == "only-teller"


def test_nothing_is_due(four: Four, tmp_path: Path):
    assert "\n\nNothing is due at the moment.\n\n" in Person("Fay", tmp_path / "Fay").text(
        "teller", "show"
    )
