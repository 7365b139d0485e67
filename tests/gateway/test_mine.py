"""A member's own listings at the desk: found again, changed together, shared, taken down."""

from __future__ import annotations

import pytest

from node import market
from node.gateway.offers import listing_path
from storage.database import set_meta
from tests.gateway.own import draft, drafts, offers, text
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.village import DAY, Village


async def test_the_list_shows_each_part_with_what_matters(village: Village, desk):
    village.ana.offer("Rye bread", place="Bern", quantity=3, expires_ms=village.now + 5 * DAY)
    village.ana.offer("Members' bread", audience="members")
    village.ana.offer("Old bread", expires_ms=village.now + DAY)
    village.ana.withdraw(village.ana.offer("Gone bread"))
    village.ben.offer("Ben's chair")
    village.catch_up()
    draft(village, "Stool")
    village.now += DAY

    open_ = text(await desk.get("/mine"))
    assert "Rye bread €3.50 · For sale · Food · Bern · 3 left · ends in 4 days" in open_
    assert "Members' bread €3.50 · For sale · Food · for members only" in open_
    for title in ("Old bread", "Gone bread", "Stool", "Ben's chair"):
        assert title not in open_
    assert "Stool" in text(await desk.get("/mine?show=drafts"))
    assert "Old bread" in text(await desk.get("/mine?show=expired"))
    assert "Gone bread" in text(await desk.get("/mine?show=withdrawn"))
    found = text(await desk.get("/mine?q=rye"))
    assert "Rye bread" in found
    assert "Members' bread" not in found
    assert "Nothing fits." in text(await desk.get("/mine?show=drafts&q=rye"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("show=stolen", "There is no such list"),
        ("page=-1", 'There is no page "-1"'),
        ("page=7", "There is no page 7"),
        ("q=" + "a" * 10_000, "its first 200 characters"),
    ],
)
async def test_a_strange_address_says_what_it_shows_instead(desk, query, said):
    assert said in text(await desk.get(f"/mine?{query}"))


async def test_many_listings_are_withdrawn_at_once_after_a_look(village: Village, desk):
    ids = village.ana.offer_many([{"title": f"Loaf {n}", "mode": "sell"} for n in range(60)])
    page = await desk.get("/mine")
    assert "60 listings" in text(page)

    sure = await send_from(desk, page, {"all": True}, button="Withdraw")
    assert "60 listings change." in text(sure)
    assert len(offers(village)) == 60
    before = village.ana.store.db.execute("SELECT count(*) FROM record").fetchone()[0]
    done = await send_from(desk, sure, button="Do it")

    assert "60 listings were changed." in text(await follow(desk, done))
    assert offers(village) == []
    after = village.ana.store.db.execute("SELECT count(*) FROM record").fetchone()[0]
    assert after - before == len(ids)


async def test_a_category_is_changed_for_the_ticked_ones_alone(village: Village, desk):
    rye, oak = village.ana.offer("Rye", category="Food"), village.ana.offer("Oak", category="Wood")
    bun = village.ana.offer("Bun", category="Bread")
    picks = {"pick": [rye.hex(), bun.hex()]}

    sure = await send(desk, "/mine", {**picks, "category": "Bread"}, button="Show what changes")
    said = text(sure)
    assert "1 listing changes." in said
    assert "1 is so already and stays as it is." in said
    assert "Category : from Food to Bread Rye" in said
    done = await send_from(desk, sure, button="Do it")

    assert "1 listing was changed. 1 was so already" in text(await follow(desk, done))
    home = village.home()
    kept = {i: market.lookup(home, i).listing.category for i in (rye, oak, bun)}
    assert kept == {rye: "Bread", oak: "Wood", bun: "Bread"}


async def test_drafts_are_published_together(village: Village, desk):
    made = [draft(village, title) for title in ("Stool", "Bench")]

    sure = await send(
        desk, "/mine?show=drafts", {"pick": [each.hex() for each in made]}, button="Publish"
    )
    await send_from(desk, sure, button="Do it")

    assert {each.title for each in offers(village)} == {"Stool", "Bench"}
    assert drafts(village) == []


async def test_what_moved_between_the_look_and_the_deed_is_looked_at_again(village, desk):
    bread = village.ana.offer("Bread")
    picked = {"pick": bread.hex(), "price-how": "percent-up", "price-by": "10"}
    sure = await send(desk, "/mine", picked, button="Show what changes")
    assert "Price : from €3.50 to €3.85 Bread" in text(sure)
    market.edit(village.home(), bread.hex(), {"price": 400})

    late = await send_from(desk, sure, button="Do it")

    assert late.status_code == 409
    assert "Something was changed in the meantime, so nothing was done." in text(late)
    assert offers(village)[0].price == 400
    await send_from(desk, late, button="Do it")
    assert offers(village)[0].price == 440


async def test_one_that_stands_in_the_way_keeps_all_as_they_are(village: Village, desk):
    cheap, dear = village.ana.offer("Cheap", price=30), village.ana.offer("Dear", price=900)
    picked = {"pick": [cheap.hex(), dear.hex()], "price-how": "amount-down", "price-by": "0.50"}

    sure = await send(desk, "/mine", picked, button="Show what changes")

    said = text(sure)
    assert "Cheap : From €0.30 so much can't be taken away" in said
    assert "for all of them or for none" in said
    assert "Do it" not in said
    assert {each.price for each in offers(village)} == {30, 900}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Nothing was filled in"),
        ({"category": "Food"}, "Tick the listings that are meant."),
        ({"price-how": "percent-up", "price-by": "lots"}, '"lots" is no percentage'),
        ({"price-how": "percent-up"}, "is no percentage"),
        ({"price-how": "amount-up"}, "Say by how much"),
        ({"price-by": "3"}, "Say how the prices are to change."),
        ({"expires": "2020-01-01"}, "That day has begun already"),
        ({"expires": "soon"}, '"soon" is no day'),
    ],
)
async def test_a_change_of_many_that_says_nothing_clear_is_asked_again(village, desk, fields, said):
    village.ana.offer("Bread")

    answer = await send(desk, "/mine", fields, button="Show what changes")

    assert answer.status_code == 422
    assert said in text(answer)
    form = find_form(answer.text, ["price-by"])
    assert {name: form.value(name) for name in fields} == fields


async def test_withdrawing_asks_first_and_says_when_it_was_done_before(village: Village, desk):
    bread = village.ana.offer("Bread")
    path = f"{listing_path(bread)}/withdraw"
    page, again = await desk.get(path), await desk.get(path)
    assert "can't be opened again" in text(page)

    first = await send_from(desk, page, button="Withdraw it")
    assert "“Bread” was withdrawn." in text(await follow(desk, first))
    second = await send_from(desk, again, button="Withdraw it")

    late = await desk.get(second.headers["location"])
    assert late.status_code == 410
    assert "It was withdrawn already." in text(late)


async def test_erasing_says_what_it_means_and_leaves_no_text(village: Village, desk):
    bread = village.ana.offer("Secret bread")

    page = await desk.get(f"{listing_path(bread)}/erase")
    assert "this can't be undone" in text(page)
    done = await send_from(desk, page, button="Erase it")

    assert "It was erased." in text(await follow(desk, done))
    assert (await desk.get(listing_path(bread))).status_code == 404
    assert "Secret" not in text(await desk.get("/mine"))


async def test_the_owner_finds_what_to_do_on_a_listings_own_page(village: Village, desk, shop):
    bread = village.ana.offer("Bread")
    number = bread.hex()[:16]
    page = check_page((await desk.get(listing_path(bread))).text)
    links = {each["href"] for each in page.all("a")}
    assert {f"/offer/{number}", f"/listing/{number}/erase"} <= links
    assert "As guests see it" not in page.text
    assert (await desk.get(f"/qr/listing/{number}")).status_code == 404

    set_meta(village.ana.store.db, "shop_url", "https://ana.example")
    set_meta(village.ana.store.db, "shop", "127.0.0.1:8200")
    page = check_page((await desk.get(listing_path(bread))).text)

    assert "As guests see it" in page.text
    assert f"https://ana.example/listing/{number}" in {each["href"] for each in page.all("a")}
    assert (await desk.get(f"/qr/listing/{number}")).headers["content-type"] == "image/svg+xml"
    assert f"/offer/{number}" not in (await shop.get(listing_path(bread))).text


async def test_while_ana_is_away_her_pages_say_until_when(village: Village, desk, shop):
    bread = village.ana.offer("Bread")
    gone = await send(desk, "/away", {"until": "2026-12-24", "note": "Skiing."}, button="Save")
    assert "you are away until 24 December 2026." in text(await follow(desk, gone))

    for path in ("/", "/search", listing_path(bread), f"/member/{village.ana.id.hex()[:16]}"):
        assert "Ana is away until 24 December 2026." in text(await shop.get(path)), path
    village.now = 1_798_070_400_000 + DAY - 1
    assert "is away" in text(await shop.get(listing_path(bread)))
    village.now += 1
    assert "is away" not in text(await shop.get(listing_path(bread)))


async def test_ana_is_back_before_the_day(village: Village, desk):
    village.ana.offer("Bread")
    page = await follow(desk, await send(desk, "/away", {"until": "2026-12-24"}, button="Save"))

    await send_from(desk, page, button="I am back")

    assert "is away" not in text(await desk.get("/search"))


@pytest.mark.parametrize(
    ("until", "said"),
    [("2020-01-01", "is over already"), ("", "is no date"), ("soon", "is no date")],
)
async def test_a_day_away_that_can_not_be_is_refused(desk, until, said):
    answer = await send(desk, "/away", {"until": until, "note": "Skiing."}, button="Save")

    assert answer.status_code == 422
    assert said in text(answer)
    assert find_form(answer.text, ["until"]).value("note") == "Skiing."
