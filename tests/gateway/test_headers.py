"""What every answer carries, how long browsers keep it, and how much it weighs."""

from __future__ import annotations

import gzip
import random

import pytest

from node.gateway import statics
from node.gateway.offers import listing_path
from protocol.kinds.listing import Claim, Variant
from protocol.spot import Spot
from tests.gateway.reading import check_page
from tests.gateway.village import Village

STYLESHEET = statics.PATHS["moothall.css"]
BUDGET = 14 * 1024  # gzip of a page and the stylesheet
WORDS = [
    "bread",
    "cup",
    "bowl",
    "blanket",
    "honey",
    "stool",
    "chair",
    "lamp",
    "repair",
    "lesson",
    "seed",
    "apple",
    "press",
    "cider",
    "candle",
    "soap",
    "basket",
    "knife",
    "spoon",
    "table",
    "coat",
    "scarf",
    "glove",
    "book",
    "frame",
    "clay",
    "glaze",
    "thread",
    "needle",
    "leather",
    "belt",
]


@pytest.mark.parametrize("path", ["/", "/search?q=x", "/community", "/nope", STYLESHEET])
async def test_every_answer_forbids_what_no_page_needs(village: Village, shop, desk, path):
    for client in (shop, desk):
        headers = (await client.get(path)).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "script-src": "'self'",
            "connect-src": "'self'",
            "img-src": "'self'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers.get("cross-origin-opener-policy") == (
            None if client is shop else "same-origin"
        )
        assert "server" not in headers


async def test_refusals_carry_the_same_headers(stranger):
    for answer in (
        await stranger.get("/"),
        await stranger.get("/", headers={"host": "evil.example"}),
        await stranger.post("/"),
    ):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


async def test_the_desk_is_kept_nowhere_and_the_shop_window_is_asked_again(
    village: Village, desk, shop
):
    assert (await desk.get("/")).headers["cache-control"] == "no-store"
    first = await shop.get("/")
    tag = {"if-none-match": first.headers["etag"]}
    same = await shop.get("/", headers=tag)
    village.ana.offer("Bread")
    changed = await shop.get("/", headers=tag)

    assert first.headers["cache-control"] == "private, no-cache"
    assert (same.status_code, same.content) == (304, b"")
    assert "default-src 'none'" in same.headers["content-security-policy"]
    assert changed.status_code == 200
    assert "Bread" in changed.text


async def test_the_stylesheet_is_kept_for_good_under_a_name_of_its_content(shop, desk, stranger):
    for client in (shop, desk, stranger):
        sheet = await client.get(STYLESHEET)
        assert sheet.status_code == 200
        assert sheet.headers["content-type"] == "text/css; charset=utf-8"
        assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert sheet.content == statics.TEXTS["moothall.css"]
    links = check_page((await shop.get("/")).text).all("link")
    assert {"rel": "stylesheet", "href": STYLESHEET} in links
    assert b"url(" not in statics.TEXTS["moothall.css"]
    assert b"@import" not in statics.TEXTS["moothall.css"]


async def test_the_shop_window_compresses_and_the_desk_does_not(village: Village, shop, desk):
    assert (await shop.get("/community")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await desk.get("/community")).headers


def weight(html: str) -> int:
    return len(gzip.compress(html.encode())) + len(gzip.compress(statics.TEXTS["moothall.css"]))


async def test_a_front_page_with_full_shelves_fits_the_budget(village: Village, shop, desk):
    chance = random.Random(1)
    for person in (village.ana, village.ben):
        person.introduce(person.name, version=2, spot=Spot(4799, 785))
        person.offer_many(
            [
                {
                    "title": " ".join(chance.choices(WORDS, k=6)).capitalize(),
                    "mode": chance.choice(("sell", "swap", "service", "wanted", "wanted")),
                    "price": chance.randrange(10**5),
                    "currency": "EUR",
                    "category": chance.choice(WORDS),
                    "place": " ".join(chance.choices(WORDS, k=2)).capitalize(),
                }
                for _ in range(40)
            ]
        )
    village.catch_up()
    for client, shelves in ((shop, 12 + 12 + 6), (desk, 12 + 6 + 6)):
        html = (await client.get("/")).text
        assert html.count("<h3>") == shelves
        assert weight(html) <= BUDGET
        assert weight((await client.get("/search")).text) <= BUDGET


async def test_a_long_listing_page_fits_the_budget(village: Village, shop):
    chance = random.Random(2)
    listing = village.ana.offer(
        "Sourdough",
        description=" ".join(chance.choices(WORDS, k=800)),
        story=" ".join(chance.choices(WORDS, k=800)),
        variants=tuple(Variant(name=f"Size {n}", price=n, quantity=n) for n in range(30)),
        values=(Claim(value="made-here", evidence=" ".join(chance.choices(WORDS, k=100))),),
    )

    assert weight((await shop.get(listing_path(listing))).text) <= BUDGET
