"""The feeds are Atom as RFC 4287 has it, whatever members and visitors write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit

import feedparser
import httpx
import pytest
from lxml import etree

from node.gateway.apps import shop_app
from node.gateway.offers import listing_path
from node.gateway.pages.feeds import ENTRIES
from protocol.kinds.listing import Photo, Rendition
from storage.database import set_meta
from tests.gateway.hostile import PAYLOADS, TARGETS
from tests.gateway.reading import Reader
from tests.gateway.village import DAY, Village

ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = {"id", "title", "updated"}  # children that a feed and an entry have exactly once
KNOWN = ONCE | {"author", "category", "generator", "link", "summary"}


def read_feed(answer: httpx.Response) -> etree._Element:
    """The feed's root, once it is checked against the rules of RFC 4287."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml"
    root = etree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    check_parts(root, entries)
    selves = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert len(selves) == 1
    ids = [text(entry, "id") for entry in entries]
    assert len({*ids, text(root, "id")}) == len(ids) + 1
    for entry in entries:
        check_parts(entry)
        links = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
        assert links in (["alternate"], ["alternate", "enclosure"])
        assert len(entry.findall(f"{ATOM}summary")) == 1
    newest = max([text(entry, "updated") for entry in entries], default=text(root, "updated"))
    assert text(root, "updated") == newest
    again = feedparser.parse(answer.content)  # as a reader that people use sees it
    assert not again.bozo, again.get("bozo_exception")
    assert again.version == "atom10"
    assert [entry.id for entry in again.entries] == ids
    return root


def check_parts(element: etree._Element, entries: list[etree._Element] | None = None) -> None:
    names = [child.tag.removeprefix(ATOM) for child in element if child not in (entries or [])]
    assert set(names) <= KNOWN
    for name in ONCE:
        assert names.count(name) == 1, name
    assert urlsplit(text(element, "id")).scheme == "urn"
    assert datetime.fromisoformat(text(element, "updated")).utcoffset() is not None
    authors = element.findall(f"{ATOM}author")
    assert len(authors) == 1
    assert authors[0].findtext(f"{ATOM}name")
    for link in element.findall(f"{ATOM}link"):
        assert " " not in link.get("href")
    for category in element.findall(f"{ATOM}category"):
        assert category.get("term")


def text(element: etree._Element, name: str) -> str:
    found = element.findtext(f"{ATOM}{name}")
    assert found
    return found


def titles(answer: httpx.Response) -> list[str]:
    return [text(entry, "title") for entry in read_feed(answer).findall(f"{ATOM}entry")]


async def test_eva_follows_what_is_new_in_the_village(village: Village, shop):
    village.ana.offer("Bread")
    village.now += DAY
    cup = village.ben.offer("Cup", price=1200, place="Bern", description="Of **clay**.")
    village.catch_up()

    answer = await shop.get("/feed.atom")
    assert titles(answer) == ["Cup", "Bread"]
    newest = read_feed(answer).findall(f"{ATOM}entry")[0]
    assert newest.find(f"{ATOM}link").get("href") == f"http://shop.example{listing_path(cup)}"
    assert newest.findtext(f"{ATOM}author/{ATOM}name") == "Ben"
    assert text(newest, "updated") == "2026-09-22T14:13:20Z"
    assert text(newest, "summary") == "€12.00 · For sale · Bern\n\nOf **clay**."


async def test_a_photo_comes_with_its_listing(village: Village, shop):
    one = Rendition(hash=b"\x07" * 32, width=40, height=30, size=1234)
    village.ana.offer("Bread", photos=(Photo(alt="A loaf", small=one, large=one),))
    root = read_feed(await shop.get("/feed.atom"))
    picture = root.findall(f"{ATOM}entry/{ATOM}link")[1]
    assert picture.get("href") == f"http://shop.example/photo/{'07' * 32}"
    assert (picture.get("type"), picture.get("length")) == ("image/webp", "1234")


async def test_a_feed_with_filters_holds_what_the_search_page_finds(village: Village, shop):
    for number in range(3):
        village.ana.offer(f"Rye bread {number}", price=100 * number)
        village.ana.offer(f"Rye lesson {number}", mode="service")
    query = "?q=rye&mode=sell&min=1.00&sort=price"
    assert titles(await shop.get(f"/feed.atom{query}")) == ["Rye bread 2", "Rye bread 1"]
    page = Reader((await shop.get(f"/search{query}")).text)
    feeds = [link["href"] for link in page.all("link") if "atom" in link.get("type", "")]
    assert feeds == ["/feed.atom", "/feed.atom?q=rye&mode=sell&min=1.00"]
    assert titles(await shop.get(feeds[1])) == ["Rye bread 2", "Rye bread 1"]


async def test_ids_stay_when_a_listing_is_edited_and_on_another_members_node(
    village: Village, shop
):
    bread = village.ana.offer("Bread")
    before = read_feed(await shop.get("/feed.atom"))
    village.now += DAY
    edit = {"root": bread, "version": 2, "description": "Now with rye."}
    village.ana.offer("Bread", **edit)
    village.catch_up()
    after = read_feed(await shop.get("/feed.atom"))
    bens = village.gateway()
    bens.begin(replace(village.home(), store=village.ben.store), bens.node)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(shop_app(bens)), base_url="http://ben.example"
    ) as other:
        elsewhere = read_feed(await other.get("/feed.atom"))

    def ids(root: etree._Element) -> list[str]:
        return [text(root, "id"), text(root.find(f"{ATOM}entry"), "id")]

    assert ids(before) == ids(after) == ids(elsewhere)
    assert text(before, "updated") < text(after, "updated")


async def test_feeds_of_different_searches_have_different_ids(shop):
    queries = ("", "?q=bread", "?q=rye", "?mode=sell", "?q=bread&mode=sell")
    ids = [text(read_feed(await shop.get(f"/feed.atom{query}")), "id") for query in queries]
    assert len(set(ids)) == len(queries)


async def test_an_empty_community_has_an_empty_feed_that_stays_the_same(village: Village, shop):
    first = await shop.get("/feed.atom")
    village.now += DAY
    assert titles(first) == []
    assert (await shop.get("/feed.atom")).content == first.content


async def test_a_feed_reader_that_asks_again_gets_a_few_bytes(village: Village, shop):
    village.ana.offer("Bread")
    first = await shop.get("/feed.atom")
    again = await shop.get("/feed.atom", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    village.ana.offer("Cup")
    assert (
        await shop.get("/feed.atom", headers={"if-none-match": first.headers["etag"]})
    ).status_code == 200


async def test_the_longest_feed_is_bounded(village: Village, shop):
    village.ana.offer_many(
        [{"title": f"Bread {n}", "mode": "give", "description": "x" * 10_000} for n in range(60)]
    )
    answer = await shop.get("/feed.atom")
    assert len(titles(answer)) == ENTRIES
    assert len(answer.content) < 100_000


async def test_hostile_texts_make_a_valid_feed(village: Village, shop):
    texts = [*PAYLOADS, *TARGETS, "a\x00b\x08c\x1f\x7f\ufffe\uffff\u202e", "]]>", "\U0010ffff"]
    village.ana.introduce("\x00\x01" + PAYLOADS[0][:80], version=2)
    for start in range(0, len(texts), ENTRIES):
        part = texts[start : start + ENTRIES]
        village.now += DAY
        village.ana.offer_many(
            [
                {"title": t[:200], "mode": "give", "description": t, "category": t, "place": t}
                for t in part
            ]
        )
        newest = titles(await shop.get("/feed.atom"))
        assert len(newest) == min(ENTRIES, start + len(part))


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "a" * 10_000,
        "q=" + "%C3%BC" * 10_000,
        "q=%00%08%ED%A0%80%FF",
        "page=-1",
        "page=99999999999999999999",
        "mode=nonsense&sort=x&min=abc&max=-1&value=%3C",
        "category=" + "x" * 5000,
        "%00=%00&q=%5D%5D%3E",
        "q=%F3%A0%80%81&place=%C2%80%C2%9F%EF%BF%BF",
    ],
)
async def test_a_hostile_query_gets_a_valid_feed(village: Village, shop, query):
    village.ana.offer("Bread")
    read_feed(await shop.get(f"/feed.atom?{query}"))


@pytest.mark.parametrize(
    "host", ["a b", "ä.example", '"><x', "a/b?c#d", "[", "x" * 300, "a@b", "", "a:99999999"]
)
async def test_a_hostile_host_header_never_reaches_an_address(village: Village, shop, host):
    village.ana.offer("Bread")
    answer = await shop.get("/feed.atom", headers={"host": host.encode()})
    root = read_feed(answer)
    links = [link.get("href") for link in root.iter(f"{ATOM}link")]
    assert all(link.startswith("/") for link in links), links
    if host:
        assert quote(host) not in answer.text


async def test_the_address_that_ana_gave_stands_in_her_feed(village: Village, shop):
    village.ana.offer("Bread")
    set_meta(village.ana.store.db, "shop", "0.0.0.0:8200")
    set_meta(village.ana.store.db, "shop_url", "https://ana.example/")
    root = read_feed(await shop.get("/feed.atom?mode=sell", headers={"host": "evil.example"}))
    links = [link.get("href") for link in root.iter(f"{ATOM}link")]
    assert all(link.startswith("https://ana.example/") for link in links)


async def test_members_only_listings_and_hidden_markets_are_in_no_feed(
    village: Village, shop, desk, tmp_path
):
    village.ana.offer("Secret loaf", audience="members")
    village.ana.offer("Bread")
    assert titles(await shop.get("/feed.atom")) == ["Bread"]
    assert (await desk.get("/feed.atom")).status_code == 404  # a feed reader holds no login

    (tmp_path / "closed").mkdir()
    guests = {"see_listings": False, "see_members": False, "may_order": False}
    closed = Village(tmp_path / "closed", {"guests": guests})
    closed.ana.offer("Bread")
    transport = httpx.ASGITransport(shop_app(closed.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        answer = await guest.get("/feed.atom")
        assert answer.status_code == 403
        assert "Bread" not in answer.text
        assert "feed.atom" not in (await guest.get("/")).text
    closed.close()
