import pytest, httpx, time, os, stat
from tests.gateway.conftest import *
from tests.gateway.test_guests import window
from node.gateway.apps import shop_app, desk_app
from node.gateway.offers import listing_path
from tests.gateway.village import *

@pytest.mark.parametrize("host", ["[", "a/b", "a?b#c", "]", "[::1", "x@y", "é", "a b", "", ":", "a:99999999", "x/../../evil", "//evil", "a\\b", "[zz]"])
@pytest.mark.parametrize("path", ["/", "/search?q=a", "/nope", "/api/listings", "/feed.atom", "/sitemap.xml","/qr.svg","/poster","/catalogue","/opensearch.xml","/join","/language/de?to=/x"])
async def test_host(village, shop, host, path):
    village.ana.offer("Bread")
    r = await shop.get(path, headers={"host": host.encode()})
    assert r.status_code < 500, (host, r.status_code, r.text[:200])
    assert "evil" not in r.text, r.text[:3000]

async def test_away_hidden(window):
    async with window(see_members=False) as (village, shop):
        bread = village.ben.offer("Bread")
        village.ben.introduce("Ben", version=2, away_until_ms=village.now+5*DAY, away_note="Italy")
        village.catch_up()
        for p in ("/", "/search", listing_path(bread), "/feed.atom", "/api/listings"):
            t = (await shop.get(p)).text
            print(p, "away" in t, "Italy" in t)
