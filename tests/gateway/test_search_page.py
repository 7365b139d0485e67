"""Filters in the address, and what is wrong with them in a sentence."""

from __future__ import annotations

import pytest

from node.gateway.filters import LAST_PAGE
from protocol.kinds.listing import Claim
from tests.gateway.reading import Reader, check_page
from tests.gateway.village import Village


async def search(client, query: str) -> Reader:
    answer = await client.get(f"/search?{query}")
    assert answer.status_code == 200
    return check_page(answer.text)


def titles(page: Reader) -> list[str]:
    """Of the listings found, in order."""
    return [word for word in page.words if word.startswith("T:")]


@pytest.fixture
def market(village: Village) -> Village:
    claim = (Claim(value="mend"),)
    village.ana.offer("T: Bread", price=350, category="Food", place="Bern")
    village.ana.offer("T: Oak stool", price=9000, category="Furniture", place="Thun", values=claim)
    village.ana.offer("T: Bread knife", price=2500, mode="lend", category="Tools", place="Bern")
    village.ana.offer("T: Cup wanted", price=None, mode="wanted", category="Pottery")
    return village


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["T: Cup wanted", "T: Bread knife", "T: Oak stool", "T: Bread"]),
        ("q=stool", ["T: Oak stool"]),
        ("q=BRE", ["T: Bread", "T: Bread knife"]),
        ("q=bread&mode=lend", ["T: Bread knife"]),
        ("mode=wanted", ["T: Cup wanted"]),
        ("category=FOOD", ["T: Bread"]),
        ("place=bern&sort=new", ["T: Bread knife", "T: Bread"]),
        ("value=mend", ["T: Oak stool"]),
        ("min=25", ["T: Bread knife", "T: Oak stool"]),
        ("max=25.00", ["T: Bread", "T: Bread knife"]),
        ("min=3.50&max=25", ["T: Bread", "T: Bread knife"]),
        ("sort=price", ["T: Bread", "T: Bread knife", "T: Oak stool", "T: Cup wanted"]),
        ("sort=price-desc", ["T: Oak stool", "T: Bread knife", "T: Bread", "T: Cup wanted"]),
        ("q=nothing", []),
        ("unknown=1&utm_source=x", ["T: Cup wanted", "T: Bread knife", "T: Oak stool", "T: Bread"]),
    ],
)
async def test_each_filter_finds_what_it_says(market: Village, shop, desk, query, found):
    for client in (shop, desk):
        page = await search(client, query)
        same_order = "sort" in query or query in ("", "unknown=1&utm_source=x")
        shown = titles(page)
        assert shown == found if same_order else sorted(shown) == sorted(found)
        assert f"{len(found)} listing" in page.text


async def test_the_form_keeps_what_was_asked(market: Village, shop):
    page = await search(
        shop, "q=bread&mode=lend&category=Tools&place=Bern&value=mend&min=1&max=99.50&sort=price"
    )

    values = {field["name"]: field.get("value", "") for field in page.all("input")}
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert values == {"q": "bread", "place": "Bern", "min": "1", "max": "99.50"}
    assert chosen == ["lend", "tools", "mend", "price"]
    assert "Filters (6 are on)" in page.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("page=-1", 'There is no page "-1", so this is the first one.'),
        ("page=0", 'There is no page "0"'),
        ("page=two", 'There is no page "two"'),
        ("page=1e3", 'There is no page "1e3"'),
        ("page=%D9%A3", 'There is no page "٣"'),
        ("page=99999999999999999999", "There is no page"),
        ("page=7", "There is no page 7, so this is the last one."),
        ("sort=random()", 'There is no order called "random()"'),
        ("mode=steal", 'There is no kind of listing called "steal"'),
        ("value=no such", 'The charter has no value called "no such"'),
        ("min=cheap", '"cheap" is no price, so it was left out; write it as 3.50.'),
        ("max=1e9", '"1e9" is no price'),
        ("min=-5", '"-5" is no price'),
        ("max=" + "9" * 500, '"' + "9" * 40 + '…" is no price'),
        ("min=90&max=3", "The lowest price was above the highest; they were exchanged."),
        ("category=" + "c" * 101, "No category has so long a name"),
        ("place=" + "p" * 101, "No place has so long a name"),
        ("q=" + "bread+" * 1700, "Your search was long; its first 200 characters were used."),
        ("q=" + "%F0%9F%8D%9E" * 5000, "Your search was long"),
        ("q=%21%3F", "A search needs letters or digits, so all listings are shown."),
    ],
)
async def test_a_wrong_filter_is_left_out_and_the_page_says_so(
    market: Village, shop, desk, query, sentence
):
    for client in (shop, desk):
        assert sentence in (await search(client, query)).text


@pytest.mark.parametrize(
    "query",
    [
        "q=%00%ff%fe",
        "q=a%00b",
        "&&&===",
        "q",
        "q=1&q=2",
        "%",
        "q=%ZZ",
        "page=",
        "min=&max=&q=",
        "q=AND+OR+NOT",
        "q=NEAR(a,b)",
        "q=title:bread",
        "q=%22",
        "q=*",
        "q=a*",
        "q=-a",
        "q=^a",
        "place=%27%3B+DROP+TABLE+listing",
        "category=%25",
        "value=%20mend%20",
        "q=%ED%A0%80",
    ],
)
async def test_odd_addresses_still_make_a_page(market: Village, shop, query):
    await search(shop, query)


async def test_pages_follow_each_other_and_keep_the_filters(village: Village, shop):
    village.ana.offer_many(
        [{"title": f"T: Loaf {n}", "mode": "sell", "category": "Food"} for n in range(50)]
    )

    first = await search(shop, "q=loaf&category=food")
    following = [link["href"] for link in first.all("a") if link.get("rel") == "next"]
    second = check_page((await shop.get(following[0])).text)
    third = await search(shop, "q=loaf&category=food&page=3")

    assert following == ["/search?q=loaf&category=food&page=2"]
    assert "Page 1 of 3" in first.text
    assert [len(titles(page)) for page in (first, second, third)] == [24, 24, 2]
    assert not set(titles(first)) & set(titles(second))
    before = [link["href"] for link in second.all("a") if link.get("rel") == "prev"]
    assert before == ["/search?q=loaf&category=food"]


async def test_many_results_are_counted_up_to_a_thousand(village: Village, shop):
    village.ana.offer_many([{"title": f"Loaf {n}", "mode": "sell"} for n in range(1005)])

    page = await search(shop, f"page={LAST_PAGE}")

    assert "More than 1,000 listings" in page.text
    assert f"Page {LAST_PAGE} of {LAST_PAGE}" in page.text
    assert "There is no page 9,000" in (await search(shop, "page=9000")).text


async def test_what_search_can_not_find_yet_is_said(village: Village, shop, gateway):
    village.ana.offer_many([{"title": f"Loaf {n}", "mode": "sell"} for n in range(100)])

    assert "100 new listings can't be found by their words yet" in (await search(shop, "q=a")).text
    assert "can't be found" not in (await search(shop, "")).text


async def test_counts_beside_filters_are_gathered_only_now_and_then(village: Village):
    ticks = [100.0]
    gateway = village.gateway(monotonic=lambda: ticks[0])
    village.ana.offer("Bread")
    assert gateway.facts.categories(guests=True) == (("food", 1),)
    village.ana.offer("Rye")
    assert gateway.facts.categories(guests=True) == (("food", 1),)
    ticks[0] += 3.1
    assert gateway.facts.categories(guests=True) == (("food", 2),)


async def test_names_and_members_are_fresh_even_when_another_process_wrote(village: Village, shop):
    from storage.store import open_store

    assert "Ana" in (await shop.get("/community")).text
    path = village.ana.store.db.execute("PRAGMA database_list").fetchone()[2]
    second = open_store(path, device=village.ana.device.public, now_ms=lambda: village.now)
    first, village.ana.store = village.ana.store, second
    village.ana.introduce("Anna-Maria", version=2)
    village.ana.store = first
    second.close()

    assert "Anna-Maria" in (await shop.get("/community")).text
