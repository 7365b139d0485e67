"""Where somebody or something is, on the command line; prices from; an invitation's page."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.invitation import read_link
from storage.database import set_meta
from tests.cli.people import Person, invited, meet


def test_a_profile_says_where_its_person_is_to_about_a_kilometre(ana: Person) -> None:
    made = ana.do("profile", "set", "--place", "Mill", "--spot", "47.9961 N 7.8494 E")["profile"]

    assert (made["place"], made["spot"]) == ("Mill", "48.00, 7.85")
    assert "spot      48.00, 7.85" in ana.text("profile", "show")
    kept = ana.do("profile", "set", "--about", "I bake.")["profile"]
    assert kept["spot"] == "48.00, 7.85"
    for away in ("", "none"):
        assert ana.do("profile", "set", "--spot", away)["profile"]["spot"] is None
        ana.do("profile", "set", "--spot", kept["spot"])


def test_a_listing_may_be_elsewhere_than_its_maker(ana: Person) -> None:
    bread = ana.add("Bread", "--spot", "geo:47.5,7.6")
    assert bread["spot"] == "47.50, 7.60"

    after = ana.do("listing", "edit", bread["id"], "--spot", "-33.86, 151.21")["listing"]

    assert after["spot"] == "-33.86, 151.21"
    assert "spot      -33.86, 151.21" in ana.text("listing", "show", bread["id"])
    assert ana.do("listing", "edit", bread["id"], "--spot", "none")["listing"]["spot"] is None


@pytest.mark.parametrize("spot", ["Freiburg", "91, 0", "47.99", "https://www.openstreetmap.org/"])
def test_what_is_no_spot_is_refused_and_nothing_is_changed(ana: Person, spot: str) -> None:
    assert ana.refused("profile", "set", "--name", "Anna", "--spot", spot) == "bad-spot"
    assert ana.do("profile", "show")["profile"]["name"] == "Ana"
    assert ana.refused("listing", "add", "--title", "X", "--mode", "give", "--spot", spot)


def test_the_lowest_price_is_named_as_pages_name_it(ana: Person) -> None:
    variants = ("--variant", "Small", "--variant", "Large=11.50")
    bread = ana.add("Bread", "--price", "3.50", *variants)
    only = ana.add("Cake", "--variant", "Whole=20", "--variant", "Half=12")

    listed = ana.text("listing", "list")
    shown = ana.text("listing", "show", bread["id"])

    assert "Bread  from 3.50 EUR" in listed
    assert "Cake  from 12.00 EUR" in listed
    assert "price     from 3.50 EUR" in shown
    assert "variant   Small: 3.50 EUR" in shown
    assert only["price"] is None  # what was said stays what it was


def test_an_invitation_comes_with_its_page_once_guests_can_come(
    ana: Person, tmp_path: Path
) -> None:
    ben = Person("Ben", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)
    assert ana.do("invite")["pages"] == []
    with ana.home() as home:
        set_meta(home.store.db, "shop_url", "https://ana.example")
        set_meta(home.store.db, "shop", "127.0.0.1:8300")

    made = ana.do("invite")
    shown = ana.text("invite", "--qr").splitlines()

    (page,) = made["pages"]
    assert page.startswith("https://ana.example/join?i=")
    assert read_link(page) == read_link(made["link"])
    assert read_link(shown[1]) == read_link(shown[0])
    assert shown[1].startswith("https://ana.example/join?i=")
    assert "█" in "".join(shown[2:])
