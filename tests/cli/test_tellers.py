"""`teller show`: one teller is a line; of several it says who was heard, what is due, and more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.people import Person
from tests.node import four as fours
from tests.node.four import Four

ADVICE = {"type": "advice"}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("four")
    fours.found(folder)
    return folder


@pytest.fixture
def four(founded: Path, tmp_path: Path) -> Iterator[Four]:
    with fours.opened(fours.copied(founded, tmp_path)) as found:
        yield found


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


def test_nothing_is_due(four: Four, tmp_path: Path):
    assert "\n\nNothing is due at the moment.\n\n" in Person("Fay", tmp_path / "Fay").text(
        "teller", "show"
    )
