"""Listings in the words of schema.org: on their page and alone, for search engines to read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import html5lib
import httpx
from babel.numbers import list_currencies
from pyld import jsonld

from node.gateway.apps import shop_app
from node.gateway.offers import listing_path
from protocol.kinds.listing import Claim, Photo, Rendition, Variant
from tests.gateway.hostile import PAYLOADS, TARGETS
from tests.gateway.village import DAY, Village

ORG = "https://schema.org/"
# Stands in for the vocabulary's own file, which lives on the web: names are schema.org's.
CONTEXT = {"@vocab": ORG}
LOAF = Rendition(hash=b"\x07" * 32, width=40, height=30, size=1234)


def load(url: str, options: Any) -> dict[str, Any]:
    assert url == "https://schema.org"
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": CONTEXT}}


def check(data: dict[str, Any]) -> None:
    """One Product, Service or Demand that a search engine can use."""
    (thing,) = jsonld.expand(data, {"documentLoader": load})  # fails on what is no JSON-LD
    assert thing["@type"] in ([f"{ORG}Product"], [f"{ORG}Service"], [f"{ORG}Demand"])
    assert thing["@id"]
    assert thing[f"{ORG}name"][0]["@value"]
    if thing["@type"] == [f"{ORG}Demand"]:
        assert thing[f"{ORG}itemOffered"]
        check_price(thing)
        return
    for offer in thing[f"{ORG}offers"]:
        assert offer["@type"] == [f"{ORG}Offer"]
        availability = offer[f"{ORG}availability"][0]["@value"]
        assert availability in (f"{ORG}{it}" for it in ("InStock", "OutOfStock", "Discontinued"))
        assert offer[f"{ORG}seller"][0][f"{ORG}name"][0]["@value"]
        check_price(offer)


def check_price(offer: dict[str, Any]) -> None:
    price = offer.get(f"{ORG}price")
    currency = offer.get(f"{ORG}priceCurrency")
    if price is not None:
        assert Decimal(price[0]["@value"]) >= 0
        free = Decimal(price[0]["@value"]) == 0
        # ISO 4217, or by schema.org's leave the name of a community's own.
        known = {*list_currencies(), "CREDIT"}
        assert free if currency is None else currency[0]["@value"] in known


def data_blocks(html: str) -> list[str]:
    """The JSON-LD in a page, as a browser's parser finds it."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    found = [script for script in tree.findall(".//script") if "src" not in script.attrib]
    assert [script.attrib for script in found] == [{"type": "application/ld+json"}] * len(found)
    return ["".join(script.itertext()) for script in found]


async def test_a_listings_page_tells_search_engines_what_it_offers(village: Village, shop):
    bread = village.ana.offer(
        "Bread",
        price=350,
        quantity=4,
        description="Sourdough.",
        photos=(Photo(alt="A loaf", small=LOAF, large=LOAF),),
        values=(Claim(value="made-here", evidence="My oven"),),
    )
    page = await shop.get(listing_path(bread))
    (block,) = data_blocks(page.text)
    data = json.loads(block)
    check(data)
    assert data["@type"] == "Product"
    assert data["name"] == "Bread"
    assert data["url"] == f"http://shop.example{listing_path(bread)}"
    assert data["offers"]["price"] == "3.50"
    assert data["offers"]["priceCurrency"] == "EUR"
    assert data["offers"]["availability"] == "https://schema.org/InStock"
    assert data["offers"]["seller"]["name"] == "Ana"
    address = f"http://shop.example/photo/{'07' * 32}"
    assert (data["image"][0]["contentUrl"], data["image"][0]["caption"]) == (address, "A loaf")
    alone = await shop.get(f"/api/listings/{bread.hex()}/schema.org")
    assert alone.headers["content-type"] == "application/ld+json"
    assert alone.json() == data


async def test_every_kind_of_listing_is_sound(village: Village, shop):
    variants = (Variant(name="S", price=100, quantity=0), Variant(name="L", sku="L1"))
    offers = [
        {"mode": mode, "price": price, "currency": currency, "variants": these}
        for mode in ("sell", "swap", "lend", "give", "service", "wanted")
        for price, currency in ((350, "EUR"), (None, ""), (0, "EUR"), (900, "JPY"), (5, "CREDIT"))
        for these in ((), variants)
    ]
    for listing in village.ana.offer_many([{"title": "A thing", **each} for each in offers]):
        (block,) = data_blocks((await shop.get(listing_path(listing))).text)
        check(json.loads(block))


async def test_what_is_gone_is_not_advertised(village: Village, shop):
    bread = village.ana.offer("Bread")
    cake = village.ana.offer("Cake", expires_ms=village.now + DAY)
    village.ana.withdraw(bread)
    village.now += 2 * DAY

    assert data_blocks((await shop.get(listing_path(bread))).text) == []
    answer = await shop.get(f"/api/listings/{bread.hex()}/schema.org")
    assert answer.status_code == 410
    assert "Bread" not in answer.text
    (block,) = data_blocks((await shop.get(listing_path(cake))).text)
    assert json.loads(block)["offers"]["availability"] == "https://schema.org/Discontinued"


async def test_nothing_in_a_listing_ends_its_data_block(village: Village, shop):
    texts = [*PAYLOADS, *TARGETS, "<!--<script>", "-->", "]]>", "\u2028\u2029", "\\u003c/script>"]
    listings = village.ana.offer_many(
        [
            {
                "title": text[:200],
                "mode": "sell",
                "price": 1,
                "currency": text[:10],
                "description": text,
                "story": text,
                "category": text[:100],
                "place": text[:100],
                "tags": (text[:80],),
                "variants": (Variant(name=text[:200], sku=text[:80]),),
                "values": (Claim(value=text[:40], evidence=text),),
            }
            for text in texts
        ]
    )
    for text, listing in zip(texts, listings, strict=True):
        (block,) = data_blocks((await shop.get(listing_path(listing))).text)
        assert json.loads(block)["description"] == text
        assert not set("<>&\u2028\u2029") & set(block)


async def test_the_desk_and_other_pages_carry_none(village: Village, shop, desk):
    bread = village.ana.offer("Bread")
    assert data_blocks((await desk.get(listing_path(bread))).text) == []
    for path in ("/", "/search", "/community"):
        assert data_blocks((await shop.get(path)).text) == []


async def test_a_hidden_maker_is_named_and_no_more(tmp_path):
    guests = {"see_listings": True, "see_members": False, "may_order": False}
    village = Village(tmp_path, {"guests": guests})
    bread = village.ana.offer("Bread")
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        page = (await guest.get(listing_path(bread))).text
    (block,) = data_blocks(page)
    assert json.loads(block)["offers"]["seller"] == {"@type": "Person", "name": "Ana"}
    village.close()
