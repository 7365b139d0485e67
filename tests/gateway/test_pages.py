"""Every page in both apps, as a person reads it."""

from __future__ import annotations

import httpx
import pytest

from node.gateway.offers import listing_path, member_path
from protocol.kinds.listing import Claim, Variant
from tests.gateway.reading import check_page
from tests.gateway.village import DAY, Village


@pytest.fixture(params=["shop", "desk"])
def reader(request: pytest.FixtureRequest, shop, desk) -> httpx.AsyncClient:
    """Whoever reads: a guest at the shop window, or the owner at the desk."""
    return {"shop": shop, "desk": desk}[request.param]


async def read(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return check_page(answer.text).text


async def test_the_front_page_shows_what_is_new_first(village: Village, reader):
    village.ben.offer("Rye bread", place="Bern")
    village.now += DAY
    village.ben.offer("Oak stool", category="Furniture", price=120_000)
    village.catch_up()

    text = await read(reader, "/")

    assert text.index("Oak stool") < text.index("Rye bread")
    assert "€1,200.00 For sale · Ben" in text
    assert "€3.50 For sale · Ben · Bern" in text


async def test_an_empty_community_has_a_front_page_too(desk, shop):
    assert "Nothing is on offer yet." in await read(desk, "/")
    assert "Ana has nothing on offer at the moment." in await read(shop, "/")
    for reader in (desk, shop):
        assert "0 listings Nothing fits." in await read(reader, "/search")


async def test_the_desk_says_how_many_neighbours_are_in_touch(desk, shop):
    assert "in touch with 2 neighbours" in await read(desk, "/")
    assert "neighbours" not in await read(shop, "/")


async def test_a_listing_shows_all_that_its_maker_said(village: Village, reader):
    bread = village.ana.offer(
        "Sourdough",
        description="Baked on *Friday*.",
        story="# The mill\nat the bend",
        place="Bern",
        condition="fresh",
        delivery="by bicycle",
        quantity=12,
        tags=("rye", "spelt"),
        expires_ms=village.now + 30 * DAY,
        variants=(Variant(name="Small", quantity=4), Variant(name="Large", price=1150)),
        values=(Claim(value="made-here", evidence="Our own oven."), Claim(value="gone")),
    )

    text = await read(reader, listing_path(bread))

    for part in (
        "Sourdough from €3.50 For sale · by Ana",
        "Baked on Friday .",
        "The mill at the bend",
        "Place Bern",
        "Condition fresh",
        "Delivery by bicycle",
        "Left 12",
        "Tags rye, spelt",
        "Open until 21 October 2026",
        "Small €3.50 4",
        "Large €11.50",
        "What we sell as our own was made within 50 km",
        "Our own oven.",
        "gone The community has no such value.",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"price": None}, "Price on request For sale"),
        ({"price": None, "mode": "give"}, "To give away by Ana"),
        ({"price": None, "mode": "wanted"}, "Wanted by Ana"),
        ({"price": 500, "currency": "CREDIT"}, "5.00 credits"),
        ({"price": 500, "currency": "JPY"}, "JP¥500"),
        ({"price": 500, "currency": "Bun"}, "5.00 Bun"),
        ({"price": 2**53, "currency": ""}, "90,071,992,547,409.92"),
    ],
)
async def test_a_price_is_written_as_people_write_it(village: Village, shop, fields, said):
    bread = village.ana.offer(**fields)

    assert said in await read(shop, listing_path(bread))


async def test_a_withdrawn_listing_says_so_and_no_more(village: Village, reader):
    bread = village.ana.offer("Bread", description="Secret recipe")
    village.ana.withdraw(bread)

    text = await read(reader, listing_path(bread), status=410)

    assert "Ana has withdrawn this listing." in text
    assert "Secret recipe" not in text


async def test_an_expired_listing_says_so(village: Village, reader):
    bread = village.ana.offer("Bread", expires_ms=village.now + DAY)
    village.now += 2 * DAY

    assert "This listing ended on 22 September 2026." in await read(reader, listing_path(bread))
    assert "Bread" not in await read(reader, "/")


async def test_a_newcomers_listing_is_marked_in_calm_words(village: Village, reader):
    cup = village.eva.offer("Cup")
    village.catch_up()

    assert "Cup €3.50 For sale · Eva new here, not yet confirmed" in await read(reader, "/")
    assert "The maker is new here" in await read(reader, listing_path(cup))
    assert "new here, not yet confirmed" in await read(reader, member_path(village.eva.id))


async def test_a_member_shows_profile_and_listings(village: Village, reader):
    village.ana.offer("Bread")
    village.ben.offer("Chair")
    village.catch_up()

    ana = await read(reader, member_path(village.ana.id))
    ben = await read(reader, member_path(village.ben.id))

    assert "I bake ." in ana
    assert "Place Bern" in ana
    assert "Good at baking repair" in ana
    assert "1 listing Bread" in ana
    assert "Chair" not in ana
    assert "Invited by Ana" in ben


async def test_a_member_with_many_listings_has_pages(village: Village, reader):
    village.ana.offer_many([{"title": f"Loaf {n}", "mode": "sell"} for n in range(30)])

    path = member_path(village.ana.id)
    first, second = await read(reader, path), await read(reader, f"{path}?page=2")
    far = await read(reader, f"{path}?page=99")

    assert "30 listings" in first
    assert "Page 1 of 2 Next" in first
    assert "Previous Page 2 of 2" in second
    assert "Page 2 of 2" in far


async def test_the_community_page_tells_values_rules_and_people(reader):
    text = await read(reader, "/community")

    assert "Riverside makers" in text
    assert "We mend what we sold, or find someone who can. Things should last." in text
    assert "1 vouch, 30 days of probation, 5 invitations per member" in text
    assert "Ana Ben invited by Ana Eva new here, not yet confirmed invited by Ana" in text


async def test_names_that_strain_a_page_stay_inside_it(village: Village, reader):
    village.ben.introduce("🙂" * 100, version=2, about="مرحبا بكم", skills=("W" * 80,))
    village.ben.offer("كتاب", category="كتب", place="عمّان")
    village.catch_up()

    assert "🙂" * 100 in await read(reader, member_path(village.ben.id))
    assert "كتاب" in await read(reader, "/search?category=كتب")


async def test_someone_without_a_profile_is_still_called_something(village: Village, reader):
    village.eva.introduce(" ", version=2)
    village.catch_up()

    assert f"Someone without a name yet ({village.eva.id.hex()[:8]})" in await read(
        reader, "/community"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/listing/" + "0" * 16,
        "/listing/xyz",
        "/listing/%00%ff",
        "/member/abc",
        "/member/" + "0" * 64,
        "/search/",
        "/listing/a/b",
        "/static/x.css",
    ],
)
async def test_an_unknown_address_says_that_nothing_is_there(reader, path):
    await read(reader, path, status=404)


async def test_a_very_long_address_says_so(reader):
    assert "longer than any page" in await read(reader, "/listing/" + "a" * 9000, status=414)


async def test_pages_can_only_be_read(reader):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        answer = await reader.request(method, "/", content=b"x=1")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
        check_page(answer.text)
    assert (await reader.head("/")).status_code == 200


async def test_a_fault_in_a_page_is_told_calmly_and_logged_without_the_address(
    village: Village, reader, monkeypatch, caplog
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("node.gateway.pages.search.find", fail)
    text = await read(reader, "/search?q=my+secret+wish", status=500)

    assert "This page could not be made." in text
    assert "/search failed: ZeroDivisionError" in caplog.text
    assert "wish" not in caplog.text


async def test_a_broken_store_is_explained_to_the_owner_alone(village: Village, desk, shop):
    village.ana.store.db.execute("DROP TABLE listing_text")
    village.ana.store.db.execute("DROP TABLE record")

    for client in (desk, shop):
        answer = await client.get("/search?q=bread")
        assert answer.status_code in (500, 503)
        check_page(answer.text)


async def test_before_the_founding_record_is_here_every_page_says_so(tmp_path):
    from node.gateway.apps import shop_app
    from node.gateway.context import Gateway
    from node.home import Home
    from node.keystore import KeyFile
    from storage.store import create_store

    store = create_store(
        tmp_path / "new.db", community=bytes(32), device=bytes(32), now_ms=lambda: 0
    )
    keyfile = KeyFile(
        path=tmp_path / "keys.json",
        community=bytes(32),
        person=bytes(32),
        device=bytes(32),
        sealed=False,
    )
    gateway = Gateway(secret=bytes(16), home=Home(path=tmp_path, keyfile=keyfile, store=store))
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        hall = ("/charter", "/charter/history", "/values", "/offices", "/assembly.atom")
        market = ("/", "/search", "/community", "/listing/00000000", "/member/00000000")
        for path in (*market, *hall):
            assert "has not heard from its community yet" in await read(client, path, status=503)
    store.close()
