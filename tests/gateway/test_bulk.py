"""What a change of many listings does to each, before anything is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import market, shelf
from node.gateway import bulk
from node.gateway.bulk import Change, basis_points, by_percent
from node.gateway.forms import Form
from node.gateway.words import ENGLISH
from protocol.errors import Refused
from protocol.kinds.listing import Listing, Variant
from protocol.spot import Spot
from tests.gateway.village import DAY, Village


def plan(village: Village, ids: list[bytes], **change: object) -> bulk.Plan:
    home = village.home()
    offers = [market.lookup(home, each) for each in ids]
    return bulk.plan(home, offers, Change(**{"do": "change", **change}), ENGLISH)  # type: ignore[arg-type]


@given(st.integers(0, 2**53), st.integers(-10_000, bulk.MOST_PERCENT))
def test_a_percentage_is_rounded_to_the_nearest_unit_with_halves_up(price: int, share: int):
    exact = price * (10_000 + share)  # ten-thousandths of a unit

    assert -5_000 < by_percent(price, share) * 10_000 - exact <= 5_000


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("10", 1000),
        ("7.5", 750),
        ("7,5 %", 750),
        ("0.01", 1),
        ("1000", 100_000),
        ("0", None),
        ("", None),
        ("-5", None),
        ("1.234", None),
        ("1001", None),
        (".5", None),
        ("ten", None),
        ("٣", None),
    ],
)
def test_a_percentage_is_read_to_two_decimals(text, share):
    assert basis_points(text) == share


def test_prices_of_variants_change_with_the_listings_own(village: Village):
    mug = village.ana.offer(
        "Mug", price=999, variants=(Variant(name="Small"), Variant(name="Large", price=1505))
    )

    found = plan(village, [mug], price_how="percent-down", price_by="10")

    after = found.steps[0].after
    assert after is not None
    assert after.price == 899
    assert [each.price for each in after.variants] == [None, 1355]
    assert [(each.before, each.after, each.titles) for each in found.lines] == [
        ("€9.99", "€8.99", ("Mug",)),
        ("€15.05", "€13.55", ("Mug (Large)",)),
    ]


def test_what_is_on_request_stays_on_request(village: Village):
    mug = village.ana.offer("Mug", price=None)

    found = plan(village, [mug], price_how="set", price_by="3")

    assert (found.steps, found.same) == ((), 1)


def test_an_amount_is_read_in_each_listings_own_currency(village: Village):
    euro, yen = village.ana.offer("A", price=100), village.ana.offer("B", price=100, currency="JPY")

    whole = plan(village, [euro, yen], price_how="amount-up", price_by="5")
    parts = plan(village, [euro, yen], price_how="amount-up", price_by="5.50")

    assert [step.after.price for step in whole.steps if step.after] == [600, 105]
    assert [title for title, _ in parts.hindered] == ["B"]


def test_the_same_change_of_several_listings_is_one_line(village: Village):
    ids = [village.ana.offer(title, category="Food") for title in ("Rye", "Spelt")]

    found = plan(village, ids, texts={"category": "Bread"}, clear=frozenset({"tags"}))

    assert found.lines == (bulk.Line("Category", "Food", "Bread", ("Rye", "Spelt")),)


def test_tags_are_added_and_removed_whatever_their_case(village: Village):
    mug = village.ana.offer("Mug", tags=("Blue", "old"))

    found = plan(village, [mug], tags_add=("mug", "old"), tags_remove=frozenset({"blue"}))

    assert found.steps[0].after is not None
    assert found.steps[0].after.tags == ("old", "mug")


def test_a_new_place_takes_the_old_spot_along(village: Village):
    mug = village.ana.offer("Mug", place="Bern", spot=Spot(4695, 745))

    found = plan(village, [mug], texts={"place": "Thun"})

    assert found.steps[0].after is not None
    assert found.steps[0].after.spot is None


def test_what_was_withdrawn_stands_in_the_way_of_a_change_but_not_of_withdrawing(village):
    mug = village.ana.offer("Mug")
    village.ana.withdraw(mug)

    assert plan(village, [mug], texts={"category": "Food"}).hindered[0][0] == "Mug"
    assert plan(village, [mug], do="withdraw").same == 1


def test_a_draft_whose_day_has_passed_is_not_published(village: Village):
    home = village.home()
    ends = village.now + DAY
    with home.store.transaction():
        mug = market.save_draft(home, None, Listing(title="Mug", mode="sell", expires_ms=ends))
    village.now += 2 * DAY

    assert "is over already" in plan(village, [mug], do="publish").hindered[0][1]


def test_a_seal_is_another_one_when_anything_differs(village: Village):
    mug = village.ana.offer("Mug")
    first = plan(village, [mug], texts={"category": "Food", "place": "Bern"})
    same = plan(village, [mug], texts={"category": "Food", "place": "Bern"})
    other = plan(village, [mug], texts={"category": "Food", "place": "Thun"})
    market.edit(village.home(), mug.hex(), {"condition": "new"})
    later = plan(village, [mug], texts={"category": "Food", "place": "Bern"})

    assert first.seal == same.seal
    assert len({first.seal, other.seal, later.seal}) == 3


def test_all_or_nothing_is_written(village: Village):
    home = village.home()
    mug, jug = village.ana.offer("Mug"), village.ana.offer("Jug")
    bad = Listing(title="x" * 201, mode="sell")
    steps = [
        shelf.Step(market.lookup(home, mug), Listing(title="Cup", mode="sell")),
        shelf.Step(market.lookup(home, jug), bad),
    ]

    with pytest.raises(Refused):
        shelf.change_all(home, steps)

    assert market.lookup(home, mug).listing.title == "Mug"


def test_drafts_and_listings_change_together(village: Village):
    home = village.home()
    with home.store.transaction():
        kept = market.save_draft(home, None, Listing(title="Kept", mode="sell"))
        gone = market.save_draft(home, None, Listing(title="Gone", mode="sell"))
        out = market.save_draft(home, None, Listing(title="Out", mode="sell"))
    mug, jug = village.ana.offer("Mug"), village.ana.offer("Jug")
    found = {each: market.lookup(home, each) for each in (kept, gone, out, mug, jug)}

    shelf.change_all(
        home,
        [
            shelf.Step(found[mug], Listing(title="Cup", mode="sell")),
            shelf.Step(found[kept], Listing(title="Still", mode="sell")),
            shelf.Step(found[jug], None),
            shelf.Step(found[out], found[out].listing, publish=True),
            shelf.Step(found[gone], None),
        ],
    )

    def titles(part: str) -> set[str]:
        seen = shelf.look(home, part, limit=9, offset=0, count_to=9)
        return {offer.listing.title for offer in seen.offers}

    assert titles("open") == {"Cup", "Out"}
    assert titles("drafts") == {"Still"}
    assert titles("withdrawn") == {"Jug"}
    became = market.became(home, out.hex())
    assert became is not None
    assert market.lookup(home, became).listing.title == "Out"


def test_a_form_without_a_known_button_asks_what_to_do():
    _, said = bulk.read(Form({"do": ("explode",)}), now_ms=0, words=ENGLISH)

    assert said == "Choose what to do with them."
