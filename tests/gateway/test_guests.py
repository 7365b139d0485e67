"""What guests may see follows the charter and each listing's audience."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from node.gateway.apps import desk_app, shop_app
from node.gateway.offers import listing_path, member_path
from protocol.spot import Spot
from tests.gateway.reading import check_page
from tests.gateway.village import DAY, DESK, Village

Window = Callable[..., AbstractAsyncContextManager[tuple[Village, httpx.AsyncClient]]]


@pytest.fixture
def window(tmp_path: Path) -> Window:
    """`async with window(see_members=False) as (village, shop)`."""

    @asynccontextmanager
    async def open_window(
        **flags: bool,
    ) -> AsyncIterator[tuple[Village, httpx.AsyncClient]]:
        guests = {"see_listings": True, "see_members": True, "may_order": True, **flags}
        village = Village(tmp_path, {"guests": guests})
        transport = httpx.ASGITransport(shop_app(village.gateway()))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as shop:
            yield village, shop
        village.close()

    return open_window


async def test_a_listing_for_members_is_nowhere_in_the_shop_window(village: Village, shop, desk):
    secret = village.ana.offer("Secret loaf", audience="members", category="Hidden")
    withdrawn = village.ana.offer("Secret cake", audience="members")
    village.ana.withdraw(withdrawn)
    village.ana.offer("Open loaf")

    pages = ["/", "/search", "/search?q=secret", "/search?category=hidden", "/search?q=s"]
    pages += ["/catalogue", "/catalogue?category=hidden", "/poster", "/join", "/feed.atom"]
    pages += [f"/search?by={village.ana.id.hex()}", member_path(village.ana.id)]
    for page in pages:
        text = (await shop.get(page)).text.replace("aria-hidden", "")
        assert "Secret" not in text
        assert "Hidden" not in text.replace("hidden", "Hidden") or "category=hidden" in page
    for listing in (secret, withdrawn):
        answer = await shop.get(listing_path(listing))
        unknown = await shop.get("/listing/0123456789abcdef")
        assert answer.status_code == 404
        assert answer.text == unknown.text  # not even that there is one

    text = check_page((await desk.get(listing_path(secret))).text).text
    assert "For members only: your shop window does not show it." in text


async def test_a_draft_is_nowhere_in_the_shop_window(village: Village, shop):
    village.ana.store.db.execute(
        "INSERT INTO draft (id, body, made_ms) VALUES (?, x'00', 0)", [b"\x77" * 32]
    )

    assert (await shop.get(listing_path(b"\x77" * 32))).status_code == 404


async def test_a_charter_that_hides_listings_hides_them_from_guests(window: Window):
    async with window(see_listings=False) as (village, shop):
        bread = village.ana.offer("Bread")
        front = await shop.get("/")
        assert front.status_code == 200
        assert "shows its listings to its members only" in check_page(front.text).text
        pages = ["/", "/community", "/search", "/search?q=bread", listing_path(bread)]
        pages += ["/catalogue", "/poster", "/join", member_path(village.ana.id)]
        for page in pages:
            answer = await shop.get(page)
            check_page(answer.text)
            assert "Bread" not in answer.text
        closed = ("/search?q=bread", listing_path(bread), "/listing/0123456789abcdef")
        for page in (*closed, "/catalogue", "/catalogue?category=food"):
            answer = await shop.get(page)
            assert answer.status_code == 403
            assert "shows its listings to its members only" in answer.text


async def test_a_charter_that_hides_members_shows_only_a_makers_name(window: Window):
    async with window(see_members=False) as (village, shop):
        bread = village.ana.offer("Bread")
        listing = (await shop.get(listing_path(bread))).text
        assert "by <bdi>Ana</bdi>" in listing
        assert "/member/" not in listing
        known = await shop.get(member_path(village.ana.id))
        unknown = await shop.get("/member/0123456789abcdef")
        assert known.status_code == unknown.status_code == 403
        assert known.text == unknown.text
        assert "no more about its people" in check_page(known.text).text
        community = check_page((await shop.get("/community")).text).text
        assert "shows its members only to each other" in community
        assert "Ben" not in community


async def test_a_charter_that_hides_members_hides_what_profiles_say_on_every_page(window: Window):
    async with window(see_members=False) as (village, shop):
        said = {"about": "Lives alone", "skills": ("juggling",), "place": "Thun"}
        village.ana.introduce("Ana", version=2, spot=Spot(4700, 700), **said)
        away = {"away_until_ms": village.now + 5 * DAY, "away_note": "In Rome"}
        village.ben.introduce("Ben", version=2, spot=Spot(4710, 700), **away, **said)
        bread = village.ben.offer("Bread")
        stool = village.ben.offer("Stool", spot=Spot(4720, 700))
        village.catch_up()
        paths = ["/", "/poster", "/catalogue", "/join", "/community", "/search?within=1"]
        paths += ["/search", "/search?sort=near", listing_path(bread), listing_path(stool)]
        for path in paths:
            text = check_page((await shop.get(path)).text).text
            for part in ("Lives alone", "juggling", "Thun", " km", "invited", "is away", "Rome"):
                assert part not in text.replace("50 km", ""), (path, part)
        for path in ("/search?within=1", "/search?sort=near"):
            assert "2 listings" in (await shop.get(path)).text  # nobody is left out for it
        known = await shop.get(f"/search?by={village.ben.id.hex()}")
        unknown = await shop.get("/search?by=0123456789abcdef")
        for answer in (known, unknown):
            assert "Nobody with that id is known here" in answer.text
        assert "0 listings" in (await shop.get(f"/search?by={village.ana.id.hex()}")).text


async def test_the_owner_sees_all_of_it_at_the_desk(tmp_path: Path):
    closed = {"see_listings": False, "see_members": False, "may_order": False}
    village = Village(tmp_path, {"guests": closed})
    bread = village.ana.offer("Bread")
    gateway = village.gateway()
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as desk:
        await desk.get(gateway.login_link(DESK))
        assert "Bread" in (await desk.get("/search?q=bread")).text
        assert (await desk.get(listing_path(bread))).status_code == 200
        assert (await desk.get(member_path(village.ben.id))).status_code == 200
        assert "Ben" in (await desk.get("/community")).text
    village.close()
