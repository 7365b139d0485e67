"""Exporting one's own listings by command, and bringing them into another home."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.people import Person, invited, meet

UNLIKE = ("id", "person", "version", "updated", "provisional")  # in another home


@pytest.fixture
def eva(tmp_path: Path) -> Person:
    """Eva has a community of her own."""
    eva = Person("Eva", tmp_path / "eva")
    eva.found()
    return eva


def mine(person: Person) -> list[dict[str, object]]:
    listed = person.do("listing", "list", "--mine")["listings"]
    kept = [{name: each[name] for name in each if name not in UNLIKE} for each in listed]
    return sorted(kept, key=str)


def fill(ana: Person) -> None:
    ana.add(
        "Rye bread",
        *("--price", "3.50", "--variant", "Small=3*2", "--variant", "Large"),
        *("--tag", "rye", "--tag", "salt, pepper", "--value", "say-it=Rye, water = salt."),
        *("--spot", "47.99, -7.85", "--story", "Sour.\n\n* dark", "--expires", "2101-01-31"),
    )
    ana.add("=1+1", "--mode", "give", "--audience", "members", "--quantity", "2")
    ana.add("Old lamp", "--price", "12", "--currency", "CHF", "--draft")


def test_an_export_brings_the_same_listings_into_another_home(ana: Person, eva: Person) -> None:
    fill(ana)
    file = str(ana.folder.parent / "mine.csv")

    written = ana.do("listing", "export", "--output", file)
    taken = eva.do("listing", "import", file)

    assert written == {"format": "csv", "count": 3, "left_out": 0, "path": file}
    assert (taken["created"], taken["drafts"], taken["format"]) == (2, 1, "csv")
    assert mine(eva) == mine(ana)
    assert len(mine(ana)) == 3


def test_an_export_that_comes_home_changes_nothing(ana: Person) -> None:
    fill(ana)
    file = ana.file("mine.csv", ana.text("listing", "export"))
    before = ana.do("status")

    taken = ana.do("listing", "import", file)

    assert (taken["unchanged"], taken["updated"], taken["created"]) == (3, 0, 0)
    assert ana.do("status") == before


def test_an_export_can_be_changed_in_a_spreadsheet_and_imported(ana: Person) -> None:
    bread = ana.add("Bread", "--price", "3.50", "--story", "Sour.")
    draft = ana.add("Lamp", "--price", "9", "--draft")
    text = ana.text("listing", "export").replace("3.50", "3.80").replace("9.00", "8.00")

    taken = ana.do("listing", "import", ana.file("mine.csv", text))

    assert (taken["updated"], taken["created"]) == (2, 0)
    after = ana.do("listing", "show", bread["id"])["listing"]
    assert (after["price"]["amount"], after["story"], after["version"]) == (380, "Sour.", 2)
    assert ana.do("listing", "show", draft["id"])["listing"]["price"]["amount"] == 800


def test_somebody_else_s_export_makes_listings_of_one_s_own(ana: Person, tmp_path: Path) -> None:
    ana.add("Bread", "--price", "3.50")
    ben = Person("Ben", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)

    taken = ben.do("listing", "import", ben.file("hers.csv", ana.text("listing", "export")))

    assert taken["created"] == 1
    assert len(mine(ben)) == 1
    assert len(mine(ana)) == 1


def test_what_was_withdrawn_is_not_exported_and_does_not_come_back(ana: Person) -> None:
    bread = ana.add("Bread", "--price", "3.50")
    file = ana.file("mine.csv", ana.text("listing", "export"))
    ana.do("listing", "withdraw", bread["id"])

    assert ana.do("listing", "export")["count"] == 0
    taken = ana.do("listing", "import", file)

    assert (taken["skipped"], taken["created"]) == (1, 0)
    assert "off the market" in taken["rows"][0]["reason"]


def test_shopify_s_file_says_what_it_left_out(ana: Person, eva: Person) -> None:
    fill(ana)

    answer = ana.call("listing", "export", "--format", "shopify")

    assert answer.code == 0
    assert "2 of your listings have no place in this format" in answer.err
    taken = eva.do("listing", "import", eva.file("shop.csv", answer.out))
    assert (taken["format"], taken["created"]) == ("shopify", 1)
    bread = mine(eva)[0]
    assert bread["tags"] == ["rye", "salt", "pepper"]
    assert [(v["name"], v["price"]["amount"]) for v in bread["variants"]] == [
        ("Small", 300),
        ("Large", 350),
    ]
    francs = ana.do("listing", "export", "--format", "shopify", "--currency", "chf")
    assert (francs["count"], francs["left_out"]) == (1, 2)


def test_json_ld_is_a_graph_of_what_everybody_may_see(ana: Person) -> None:
    fill(ana)

    answer = ana.do("listing", "export", "--format", "json-ld")

    (bread,) = json.loads(answer["text"])["@graph"]
    assert (bread["name"], answer["left_out"], answer["path"]) == ("Rye bread", 2, None)


def test_a_file_that_is_there_is_left_as_it_is(ana: Person) -> None:
    ana.add("Bread")
    file = ana.file("mine.csv", "precious")

    assert ana.refused("listing", "export", "--output", file) == "file-exists"
    assert Path(file).read_text() == "precious"
    ana.do("listing", "export", "--output", file, "--force")
    assert "Bread" in Path(file).read_text()


def test_a_wrong_format_currency_or_place_is_refused(ana: Person) -> None:
    assert ana.refused("listing", "export", "--format", "fax") == "unknown-format"
    assert ana.refused("listing", "export", "--currency", "euro") == "bad-currency"
    nowhere = str(ana.folder.parent / "nowhere" / "mine.csv")
    assert ana.refused("listing", "export", "--output", nowhere) == "no-file"


def test_an_export_changes_nothing(ana: Person) -> None:
    fill(ana)
    before = ana.do("status")
    copy = shutil.copytree(ana.folder, ana.folder.parent / "copy")

    for name in ("csv", "shopify", "json-ld"):
        ana.do("listing", "export", "--format", name)

    assert ana.do("status") == before
    assert sorted(file.name for file in copy.iterdir()) == sorted(
        file.name for file in ana.folder.iterdir()
    )
