"""Adding, editing, finding, publishing, withdrawing and erasing listings."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from protocol.kinds.listing import Listing, Variant
from storage.own import Draft, append
from tests.cli.people import COMMAND, Person, environment, invited, meet

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def ben(ana: Person, tmp_path: Path) -> Person:
    """Ben was invited by Ana, and both know it."""
    ben = Person("Ben", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)
    return ben


def test_a_listing_says_all_that_was_said(ana: Person) -> None:
    made = ana.add(
        "Plates",
        *("--price", "12.5", "--currency", "usd", "--description", "White.\r\nHeavy."),
        *("--story", "From *here*.", "--category", "Kitchen", "--place", "Elm Street"),
        *("--quantity", "4", "--condition", "new", "--delivery", "by foot"),
        *("--variant", "Large=15.99*3", "--variant", "Small", "--audience", "members"),
        *("--value", "say-it=One is chipped.", "--expires", "2099-01-31T01:00:00+01:00"),
        *("--tag", "white", "--tag", "white", "--tag", " "),
    )

    wanted: dict[str, Any] = {
        "title": "Plates",
        "mode": "sell",
        "price": {"amount": 1250, "currency": "USD"},
        "person": ana.do("status")["person"],
        "status": "open",
        "description": "White.\nHeavy.",
        "story": "From *here*.",
        "category": "Kitchen",
        "place": "Elm Street",
        "quantity": 4,
        "condition": "new",
        "delivery": "by foot",
        "audience": "members",
        "expires": "2099-01-31T00:00:00Z",
        "tags": ["white"],
        "values": [{"id": "say-it", "evidence": "One is chipped.", "status": "held"}],
        "variants": [
            {
                "name": "Large",
                "price": {"amount": 1599, "currency": "USD"},
                "quantity": 3,
                "sku": "",
            },
            {"name": "Small", "price": None, "quantity": None, "sku": ""},
        ],
        "photos": [],
    }
    assert {key: made[key] for key in wanted} == wanted
    assert re.fullmatch(r"[0-9a-f]{64}", made["id"])
    assert UTC.fullmatch(made["updated"])
    assert ana.do("listing", "show", made["id"])["listing"] == made


def test_a_price_is_that_of_the_communitys_currency_or_on_request(ana: Person) -> None:
    assert ana.add("Bread", "--price", "3.50")["price"] == {"amount": 350, "currency": "EUR"}
    assert ana.add("Bread", "--price", "none")["price"] is None
    assert ana.add("Bread")["price"] is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--price", "1.234"), "ambiguous-price"),
        (("--price", "€ 50,00"), "ambiguous-price"),
        (("--price", "3,50"), "ambiguous-price"),
        (("--price", "-3"), "bad-price"),
        (("--price", "1e3"), "bad-price"),
        (("--price", ""), "bad-price"),
        (("--price", "3.505"), "ambiguous-price"),
        (("--price", "99999999999999999999"), "bad-price"),
        (("--price", "3", "--currency", "euro"), "bad-currency"),
        (("--currency", "\x1b[2J"), "bad-currency"),
        (("--variant", "=3"), "bad-variant"),
        (("--variant", "L=cheap"), "ambiguous-price"),
        (("--variant", "L", "--variant", "L=3"), "twice"),
        (("--expires", "2027-02-30"), "bad-date"),
        (("--expires", "tomorrow"), "bad-date"),
        (("--expires", "0001-01-01"), "bad-date"),
        (("--expires", ""), "bad-date"),
        (("--expires", "2020-01-31"), "past"),
        (("--mode", "give", "--price", "3"), "gift-price"),
        (("--mode", "give", "--variant", "Large=3"), "gift-price"),
        (("--value", "fair=yes"), "no-value"),
        (("--value", "say-it=a", "--value", "say-it=b"), "twice"),
        (("--value", "say-it=" + "a" * 1001), "too-long"),
        (("--title", " "), "no-title"),
        (("--title", ""), "no-title"),
        (("--title", "a" * 201), "too-long"),
        (("--title", "two\nlines"), "bad-text"),
        (("--title", "\x1b[31mred"), "bad-text"),
        (("--place", "a\x9bb"), "bad-text"),
        (("--description", "a\x00b".replace("\x00", "\x07")), "bad-text"),
        (("--description", "a" * 10_001), "too-long"),
        (("--description", "é" * 9_000), "too-long"),
        (("--delivery", "a" * 501), "too-long"),
        (("--tag", "a" * 81), "too-long"),
        (tuple(word for n in range(51) for word in ("--tag", str(n))), "too-many"),
        (tuple(word for n in range(101) for word in ("--variant", str(n))), "too-many"),
    ],
)
def test_what_cannot_be_listed_writes_nothing(
    ana: Person, options: tuple[str, ...], reason: str
) -> None:
    bread = ana.add()["id"]
    before = ana.do("status")["digest"]
    title = () if "--title" in options else ("--title", "Bread")

    assert ana.refused("listing", "add", *title, "--mode", "sell", *options) == reason
    assert ana.refused("listing", "edit", bread, *options) == reason

    assert ana.do("status")["digest"] == before


def test_an_edit_keeps_what_is_not_named_and_takes_away_what_is_empty(ana: Person) -> None:
    bread = ana.add(
        "Bread", "--price", "3.50", "--quantity", "4", "--place", "Here", "--tag", "rye"
    )
    short = bread["id"][:8]

    first = ana.do("listing", "edit", short, "--price", "3.80")["listing"]
    second = ana.do(
        *("listing", "edit", short.upper(), "--quantity", "none", "--place", ""),
        *("--tag", "", "--price", "none", "--expires", "none"),
    )["listing"]

    assert first["id"] == second["id"] == bread["id"]
    assert (first["version"], second["version"]) == (2, 3)
    assert first["price"] == {"amount": 380, "currency": "EUR"}
    assert (first["quantity"], first["place"], first["tags"]) == (4, "Here", ["rye"])
    assert (second["quantity"], second["place"], second["tags"]) == (None, "", [])
    assert (second["price"], second["expires"], second["title"]) == (None, None, "Bread")


def test_a_new_currency_needs_new_prices(ana: Person) -> None:
    bread = ana.add("Bread", "--price", "3.50", "--variant", "Large=5")["id"]

    assert ana.refused("listing", "edit", bread, "--currency", "JPY") == "price-needed"
    assert ana.refused("listing", "edit", bread, "--currency", "JPY", "--price", "5") == (
        "price-needed"
    )

    changed = ("--currency", "JPY", "--price", "500", "--variant", "Large=700")
    after = ana.do("listing", "edit", bread, *changed)["listing"]
    assert after["price"] == {"amount": 500, "currency": "JPY"}
    assert after["variants"][0]["price"] == {"amount": 700, "currency": "JPY"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1234567", "bad-id"),
        ("", "bad-id"),
        ("notahexid", "bad-id"),
        ("0" * 65, "bad-id"),
        ("00000000", "no-listing"),
        ("%" * 8, "bad-id"),
    ],
)
def test_an_id_that_fits_nothing_is_refused_everywhere(ana: Person, text: str, reason: str) -> None:
    for command in (("show",), ("withdraw",), ("publish",), ("erase",), ("edit", "--place", "x")):
        assert ana.refused("listing", *command, "--", text) == reason


def test_a_listing_of_somebody_else_is_theirs(ana: Person, ben: Person) -> None:
    shelf = ben.add("Shelf", "--mode", "lend")["id"]
    meet(ana, ben)

    assert ana.do("listing", "show", shelf[:8])["listing"]["provisional"] is True
    for command in (("withdraw",), ("publish",), ("edit", "--place", "x"), ("erase", "--yes")):
        assert ana.refused("listing", *command, shelf) == "not-yours"


def test_what_is_withdrawn_stays_withdrawn(ana: Person) -> None:
    bread = ana.add()["id"]

    assert ana.do("listing", "withdraw", bread)["listing"]["status"] == "withdrawn"
    assert ana.do("listing", "withdraw", bread)["listing"]["status"] == "withdrawn"

    assert ana.refused("listing", "edit", bread, "--price", "4") == "withdrawn"
    assert ana.refused("listing", "publish", bread) == "not-draft"
    assert ana.do("listing", "list")["total"] == 0
    assert ana.do("listing", "show", bread)["listing"]["status"] == "withdrawn"


def test_withdrawing_twice_says_that_it_was_withdrawn_already(ana: Person) -> None:
    bread = ana.add()["id"]

    assert ana.call("listing", "withdraw", bread).err == ""
    assert "withdrawn already" in ana.call("listing", "withdraw", bread).err


def test_a_claim_without_a_word_why_is_taken_with_a_hint(ana: Person) -> None:
    add = ("listing", "add", "--title", "Bowl", "--mode", "sell")

    assert "members will ask" in ana.call(*add, "--value", "say-it").err
    assert ana.call(*add, "--value", "say-it=One is chipped.").err == ""


def test_an_old_listing_stays_editable_when_its_day_has_passed(ana: Person) -> None:
    with ana.home() as home:
        old = Listing(title="Bread", mode="give", price=350, currency="EUR", expires_ms=1)
        (made,) = home.append([Draft("listing", old.body())])

    after = ana.do("listing", "edit", made.hex(), "--place", "Bern")["listing"]

    assert (after["place"], after["status"]) == ("Bern", "expired")
    assert ana.refused("listing", "edit", made.hex(), "--expires", "1970-01-02") == "past"


def test_a_lowest_price_above_the_highest_is_refused(ana: Person) -> None:
    assert ana.refused("listing", "list", "--min", "4", "--max", "3") == "bad-range"


def test_drafts_are_listed_apart(ana: Person) -> None:
    ana.add("Bread")
    ana.add("Shelf", "--draft")

    found = ana.do("listing", "list", "--drafts")

    assert [each["title"] for each in found["listings"]] == ["Shelf"]
    assert found["total"] == 1
    assert ana.refused("listing", "list", "--drafts", "--mine", code=2) == "usage"


def test_a_draft_is_seen_by_its_owner_alone_until_it_is_published(ana: Person) -> None:
    digest = ana.do("status")["digest"]
    shelf = ana.add("Shelf", "--mode", "lend", "--draft")
    ana.do("listing", "edit", shelf["id"][:8], "--place", "Here")

    assert shelf["status"] == "draft"
    assert ana.do("status")["digest"] == digest
    assert ana.do("listing", "list")["total"] == 0
    assert ana.do("listing", "list", "--mine")["total"] == 1
    published = ana.do("listing", "publish", shelf["id"])["listing"]
    assert (published["status"], published["place"]) == ("open", "Here")
    assert ana.refused("listing", "show", shelf["id"]) == "no-listing"
    gone = ana.add("Table", "--draft")["id"]
    assert ana.do("listing", "withdraw", gone)["listing"]["status"] == "withdrawn"
    thrown = ana.add("Table", "--draft")["id"]
    assert ana.do("listing", "erase", thrown, "--yes") == {"erased": []}
    assert [each["id"] for each in ana.do("listing", "list", "--mine")["listings"]] == [
        published["id"]
    ]


def test_what_is_erased_leaves_no_text_behind(ana: Person) -> None:
    bread = ana.add("A secret title")["id"]
    ana.do("listing", "edit", bread, "--description", "A secret text")
    assert ana.refused("listing", "erase", bread) == "not-confirmed"

    assert len(ana.do("listing", "erase", bread, "--yes")["erased"]) == 2

    assert ana.refused("listing", "show", bread) == "no-listing"
    assert ana.do("search", "secret")["total"] == 0
    assert ana.do("verify")["faults"] == []


@pytest.fixture(scope="module")
def market(elm_street: Path, tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Ana with a few listings of every sort, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("market") / "ana"
    shutil.copytree(elm_street, folder)
    ana = Person("Ana", folder)
    ana.add("Rye bread", "--price", "3.50", "--category", "Food", "--value", "say-it=Rye.")
    ana.add("Wheat bread", "--price", "2.80", "--category", "food", "--place", "Elm Street")
    ana.add("Cake", "--category", "Food")
    ana.add("Ladder", "--mode", "lend", "--place", "ELM street")
    ana.add("Bread tin", "--mode", "wanted", "--draft")
    with ana.home() as home:  # as it stands once its day is over
        old = Listing(title="Old bread", mode="give", expires_ms=1_577_836_800_000)
        home.append([Draft("listing", old.body())])
    return ana


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ((), ["Ladder", "Cake", "Wheat bread", "Rye bread"]),
        (("--mode", "lend"), ["Ladder"]),
        (("--category", "FOOD", "--sort", "price"), ["Wheat bread", "Rye bread", "Cake"]),
        (("--place", "elm street"), ["Ladder", "Wheat bread"]),
        (("--value", "say-it"), ["Rye bread"]),
        (("--value", "fair"), []),
        (("--min", "3"), ["Rye bread"]),
        (("--max", "3"), ["Wheat bread"]),
        (("--min", "2.80", "--max", "3.50", "--sort", "price-desc"), ["Rye bread", "Wheat bread"]),
        (("--sort", "new", "--mode", "sell"), ["Cake", "Wheat bread", "Rye bread"]),
        (("--person", "ana", "--mode", "lend"), ["Ladder"]),
        (("--mine",), ["Bread tin", "Ladder", "Cake", "Wheat bread", "Rye bread"]),
        (("--mine", "--mode", "wanted"), ["Bread tin"]),
        (("--mine", "--category", "food", "--max", "3"), ["Wheat bread"]),
    ],
)
def test_lists_are_filtered_and_sorted(
    market: Person, filters: tuple[str, ...], titles: list[str]
) -> None:
    found = market.do("listing", "list", *filters)

    assert [each["title"] for each in found["listings"]] == titles
    assert found["total"] == len(titles)


def test_a_search_takes_the_same_filters(market: Person) -> None:
    def titles(*arguments: str) -> set[str]:
        return {each["title"] for each in market.do("search", *arguments)["listings"]}

    assert titles("bread") == {"Rye bread", "Wheat bread"}
    assert titles("brea", "--max", "3") == {"Wheat bread"}
    assert titles("bread", "--value", "say-it") == {"Rye bread"}
    assert titles("bread rye", "--mode", "sell", "--category", "food") == {"Rye bread"}
    assert titles("bread", "--place", "Elm Street", "--min", "1") == {"Wheat bread"}
    assert titles("rye", "wheat") == set()
    assert titles("'; DROP TABLE", "--limit", "3") == titles("...") == set()


def test_the_total_counts_what_the_limit_leaves_out(market: Person) -> None:
    for arguments in (("listing", "list"), ("listing", "list", "--mine"), ("search", "bread")):
        found = market.do(*arguments, "--limit", "1")
        assert len(found["listings"]) == 1
        assert found["total"] > 1
    assert market.text("listing", "list", "--limit", "1").endswith("... and 3 more\n")


@pytest.mark.parametrize("bound", ["--min", "--max"])
def test_a_bound_is_a_price(market: Person, bound: str) -> None:
    assert market.refused("listing", "list", bound, "1.234") == "ambiguous-price"
    assert market.refused("search", "bread", bound, "much") == "ambiguous-price"


def test_an_unknown_value_is_pointed_out_to_people(market: Person) -> None:
    answer = market.call("search", "bread", "--value", "fair")

    assert answer.out == "Nothing found.\n"
    assert answer.err == "The charter has no value fair.\n"


def test_a_title_from_elsewhere_can_neither_steer_a_terminal_nor_fake_a_row(
    ana: Person, ben: Person
) -> None:
    hostile = Listing(
        title="\x1b]0;owned\x07Cake\n12345678  sell     Gold",
        mode="sell",
        price=5,
        currency="\x9b31m",
        description="line one\r\n\x1b[2Jline two",
        place="a\u2028b",
        variants=(Variant(name="\x1bcL", price=2**53),),
    )
    with ben.home() as home:  # his program checks nothing
        made = append(home.store, home.unlock().device, [Draft("listing", hostile.body())])
    meet(ana, ben)

    listed = ana.text("listing", "list")
    shown = ana.text("listing", "show", made[0].id.hex())

    assert len(listed.splitlines()) == 1
    for text in (listed, shown):
        assert not set(text) & set("\x1b\x07\x9b\r\u2028")
    assert "line one\n\N{REPLACEMENT CHARACTER}[2Jline two" in shown
    told = ana.call("--json", "listing", "show", made[0].id.hex())
    assert told.out.isascii()
    assert told.data["listing"]["title"] == hostile.title


def test_commands_at_once_all_succeed_in_one_log(ana: Person) -> None:
    add = [COMMAND, "--home", str(ana.folder), "listing", "add", "--mode", "give"]

    adding = [
        subprocess.Popen(
            [*add, "--title", f"Cup {number}"],
            stdout=subprocess.DEVNULL,
            env=environment(),
        )
        for number in range(4)
    ]

    assert [each.wait(60) for each in adding] == [0] * 4
    titles = {each["title"] for each in ana.do("listing", "list")["listings"]}
    assert titles == {f"Cup {number}" for number in range(4)}
    assert ana.do("verify")["faults"] == []
    assert ana.do("status")["forks"] == []
