"""The form of a listing at the desk: published, kept, refused, met by another tab."""

from __future__ import annotations

import pytest

from node.claiming import in_force
from node.gateway.offers import listing_path
from protocol.kinds.listing import Claim, Listing, Variant
from tests.gateway.own import draft, drafts, offers, text
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.village import Village

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
        values=(
            Claim(value="made-here", evidence="Our own oven.", charter=in_force(village.home())),
        ),
    )
    assert made.spot is not None


async def test_a_refused_field_says_so_and_loses_nothing(village: Village, desk):
    typed = {**EVERYTHING, "price": "cheap", "quantity": "many", "expires": "2020-01-01"}

    answer = await send(desk, "/offer", typed, button="Publish")

    assert answer.status_code == 422
    said = text(answer)
    assert '"cheap" is no price' in said
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
