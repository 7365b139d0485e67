"""Importing a seller's file by command: whole or not at all, and twice changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from node import home as homes
from tests.cli.people import Person

HEADER = "Handle,Title,Body (HTML),Variant Price,Published,Variant Inventory Qty,Image Src"
SAMPLES = Path(__file__).parents[1] / "fixtures" / "import"


def rows(*lines: str) -> str:
    return "\n".join((HEADER, *lines, ""))


MUG = "mug,Mug,<p>Blue &amp; <b>round</b></p>,12.00,true,3,https://pictures.example/mug.jpg"
BOWL = "bowl,Bowl,,15,false,,"


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    assert answer["errors"] == []
    return tuple(answer[key] for key in ("created", "updated", "unchanged", "skipped", "drafts"))


def bring(ana: Person, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, ...]:
    return counts(ana.do("listing", "import", ana.file("shop.csv", rows(*lines)), *options))


def mine(ana: Person) -> dict[str, dict[str, Any]]:
    listed = ana.do("listing", "list", "--mine")["listings"]
    return {each["title"]: each for each in listed}


def test_a_file_becomes_listings_and_drafts(ana: Person) -> None:
    assert bring(ana, MUG, BOWL) == (1, 0, 0, 0, 1)

    mug = ana.do("listing", "show", mine(ana)["Mug"]["id"])["listing"]
    assert mug["price"] == {"amount": 1200, "currency": "EUR"}
    assert (mug["description"], mug["quantity"]) == ("Blue & **round**", 3)
    assert mug["photos"] == []
    assert mug["pictures_noted"] == [{"address": "https://pictures.example/mug.jpg", "alt": ""}]
    assert mine(ana)["Bowl"]["status"] == "draft"


def test_the_same_file_again_changes_nothing(ana: Person) -> None:
    bring(ana, MUG, BOWL)
    before = ana.do("status")

    assert bring(ana, MUG, BOWL) == (0, 0, 2, 0, 0)

    assert ana.do("status") == before


@pytest.mark.parametrize("name", ["shopify-current.csv", "shopify-legacy.csv"])
def test_a_real_export_is_found_by_its_columns(ana: Person, name: str) -> None:
    first = ana.do("listing", "import", str(SAMPLES / name))
    second = ana.do("listing", "import", str(SAMPLES / name))

    assert first["created"] > 0
    assert second["unchanged"] == first["created"] + first["drafts"]
    assert ana.do("verify")["faults"] == []


def test_a_dry_run_counts_and_writes_nothing(ana: Person) -> None:
    before = ana.do("status")["digest"]

    assert bring(ana, MUG, BOWL, options=("--dry-run",)) == (1, 0, 0, 0, 1)

    assert ana.do("status")["digest"] == before
    assert mine(ana) == {}


def test_a_dry_run_shows_what_would_become_of_each_row(ana: Person) -> None:
    bring(ana, MUG)
    file = ana.file("shop.csv", rows(MUG, BOWL, "cup,Cup,,3,true,,"))

    shown = ana.text("listing", "import", file, "--dry-run")
    answer = ana.do("listing", "import", file, "--dry-run")

    assert shown.splitlines() == [
        "line 2, unchanged: Mug",
        "line 3, draft: Bowl",
        "line 4, create: Cup",
        "Would be imported: 1 created, 0 updated, 1 kept as drafts, 1 unchanged, 0 skipped.",
    ]
    assert [(row["line"], row["title"], row["fate"]) for row in answer["rows"]] == [
        (2, "Mug", "unchanged"),
        (3, "Bowl", "draft"),
        (4, "Cup", "create"),
    ]
    assert answer["format"] == "shopify"


def test_a_preview_and_the_import_after_it_tell_the_same(ana: Person) -> None:
    bring(ana, MUG, BOWL)
    ana.do("listing", "withdraw", mine(ana)["Mug"]["id"])
    file = ana.file(
        "shop.csv", rows(MUG.replace("3", "4"), BOWL.replace("15", "16"), "cup,Cup,,,,,")
    )

    before = ana.do("listing", "import", file, "--dry-run")

    assert ana.do("listing", "import", file) == before
    assert [row["fate"] for row in before["rows"]] == ["skip", "draft", "create"]
    assert "off the market" in before["rows"][0]["reason"]


def test_each_format_keeps_its_own_notes_of_what_it_brought(ana: Person) -> None:
    etsy = "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,TAGS\nMug,,16.00,EUR,clay\n"
    ofn = "producer,name,units,unit_type,price\nAna,Mug,1,pc,16\n"
    for name, text in (("etsy.csv", etsy), ("ofn.csv", ofn), ("shop.csv", rows(MUG))):
        assert ana.do("listing", "import", ana.file(name, text))["created"] == 1

    with ana.home() as home:
        found = home.store.db.execute("SELECT source FROM imported ORDER BY 1").fetchall()
    assert [row[0] for row in found] == ["etsy", "ofn", "shopify"]
    assert ana.do("listing", "import", str(ana.folder.parent / "etsy.csv"))["unchanged"] == 1


def test_what_a_file_has_no_column_for_stays_as_its_owner_wrote_it(ana: Person) -> None:
    head = "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,SKU\n"
    ana.do("listing", "import", ana.file("etsy.csv", f"{head}Mug,Blue,16.00,EUR,M-1\n"))
    mug = mine(ana)["Mug"]["id"]
    ana.do("listing", "edit", mug, "--category", "Pots", "--tag", "clay", "--quantity", "2")

    ana.do("listing", "import", ana.file("etsy.csv", f"{head}Red mug,Red,17.00,EUR,M-1\n"))

    after = ana.do("listing", "show", mug)["listing"]
    assert (after["title"], after["description"], after["price"]["amount"]) == (
        "Red mug",
        "Red",
        1700,
    )
    assert (after["category"], after["tags"], after["quantity"]) == ("Pots", ["clay"], 2)


def test_what_a_file_leaves_open_is_asked_for_by_the_option_that_settles_it(ana: Person) -> None:
    german = rows('mug,Mug,,"12,50",true,,').encode()
    old = rows("cup,Caf\xe9,,12,true,,").encode("cp1252")
    both = b"TITLE,PRICE,CURRENCY_CODE,Handle\nJar,3,EUR,jar\n"
    for data, option, value in (
        (german, "--decimal", "comma"),
        (old, "--encoding", "windows-1252"),
        (both, "--format", "etsy"),
    ):
        file = ana.file("shop.csv", data)
        refused = ana.call("--json", "listing", "import", file)
        assert refused.data["errors"][0]["reason"].endswith(f"See {option}.")
        assert ana.do("listing", "import", file, option, value)["created"] == 1

    assert mine(ana)["Mug"]["price"]["amount"] == 1250
    assert "Caf\xe9" in mine(ana)


def test_a_changed_file_updates_and_keeps_what_its_owner_added(ana: Person) -> None:
    bring(ana, MUG, BOWL)
    mug = mine(ana)["Mug"]["id"]
    ana.do("listing", "edit", mug, "--story", "From clay.", "--value", "say-it=It is chipped.")

    assert bring(ana, MUG.replace("12.00", "13.00"), BOWL) == (0, 1, 1, 0, 0)

    after = ana.do("listing", "show", mug)["listing"]
    assert after["price"]["amount"] == 1300
    assert after["story"] == "From clay."
    assert after["values"] == [{"id": "say-it", "evidence": "It is chipped.", "status": "held"}]


def test_a_product_unpublished_later_is_withdrawn_and_kept_as_a_draft(ana: Person) -> None:
    bring(ana, MUG)
    was = mine(ana)["Mug"]["id"]
    ana.do("listing", "edit", was, "--story", "From clay.")

    assert bring(ana, MUG.replace("true", "false")) == (0, 1, 0, 0, 1)

    assert ana.do("listing", "show", was)["listing"]["status"] == "withdrawn"
    assert (mine(ana)["Mug"]["status"], mine(ana)["Mug"]["story"]) == ("draft", "From clay.")
    assert bring(ana, MUG) == (1, 0, 0, 0, 0)
    assert (mine(ana)["Mug"]["status"], mine(ana)["Mug"]["story"]) == ("open", "From clay.")
    assert len(mine(ana)) == 1


def test_a_draft_published_by_hand_stays_linked_to_its_product(ana: Person) -> None:
    bring(ana, BOWL)
    bowl = ana.do("listing", "publish", mine(ana)["Bowl"]["id"])["listing"]["id"]

    assert bring(ana, BOWL) == (0, 0, 1, 0, 0)
    assert bring(ana, BOWL.replace("false", "true").replace("15", "16")) == (0, 1, 0, 0, 0)

    assert mine(ana)["Bowl"]["id"] == bowl


def test_what_its_owner_took_away_does_not_come_back(ana: Person) -> None:
    bring(ana, MUG, BOWL)
    ana.do("listing", "withdraw", mine(ana)["Mug"]["id"])
    ana.do("listing", "withdraw", mine(ana)["Bowl"]["id"])

    changed = (MUG.replace("12.00", "13.00"), BOWL.replace("15", "16"))
    assert bring(ana, *changed) == (0, 0, 0, 2, 0)

    assert mine(ana) == {}


def test_an_import_that_died_before_its_notes_is_taken_up_again(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(ana, BOWL)
    append = homes.Home.append

    def die(home: homes.Home, drafts: Any) -> Any:
        append(home, drafts)
        raise KeyboardInterrupt

    # Two products that say the same, and one that is a draft so far.
    file = ana.file("shop.csv", rows(MUG, MUG.replace("mug,", "cup,"), BOWL.replace("false", "")))
    with monkeypatch.context() as patch:
        patch.setattr(homes.Home, "append", die)
        assert ana.refused("listing", "import", file) == "aborted"
    assert ana.do("listing", "list", "--mine")["total"] == 4  # the draft is not noted as gone

    assert counts(ana.do("listing", "import", file)) == (0, 0, 3, 0, 0)
    assert counts(ana.do("listing", "import", file)) == (0, 0, 3, 0, 0)
    assert ana.do("listing", "list", "--mine")["total"] == 3


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        ("", 1, "cell 1"),
        ("Name,Cost\nMug,3\n", 1, "Name"),
        (rows("mug,Mug,,1.234,true,,"), 2, "Variant Price"),
        (rows("mug,Mug,,12,true,,", 'cup,Cup,,"€ 50,00",true,,'), 3, "Variant Price"),
        (rows('mug,"Mug,,12,true,,'), 2, "Title"),
        (rows("mug,Mug"), 2, "Body (HTML)"),
        (rows("mug,Caf\xe9,,12,true,,").encode("latin-1"), 2, "Title"),
        (rows("mug,Mug,,12,true,,").encode("utf-16"), 1, "cell 1"),
        (rows("mug,Mug,,12,true,,", "cup,C\x1b[2Jup,,12,true,,"), 3, "Title"),
        (rows("mug,Mug,,12,true,,", f"cup,{'C' * 201},,12,true,,"), 3, "Title"),
        (rows("mug,Mug,,12,true,,", ",,,12,true,,"), 3, "Handle"),
    ],
)
def test_a_file_with_a_fault_names_its_place_and_imports_nothing(
    ana: Person, content: str | bytes, line: int, column: str
) -> None:
    before = ana.do("status")["digest"]

    answer = ana.call("--json", "listing", "import", ana.file("shop.csv", content))

    assert (answer.code, answer.err) == (1, "")
    (fault,) = answer.data["errors"]
    assert (fault["line"], fault["column"]) == (line, column)
    assert fault["reason"].endswith(".")
    assert all(answer.data[key] == 0 for key in ("created", "updated", "unchanged", "drafts"))
    assert (ana.do("status")["digest"], mine(ana)) == (before, {})


def test_every_fault_of_a_file_is_shown_at_once_without_steering_the_terminal(ana: Person) -> None:
    faults = [f"mug-{n},Mug,,\x1b[2J,true,," for n in range(25)]

    answer = ana.call("listing", "import", ana.file("shop.csv", rows(*faults)))

    assert answer.code == 1
    assert "... and 5 more" in answer.out
    assert answer.out.endswith("Nothing was imported.\n")
    assert "\x1b" not in answer.out


def test_a_product_that_no_listing_can_hold_is_a_fault_of_the_file(ana: Person) -> None:
    head = "Handle,Title,Type,Variant Price"
    file = ana.file("shop.csv", f"{head}\nmug,Mug,Cups,3\ncup,Cup,{'C' * 150},3\n")

    answer = ana.call("--json", "listing", "import", file)

    assert answer.code == 1
    assert [fault["line"] for fault in answer.data["errors"]] == [3]
    assert mine(ana) == {}


def test_a_wrong_option_or_file_is_refused(ana: Person) -> None:
    file = ana.file("shop.csv", rows(MUG))

    assert ana.refused("listing", "import", file + "x") == "no-file"
    assert ana.refused("listing", "import", file, "--format", "fax") == "unknown-format"
    assert ana.refused("listing", "import", file, "--currency", "euro") == "bad-currency"
    assert ana.refused("listing", "import", str(ana.folder), code=2) == "usage"
    assert ana.do("listing", "import", file, "--format", "shopify", "--currency", "chf")
    assert mine(ana)["Mug"]["price"]["currency"] == "CHF"
