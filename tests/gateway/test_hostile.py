"""Nothing a member or a visitor writes can run, load or restyle anything."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.gateway.markup import markdown
from node.gateway.offers import listing_path, member_path
from protocol.kinds.listing import Claim, Variant
from tests.gateway.hostile import PAYLOADS, TARGETS, WRAPPERS
from tests.gateway.reading import Reader, check_harmless, check_page
from tests.gateway.village import Village

ALLOWED = {
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "ul",
}


def check_member_text(html: str) -> None:
    reader = Reader(html)
    check_harmless(reader)
    for tag, attrs in reader.elements:
        assert tag in ALLOWED, tag
        assert set(attrs) <= {"href", "rel"}, attrs
        if "href" in attrs:
            assert attrs["href"].startswith(("http://", "https://", "mailto:")), attrs
        if tag == "a":
            assert attrs["rel"] == "nofollow noopener noreferrer"


def test_there_are_enough_hostile_texts():
    assert len({*PAYLOADS}) >= 60
    assert len(PAYLOADS) * len(WRAPPERS) + len(TARGETS) * len(WRAPPERS) >= 1500


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_hostile_markdown_becomes_harmless_html(wrapper):
    for text in PAYLOADS + TARGETS:
        check_member_text(markdown(wrapper.replace("{}", text)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PAYLOADS + TARGETS + WRAPPERS), min_size=2, max_size=5))
def test_hostile_texts_run_together_stay_harmless(parts):
    check_member_text(markdown("".join(parts)))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=list("<>&\"'`*_[]()!#/\\:= \n\tabonxj\x00\u2028"), max_size=200))
def test_random_signs_stay_harmless(text):
    check_member_text(markdown(text))


def test_ordinary_markdown_survives():
    html = markdown("# Title\n\n*a* **b** `c`\n\n- one\n\n> q\n\n[x](https://a.example/?b=1&c=2)\n")

    assert "<h3>Title</h3>" in html
    assert "<em>a</em> <strong>b</strong> <code>c</code>" in html
    assert "<ul>\n<li>one</li>\n</ul>" in html
    assert (
        '<a href="https://a.example/?b=1&amp;c=2" rel="nofollow noopener noreferrer">x</a>' in html
    )
    assert "<h6>" in markdown("###### deep")


def test_pictures_are_never_fetched_but_their_link_stays():
    html = markdown("![a cup](https://a.example/cup.png)")

    assert "<img" not in html
    assert 'href="https://a.example/cup.png"' in html


def test_texts_that_are_slow_to_parse_are_parsed_once():
    slow = "[" * 10_000
    markdown(slow)
    started = time.perf_counter()
    for _ in range(1000):
        markdown(slow)

    assert time.perf_counter() - started < 1  # parsing takes a tenth of a second each time


async def test_hostile_listings_make_harmless_pages(village: Village, shop, desk):
    listings = village.ana.offer_many(
        [
            {
                "title": text[:200],
                "mode": "sell",
                "price": 100,
                "currency": text[:10],
                "description": text,
                "story": WRAPPERS[number % len(WRAPPERS)].replace("{}", text),
                "category": text[:100],
                "place": text[:100],
                "condition": text[:100],
                "delivery": text,
                "tags": (text[:80],),
                "variants": (Variant(name=text[:200]), Variant(name="x", price=1)),
                "values": (Claim(value=text[:40], evidence=text),),
            }
            for number, text in enumerate(PAYLOADS + TARGETS)
        ]
    )
    for listing in listings:
        check_page((await shop.get(listing_path(listing))).text)
    for page in range(1, 6):
        for client in (shop, desk):
            check_page((await client.get(f"/search?page={page}")).text)
    check_page((await shop.get("/")).text)


async def test_hostile_profiles_make_harmless_pages(village: Village, shop):
    for number, text in enumerate(PAYLOADS):
        village.ana.introduce(
            text[:100],
            version=number + 2,
            about=text,
            skills=(text[:80],),
            interests=(text[:80],),
            needs=(text[:80],),
            place=text[:100],
        )
        check_page((await shop.get(member_path(village.ana.id))).text)
    for path in ("/community", "/", member_path(village.ben.id)):
        check_page((await shop.get(path)).text)


QUERY = ("q", "mode", "category", "place", "value", "min", "max", "sort", "page")
PLACES = ("/listing/", "/member/", "/")


async def test_hostile_addresses_make_harmless_pages(shop, desk):
    """Each text in all fields of the search at once, and in one of them alone."""
    for number, text in enumerate(PAYLOADS + TARGETS):
        escaped = quote(text, safe="", errors="replace")
        for names in (QUERY, (QUERY[number % len(QUERY)],)):
            answer = await shop.get("/search?" + "&".join(f"{name}={escaped}" for name in names))
            assert answer.status_code == 200
            check_page(answer.text)
        answer = await desk.get(f"{PLACES[number % len(PLACES)]}{escaped}")
        assert answer.status_code == 404
        check_page(answer.text)
