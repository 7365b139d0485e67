"""What visiting programs look for: robots.txt, sitemap, OpenSearch, what a shared link shows."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from lxml import etree

from node.gateway.apps import desk_app, shop_app
from node.gateway.offers import listing_path, member_path
from protocol.kinds.listing import Photo, Rendition
from storage.database import set_meta
from storage.views import listing_parts
from tests.gateway.hostile import PAYLOADS
from tests.gateway.reading import Reader
from tests.gateway.village import DESK, Village

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
STRANGE_HOSTS = ["a b", "ä.example", '"><x', "a/b?c#d", "[", "x" * 300, "a@b", "", "a:99999999"]


def read_map(answer: httpx.Response, *, kind: str = "urlset", site: str = "shop.example") -> list:
    """The addresses in a sitemap, checked against the rules of sitemaps.org."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml"
    root = etree.fromstring(answer.content)
    assert root.tag == MAP + kind
    assert 1 <= len(root) <= 50_000
    found = []
    for child in root:
        assert child.tag == MAP + ("url" if kind == "urlset" else "sitemap")
        names = [part.tag.removeprefix(MAP) for part in child]
        assert names in (["loc"], ["loc", "lastmod"])
        address = child.findtext(f"{MAP}loc")
        assert urlsplit(address).netloc == site
        assert len(address) < 2048
        if "lastmod" in names:
            assert datetime.fromisoformat(child.findtext(f"{MAP}lastmod")).utcoffset() is not None
        found.append(address)
    assert len(set(found)) == len(found)
    return found


async def test_a_search_engine_finds_every_page_that_guests_may_read(village: Village, shop):
    bread, cup = village.ana.offer("Bread"), village.ben.offer("Cup")
    village.ana.offer("Secret loaf", audience="members")
    village.ana.offer("Old loaf", expires_ms=village.now)
    village.ana.withdraw(village.ana.offer("No more"))
    village.catch_up()

    found = read_map(await shop.get("/sitemap.xml"))
    people = [member_path(p.id) for p in (village.ana, village.ben, village.eva)]
    paths = ["/", "/community", *people, listing_path(bread), listing_path(cup)]
    assert sorted(found) == sorted(f"http://shop.example{path}" for path in paths)
    for address in found:
        assert (await shop.get(address)).status_code == 200


async def test_a_large_sitemap_comes_in_parts_that_hold_everything_once(village: Village, shop):
    listings = village.ana.offer_many(
        [{"title": f"Bread {n}", "mode": "give"} for n in range(1200)]
    )
    village.ana.withdraw(listings[0])

    parts = read_map(await shop.get("/sitemap.xml"), kind="sitemapindex")
    found = [address for part in parts for address in read_map(await shop.get(part))]
    wanted = {f"http://shop.example{listing_path(listing)}" for listing in listings[1:]}
    assert wanted < set(found)
    assert len(set(found)) == len(found) == len(wanted) + 2 + 3
    for part in ("999", "-1", "x", "²", "9" * 400, "0x1"):
        assert (await shop.get(f"/sitemap/{part}.xml")).status_code == 404


async def test_a_part_costs_the_same_wherever_it_lies(village: Village):
    village.ana.offer_many([{"title": f"Bread {n}", "mode": "give"} for n in range(1200)])
    for number, _ in listing_parts.parts(village.ana.store):
        assert 1 <= len(listing_parts.part(village.ana.store, number)) <= listing_parts.SIZE


@pytest.mark.parametrize(
    ("listings", "members", "paths"),
    [(False, False, 2), (True, False, 3), (False, True, 5)],
)
async def test_a_sitemap_says_no_more_than_the_charter(tmp_path, listings, members, paths):
    guests = {"see_listings": listings, "see_members": members, "may_order": False}
    village = Village(tmp_path, {"guests": guests})
    village.ana.offer("Bread")
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        assert len(read_map(await guest.get("/sitemap.xml"))) == paths
        part = await guest.get("/sitemap/0.xml")
        assert part.status_code == (200 if listings else 404)
        search = await guest.get("/opensearch.xml")
        assert search.status_code == (200 if listings else 403)
        assert ("opensearch.xml" in (await guest.get("/community")).text) is listings
    village.close()


async def test_robots_may_read_the_shop_window_but_not_its_endless_parts(shop):
    answer = await shop.get("/robots.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    for path in ("/", "/listing/0123456789abcdef", "/member/0123456789abcdef", "/sitemap.xml"):
        assert rules.can_fetch("bot", path), path
    for path in ("/join?i=x", "/search?q=x", "/api/listings"):
        assert not rules.can_fetch("bot", path), path
    assert rules.site_maps() is None  # nobody said where this is


async def test_robots_learn_of_the_sitemap_where_ana_said_where_her_shop_is(village: Village, shop):
    set_meta(village.ana.store.db, "shop", "0.0.0.0:8200")
    set_meta(village.ana.store.db, "shop_url", "https://ana.example/")
    rules = RobotFileParser()
    rules.parse((await shop.get("/robots.txt")).text.splitlines())
    assert rules.site_maps() == ["https://ana.example/sitemap.xml"]
    assert "ana.example" in read_map(await shop.get("/sitemap.xml"), site="ana.example")[0]


async def test_a_desk_asks_every_robot_to_stay_away(village: Village, stranger):
    rules = RobotFileParser()
    rules.parse((await stranger.get("/robots.txt")).text.splitlines())
    assert not rules.can_fetch("bot", "/")
    for path in ("/sitemap.xml", "/opensearch.xml", "/sitemap/0.xml"):
        assert (await stranger.get(path)).status_code == 403
    app = desk_app(village.gateway())
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{DESK}")
    async with client:
        answer = await client.get("/robots.txt", headers={"host": "evil.example"})
    assert answer.status_code == 421


async def test_a_browser_learns_how_to_search_here(village: Village, shop):
    answer = await shop.get("/opensearch.xml")
    assert answer.headers["content-type"] == "application/opensearchdescription+xml"
    root = etree.fromstring(answer.content)
    assert root.tag == f"{SEARCH}OpenSearchDescription"
    assert 1 <= len(root.findtext(f"{SEARCH}ShortName")) <= 16
    assert len(root.findtext(f"{SEARCH}LongName")) <= 48
    assert 1 <= len(root.findtext(f"{SEARCH}Description")) <= 1024
    urls = {url.get("type"): url for url in root.findall(f"{SEARCH}Url")}
    assert urls["application/opensearchdescription+xml"].get("rel") == "self"
    village.ana.offer("Rye bread")
    for kind in ("text/html", "application/atom+xml"):
        address = urls[kind].get("template").replace("{searchTerms}", quote("rye bread"))
        assert "Rye bread" in (await shop.get(address)).text
    links = Reader((await shop.get("/")).text).all("link")
    assert "/opensearch.xml" in [link["href"] for link in links if link["rel"] == "search"]


@pytest.mark.parametrize("host", STRANGE_HOSTS)
async def test_a_hostile_host_header_makes_no_address(village: Village, shop, host):
    bread = village.ana.offer("Bread")
    headers = {"host": host.encode()}
    for path in ("/sitemap.xml", "/sitemap/pages.xml", "/opensearch.xml"):
        answer = await shop.get(path, headers=headers)
        assert answer.status_code == 400
        assert "which address it was meant for" in answer.text
    assert "Sitemap" not in (await shop.get("/robots.txt", headers=headers)).text
    page = await shop.get(listing_path(bread), headers=headers)
    assert page.status_code == 200
    assert "og:url" not in page.text
    assert "canonical" not in page.text


async def test_a_name_with_signs_of_xml_is_written_as_it_is(tmp_path):
    name = "River & <b>side</b> ]]> \ufffd makers with a very, very, very, very long name"
    village = Village(tmp_path, {"name": name})
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        answer = await guest.get("/opensearch.xml")
        root = etree.fromstring(answer.content)
        assert root.findtext(f"{SEARCH}ShortName") == "River & <b>side<"
        assert len(root.findtext(f"{SEARCH}LongName")) <= 48
        etree.fromstring((await guest.get("/sitemap.xml")).content)
    village.close()


async def test_a_shared_link_shows_what_it_leads_to(village: Village, shop, desk):
    long = "Sourdough with rye. " * 40
    one = Rendition(hash=b"\x07" * 32, width=40, height=30, size=1234)
    photos = (Photo(alt="A loaf", small=one, large=one),)
    bread = village.ana.offer("Bread & <b>butter</b>", description=long, photos=photos)
    page = await shop.get(f"/listing/{bread.hex()}")
    metas = Reader(page.text).all("meta")
    graph = {meta["property"]: meta["content"] for meta in metas if "property" in meta}
    assert graph["og:title"] == "Bread & <b>butter</b>"
    assert graph["og:site_name"] == "Riverside makers"
    assert graph["og:type"] == "website"
    assert graph["og:url"] == f"http://shop.example{listing_path(bread)}"
    assert graph["og:image"] == f"http://shop.example/photo/{'07' * 32}"
    assert graph["og:image:alt"] == "A loaf"
    assert graph["og:description"].startswith("Sourdough with rye. Sourdough")
    assert len(graph["og:description"]) <= 201
    (described,) = [meta["content"] for meta in metas if meta.get("name") == "description"]
    assert described == graph["og:description"]
    (canonical,) = [
        link["href"] for link in Reader(page.text).all("link") if link["rel"] == "canonical"
    ]
    assert canonical == graph["og:url"]
    assert "og:" not in (await desk.get(listing_path(bread))).text
    for path in ("/", "/community", member_path(village.ana.id)):
        assert "og:title" in (await shop.get(path)).text, path


async def test_hostile_texts_stay_inside_what_a_shared_link_shows(village: Village, shop):
    listings = village.ana.offer_many(
        [{"title": text[:200], "mode": "give", "description": text} for text in PAYLOADS]
    )
    for text, listing in zip(PAYLOADS, listings, strict=True):
        metas = Reader((await shop.get(listing_path(listing))).text).all("meta")
        graph = {meta["property"]: meta["content"] for meta in metas if "property" in meta}
        assert graph["og:title"].split() == text[:200].replace("\x00", "\ufffd").split()
