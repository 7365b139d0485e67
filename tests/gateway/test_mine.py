"""A member's own listings at the desk: made, changed, found again, taken down."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PIL import Image

from node import market
from node.gateway.apps import desk_app
from node.gateway.context import Gateway
from node.gateway.offers import listing_path
from node.home import Home, join_by
from node.keystore import KeyFile, Keys
from protocol.invitation import Link
from protocol.kinds.listing import Claim, Listing, Variant
from storage.database import set_meta
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.village import DAY, DESK, Village


def offers(village: Village) -> list[Listing]:
    """What Ana has published, newest first, as it stands."""
    rows = village.ana.store.db.execute(
        "SELECT coalesce(root, id) FROM listing WHERE state = 1 ORDER BY rowid DESC"
    ).fetchall()
    home = village.home()
    return [market.lookup(home, row[0]).listing for row in rows]


def drafts(village: Village) -> list[Listing]:
    rows = village.ana.store.db.execute("SELECT id FROM draft ORDER BY made_ms DESC").fetchall()
    home = village.home()
    return [market.lookup(home, row[0]).listing for row in rows]


def draft(village: Village, title: str, **more: object) -> bytes:
    home = village.home()
    fields: dict[str, object] = {"mode": "sell", "price": 350, "currency": "EUR", **more}
    with home.store.transaction():
        return market.save_draft(home, None, Listing(title=title, **fields))  # type: ignore[arg-type]


def picture(colour: str = "red", size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def text(answer: httpx.Response) -> str:
    return check_page(answer.text).text


EVERYTHING = {
    "title": "Sourdough",
    "mode": "sell",
    "price": "3,50",
    "description": "Baked on *Friday*.\nEvery week.",
    "story": "# The mill",
    "category": "Food",
    "place": "Bern",
    "spot": "46.95, 7.45",
    "quantity": "12",
    "condition": "fresh",
    "delivery": "by bicycle",
    "audience": "members",
    "expires": "2026-12-24",
    "tags": "rye, spelt,, rye",
    "variant-0-name": "Small",
    "variant-0-quantity": "4",
    "variant-2-name": "Large",
    "variant-2-price": "11.50",
    "variant-2-sku": "L-1",
    "claim-made-here": True,
    "evidence-made-here": "Our own oven.",
}


async def test_ana_publishes_a_listing_with_everything_a_command_could_say(village: Village, desk):
    answer = await send(desk, "/offer", EVERYTHING, button="Publish")

    assert "Published." in text(await follow(desk, answer))
    (made,) = offers(village)
    assert made == Listing(
        title="Sourdough",
        mode="sell",
        price=350,
        currency="EUR",
        description="Baked on *Friday*.\nEvery week.",
        story="# The mill",
        category="Food",
        place="Bern",
        spot=made.spot,
        quantity=12,
        condition="fresh",
        delivery="by bicycle",
        audience="members",
        expires_ms=1_798_070_400_000,
        tags=("rye", "spelt"),
        variants=(Variant(name="Small", quantity=4), Variant(name="Large", price=1150, sku="L-1")),
        values=(Claim(value="made-here", evidence="Our own oven."),),
    )
    assert made.spot is not None


async def test_a_refused_field_says_so_and_loses_nothing(village: Village, desk):
    typed = {**EVERYTHING, "price": "cheap", "quantity": "many", "expires": "2020-01-01"}

    answer = await send(desk, "/offer", typed, button="Publish")

    assert answer.status_code == 422
    said = text(answer)
    assert "“cheap”" in said or '"cheap" is no price' in said
    assert "is no number" in said
    assert "That day has begun already" in said
    form = find_form(answer.text, ["title"])
    for name, value in typed.items():
        if isinstance(value, str) and not name.startswith("variant"):
            assert form.value(name).replace("\r\n", "\n") == value, name
    assert form.value("variant-1-name") == "Large"
    assert form.fields["claim-made-here"].values
    assert offers(village) == drafts(village) == []
    again = await send_from(
        desk,
        answer,
        {"price": "3.50", "quantity": "12", "expires": "2026-12-24"},
        button="Publish",
    )
    assert again.status_code == 303
    assert len(offers(village)) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ""}, "A listing needs a title."),
        ({"title": "a" * 201}, "This has 201 characters; 200 fit."),
        ({"title": "🙂" * 300}, "This has 300 characters"),
        ({"title": "a\x07b"}, "a sign in this that nobody can see (U+0007)"),
        ({"mode": "give", "price": "3"}, "What is given away has no price"),
        ({"mode": "give", "variant-0-name": "L", "variant-0-price": "3"}, "has no price"),
        ({"price": "3", "currency": "euro"}, '"EURO" is no currency'),
        ({"price": "1,234"}, '"1,234" is no price'),
        ({"expires": "2026-02-30"}, '"2026-02-30" is no day'),
        ({"variant-0-price": "3"}, "This variant needs a name."),
        ({"variant-0-name": "L", "variant-1-name": "L"}, "Another variant has this name already."),
        ({"tags": ",".join(map(str, range(51)))}, "more than the 50 tags"),
        ({"spot": "nowhere"}, "holds no coordinates"),
        ({"description": "é" * 9000}, "All texts together are too long"),
        ({"claim-made-here": True, "evidence-made-here": "a" * 1001}, "This has 1,001 characters"),
    ],
)
async def test_each_slip_gets_its_sentence(village: Village, desk, fields, said):
    answer = await send(desk, "/offer", {"title": "Bread", **fields}, button="Publish")

    assert answer.status_code == 422
    assert said in text(answer)
    assert offers(village) == drafts(village) == []


async def test_a_claim_without_a_word_why_is_published_with_a_hint(village: Village, desk):
    answer = await send(
        desk, "/offer", {"title": "Bread", "claim-made-here": True}, button="Publish"
    )

    assert "members will ask" in text(await follow(desk, answer))


async def test_ana_keeps_a_draft_and_publishes_it_later(village: Village, desk):
    kept = await send(desk, "/offer", {"title": "Stool"}, button="Save as draft")
    page = await follow(desk, kept)
    assert "Kept as a draft; nobody else sees it." in text(page)
    assert [each.title for each in drafts(village)] == ["Stool"]

    published = await send_from(desk, page, {"price": "40"}, button="Publish")

    assert "Stool €40.00" in text(await follow(desk, published))
    assert drafts(village) == []
    again = await desk.get(kept.headers["location"])  # the draft's own address leads on
    assert (again.status_code, again.headers["location"]) == (
        303,
        published.headers["location"],
    )


async def test_a_preview_shows_it_and_keeps_a_draft_once(village: Village, desk):
    page = await desk.get("/offer")
    typed = {"title": "Stool", "price": "40", "description": "Of **oak**."}

    first = await send_from(desk, page, typed, button="Preview")
    reloaded = await send_from(desk, page, typed, button="Preview")

    for answer in (first, reloaded):
        assert answer.status_code == 200
        assert "So it will look Stool €40.00 Of oak ." in text(answer)
    assert [each.title for each in drafts(village)] == ["Stool"]
    assert offers(village) == []


async def test_more_rows_keep_what_was_typed(village: Village, desk):
    answer = await send(
        desk, "/offer", {"title": "Mug", "variant-0-name": "Blue"}, button="More rows"
    )

    form = find_form(answer.text, ["variant-5-name"])
    assert (form.value("title"), form.value("variant-0-name")) == ("Mug", "Blue")
    assert drafts(village) == []


async def test_a_form_sent_twice_makes_one_listing(village: Village, desk):
    page = await desk.get("/offer")

    first = await send_from(desk, page, {"title": "Bread"}, button="Publish")
    second = await send_from(desk, page, {"title": "Bread"}, button="Publish")

    assert second.headers["location"] == first.headers["location"]
    assert "This was sent before" in text(await follow(desk, second))
    assert len(offers(village)) == 1


async def test_going_back_after_publishing_changes_that_listing_and_makes_no_second(
    village: Village, desk
):
    page = await desk.get("/offer")
    await send_from(desk, page, {"title": "Braed"}, button="Publish")

    back = await send_from(desk, page, {"title": "Bread"}, button="Publish")

    assert back.status_code == 409
    assert "Title : Braed stands now, you typed Bread" in text(back)
    saved = await send_from(desk, back, button="Save changes")
    assert "Saved." in text(await follow(desk, saved))
    assert [each.title for each in offers(village)] == ["Bread"]


async def test_two_tabs_overwrite_nothing_unseen(village: Village, desk):
    bread = village.ana.offer("Bread", place="Bern")
    path = f"/offer/{bread.hex()[:16]}"
    one, other = await desk.get(path), await desk.get(path)
    await send_from(desk, one, {"place": "Thun"}, button="Save changes")

    late = await send_from(desk, other, {"price": "4"}, button="Save changes")

    assert late.status_code == 409
    said = text(late)
    assert "changed in another tab or by a command" in said
    assert "Price : 3.50 stands now, you typed 4" in said
    assert "Place : Thun stands now, you typed Bern" in said
    assert offers(village)[0].place == "Thun"
    saved = await send_from(desk, late, {"place": "Thun"}, button="Save changes")
    assert saved.status_code == 303
    assert (offers(village)[0].place, offers(village)[0].price) == ("Thun", 400)


async def test_a_listing_withdrawn_in_another_tab_is_not_brought_back(village: Village, desk):
    bread = village.ana.offer("Bread")
    page = await desk.get(f"/offer/{bread.hex()[:16]}")
    village.ana.withdraw(bread)

    late = await send_from(desk, page, {"price": "4"}, button="Save changes")

    assert late.status_code == 409
    assert "was withdrawn in the meantime" in text(late)
    anew = await send_from(desk, late, button="Publish")
    assert "Bread €4.00" in text(await follow(desk, anew))


async def test_a_draft_thrown_away_in_another_tab_keeps_what_was_typed(village: Village, desk):
    stool = draft(village, "Stool")
    page = await desk.get(f"/offer/{stool.hex()[:16]}")
    await send(desk, f"/listing/{stool.hex()[:16]}/withdraw", button="Throw it away")

    late = await send_from(desk, page, {"price": "50"}, button="Save as draft")

    assert late.status_code == 409
    assert find_form(late.text, ["title"]).value("price") == "50"
    assert drafts(village) == []
    assert (await send_from(desk, late, button="Save as draft")).status_code == 303
    assert drafts(village)[0].price == 5000


async def test_a_form_that_changes_nothing_writes_nothing(village: Village, desk):
    bread = village.ana.offer(
        "Bread", description="  Spaces.\n\n", tags=("a, b",), expires_ms=2**45
    )

    answer = await send(desk, f"/offer/{bread.hex()[:16]}", button="Save changes")

    assert "Nothing was different." in text(await follow(desk, answer))
    assert offers(village)[0].version == 1


async def test_a_listing_of_somebody_else_has_no_form(village: Village, desk):
    chair = village.ben.offer("Chair")
    village.catch_up()

    for path in (f"/offer/{chair.hex()}", f"/listing/{chair.hex()}/erase"):
        assert (await desk.get(path)).status_code == 400
    assert "Change" not in text(await desk.get(listing_path(chair)))
    assert (await desk.get("/offer/0000000000000000")).status_code == 404


async def test_photos_stay_when_a_field_is_refused(village: Village, desk):
    first = await send(
        desk,
        "/offer",
        {"title": "Bread", "price": "cheap", "alt": "A loaf"},
        button="Publish",
        files={"photos": [("loaf.png", picture()), ("crumb.png", picture("blue"))]},
    )

    assert first.status_code == 422
    done = await send_from(
        desk, first, {"price": "3", "photo-1-alt": "Its crumb"}, button="Publish"
    )
    assert done.status_code == 303
    (made,) = offers(village)
    assert [photo.alt for photo in made.photos] == ["A loaf", "Its crumb"]


async def test_photos_are_moved_and_removed(village: Village, desk):
    files = {"photos": [(f"{n}.png", picture(n)) for n in ("red", "lime", "blue")]}
    page = await send(desk, "/offer", {"title": "Mugs"}, button="Preview", files=files)
    alts = {"photo-0-alt": "red", "photo-1-alt": "lime", "photo-2-alt": "blue"}

    await send_from(
        desk,
        page,
        {**alts, "photo-2-order": "1", "photo-1-remove": True},
        button="Publish",
    )

    assert [photo.alt for photo in offers(village)[0].photos] == ["blue", "red"]


async def test_a_photo_is_turned_once_and_by_quarters(village: Village, desk):
    out = io.BytesIO()
    left_half_red = Image.new("RGB", (600, 300), "blue")
    left_half_red.paste("red", (0, 0, 300, 300))
    left_half_red.save(out, "PNG")
    files = {"photos": [("flag.png", out.getvalue())]}
    page = await send(desk, "/offer", {"title": "Flag"}, button="Preview", files=files)

    page = await send_from(desk, page, {"photo-0-turn": "right"}, button="Preview")
    await send_from(desk, page, button="Publish")

    (photo,) = offers(village)[0].photos
    assert photo.large.width * 2 == photo.large.height
    data = (await desk.get(f"/photo/{photo.large.hash.hex()}")).content
    with Image.open(io.BytesIO(data)) as turned:
        top, bottom = (turned.convert("RGB").getpixel((100, y)) for y in (50, 500))
    assert top[0] > 200 > 60 > top[2]  # the left went up
    assert bottom[2] > 200 > 60 > bottom[0]


async def test_what_is_no_photo_is_left_out_with_the_reason(village: Village, desk):
    answer = await send(
        desk,
        "/offer",
        {"title": "Bread"},
        button="Publish",
        files={"photos": [("virus.exe", b"MZ" * 500), ("loaf.png", picture())]},
    )

    assert answer.status_code == 422
    assert "“virus.exe” was left out." in text(answer)
    assert offers(village) == []
    await send_from(desk, answer, button="Publish")
    assert len(offers(village)[0].photos) == 1


async def test_a_photo_of_40_mb_is_refused_in_the_form_itself(village: Village, desk):
    huge = picture() + bytes(40 * 1024 * 1024)

    answer = await send(
        desk, "/offer", {"title": "Bread"}, button="Publish", files={"photos": [("huge.png", huge)]}
    )

    assert answer.status_code == 422
    assert "“huge.png” was left out." in text(answer)
    assert find_form(answer.text, ["title"]).value("title") == "Bread"


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


@pytest.fixture
async def waiting(village: Village, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The desk of Dora, who took an invitation and has met nobody yet."""
    link = Link(village.community, bytes(32), bytes(32), 0, bytes(32), {})
    with closing(join_by(tmp_path / "dora", link, "Dora", None, lambda: village.now)) as home:
        gateway = Gateway(secret=bytes(32), home=home, clock=lambda: village.now)
        gateway.desk_is_at(DESK)
        transport = httpx.ASGITransport(desk_app(gateway))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
            await client.get(gateway.login_link(DESK))
            yield client


async def test_who_waits_may_write_already_and_hears_what_becomes_of_it(waiting):
    assert "Nobody has let you in yet." in text(await waiting.get("/mine"))
    page = await waiting.get("/offer")
    assert "Nobody has let you in yet." in text(page)

    typed = {"title": "Jam", "price": "4", "currency": "EUR"}
    published = await send_from(waiting, page, typed, button="Publish")

    listed = await follow(waiting, published)
    assert "it goes out as soon as the community lets you in" in text(listed)
    assert "Jam €4.00" in text(listed)
    (edit,) = (a["href"] for a in check_page(listed.text).all("a") if "/offer/" in a["href"])
    saved = await send(waiting, edit, {"price": "5"}, button="Save changes")
    assert "Jam €5.00" in text(await follow(waiting, saved))
    page = await waiting.get("/mine?show=waiting")
    (pick,) = find_form(page.text, ["pick"]).fields["pick"].options
    sure = await send_from(waiting, page, {"pick": pick}, button="Withdraw")
    await send_from(waiting, sure, button="Do it")
    assert "Jam" not in text(await waiting.get("/mine?show=waiting"))


@pytest.fixture
async def eva_desk(village: Village) -> AsyncIterator[httpx.AsyncClient]:
    """The desk of Eva, who joined and is not confirmed yet."""
    eva = village.eva
    keyfile = KeyFile(
        path=village.folder / "eva.json",
        community=village.community,
        person=eva.id,
        device=eva.device.public,
        sealed=False,
    )
    keys = Keys(person=eva.key, device=eva.device)
    home = Home(path=village.folder, keyfile=keyfile, store=eva.store, _keys=keys)
    gateway = Gateway(secret=bytes(32), home=home, clock=lambda: village.now)
    gateway.desk_is_at(DESK)
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        await client.get(gateway.login_link(DESK))
        yield client


async def test_who_is_not_confirmed_yet_reads_what_that_means(eva_desk):
    assert "marked as not yet confirmed" in text(await eva_desk.get("/mine"))
