"""Which language a reader gets, how they choose another, and that the choice leads nowhere else."""

from __future__ import annotations

import re

import httpx
import pytest
from babel import Locale

from node.gateway import languages
from node.gateway.apps import shop_app
from node.gateway.context import Gateway
from node.gateway.languages import COOKIE, LANGUAGES, choose, words_in
from node.gateway.pages.language import local_path
from node.gateway.words import ENGLISH
from node.importing.prices import PriceError
from protocol.errors import NotFound, Refused
from tests.gateway.reading import check_page


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH", "de"),
        ("DE-at-1996", "de"),
        ("es-419,es;q=0.9", "es"),
        ("fr,es;q=0.7,de;q=0.8", "de"),
        ("de;q=0.5, es ; q=0.5", "de"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr;q=0.9,*;q=0.1", "en"),
        ("*", "en"),
        ("*,es;q=0.2", "es"),
        ("de;q=0,es;q=0.1", "es"),
        ("de;q=0.000", "en"),
        ("de;q=2,es;q=0.3", "es"),
        ("de;q=-1", "en"),
        ("de;q=nan,es", "es"),
        ("de;level=1", "en"),
        (";;;,,,q=1", "en"),
        ("-de", "en"),
        ("de_DE", "en"),
        ("../../etc/passwd", "en"),
    ],
)
def test_a_browser_says_which_languages_its_owner_reads(header, tag):
    assert choose(header).tag == tag


def test_what_a_reader_chose_comes_before_what_the_browser_says():
    assert choose("de", "es").tag == "es"
    assert choose("de", "en").tag == "en"
    for stale in ("xx", "DE", "de.po", "../de", "", "\0"):
        assert choose("de", stale).tag == "de"


def test_a_header_of_10_000_characters_is_read_only_so_far():
    assert choose("x," * 5000 + "de").tag == "en"
    assert choose("de," + "x" * 10_000).tag == "de"
    assert choose("-" * 10_000).tag == "en"


def test_english_needs_no_catalogue(monkeypatch):
    monkeypatch.setattr(languages, "read_catalogue", None)
    assert choose("en-GB,en;q=0.9") is ENGLISH


def test_a_catalogue_is_read_once():
    assert words_in("de") is words_in("de")
    assert words_in("de").gettext("Search") == "Suche"


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_a_language_is_called_by_its_own_name_and_written_in_its_direction(tag):
    locale = Locale.parse(tag)
    assert LANGUAGES[tag].casefold() == str(locale.get_language_name(tag)).casefold()
    assert words_in(tag).direction == locale.text_direction
    assert words_in(tag).tag == tag


def test_the_words_of_an_empty_text_are_none():
    assert words_in("de").gettext("") == ""


def test_an_error_is_told_in_the_readers_language_with_its_values():
    german = words_in("de")
    gone = NotFound("no-listing", "There is no listing with that id here.")
    price = PriceError(
        "bad-currency",
        "%(text)s is no currency code; write three capitals such as EUR.",
        text='"5% of x"',
    )
    said = Refused("x", german.gettext("Nothing was changed."))

    assert ENGLISH.told(gone) == str(gone)
    assert german.told(gone) == german.gettext(str(gone)) != str(gone)
    assert (
        ENGLISH.told(price)
        == str(price)
        == '"5% of x" is no currency code; write three capitals such as EUR.'
    )
    assert german.told(price).startswith('"5% of x" ist ')
    assert german.told(said) == str(said)  # a page had put it into German already


LOCAL = [
    "/",
    "/search?q=br%C3%B6tchen&page=2",
    "/member/0123456789abcdef",
    "/a//b",
    "/?to=//evil.example",
    "/@evil.example",
    "/:80",
]
HOSTILE = [
    "",
    "evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/a\\b",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/a\r\nLocation: https://evil.example",
    " //evil.example",
    " /search",
    "/search ",
    "/ /evil.example",
    "/\0",
    "/\x7f",
    "\ufeff//evil.example",
    "/\u2028/evil.example",
    "/caf\u00e9",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
    "javascript:alert(1)",
    "JavaScript://%0aalert(1)",
    "data:text/html,x",
    "?to=/",
    "#/",
    "./search",
    "../",
    "http:///evil.example",
    "//[::1",
    "/" + "a" * 5000,
]


@pytest.mark.parametrize("path", LOCAL)
async def test_choosing_a_language_leads_back_to_where_the_reader_was(shop, path):
    answer = await shop.get("/language/de", params={"to": path})

    assert answer.status_code == 303
    assert answer.headers["location"] == path
    assert httpx.URL("http://shop.example/").join(path).host == "shop.example"


@pytest.mark.parametrize("path", HOSTILE)
async def test_choosing_a_language_never_leads_to_another_site(shop, desk, path):
    assert local_path(path) == "/"
    for reader in (shop, desk):
        answer = await reader.get("/language/de", params={"to": path})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert len(answer.headers.get_list("set-cookie")) == 1


async def test_a_guest_reads_on_in_the_language_they_chose(shop):
    before = await shop.get("/search?q=bread", headers={"accept-language": "de"})
    page = check_page(before.text)
    links = {link["lang"]: link for link in page.all("a") if "hreflang" in link}
    assert page.all("html") == [{"lang": "de", "dir": "ltr"}]
    assert list(links) == list(LANGUAGES)
    assert [tag for tag, link in links.items() if "aria-current" in link] == ["de"]
    assert "set-cookie" not in before.headers

    answer = await shop.get(links["es"]["href"])
    cookie = answer.headers["set-cookie"].lower()
    assert answer.headers["cache-control"] == "no-store"
    assert f"{COOKIE}=es" in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert answer.headers["location"] == "/search?q=bread"

    after = await shop.get(answer.headers["location"], headers={"accept-language": "de"})
    page = check_page(after.text)
    assert page.all("html") == [{"lang": "es", "dir": "ltr"}]
    assert [i["value"] for i in page.all("input") if i.get("name") == "q"] == ["bread"]
    assert "set-cookie" not in after.headers


async def test_a_page_is_kept_for_the_language_it_is_in(shop):
    german = await shop.get("/", headers={"accept-language": "de"})
    english = await shop.get("/", headers={"if-none-match": german.headers["etag"]})

    assert english.status_code == 200
    vary = {name.strip().lower() for name in german.headers["vary"].split(",")}
    assert {"accept-language", "cookie"} <= vary


async def test_a_language_that_nobody_translated_is_not_there(shop):
    answer = await shop.get("/language/tlh?to=/search")

    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    assert "does not speak this language yet" in check_page(answer.text).text


async def test_a_stranger_at_the_desk_sees_its_locked_door_in_their_language(stranger):
    answer = await stranger.get("/", headers={"accept-language": "es"})

    page = check_page(answer.text)
    assert answer.status_code == 403
    assert page.all("html")[0]["lang"] == "es"
    assert not [link for link in page.all("a") if "hreflang" in link]
    assert (await stranger.get("/language/es")).status_code == 403


async def test_a_hostile_header_gets_a_page_all_the_same(gateway: Gateway):
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        for header in ("de;q=" + "9" * 10_000, "-" * 10_000, "a" * 10_000, "\x80\xff", "*" * 99):
            answer = await client.get("/", headers={"accept-language": header.encode("latin-1")})
            assert answer.status_code == 200
            assert re.search(r'<html lang="en" dir="ltr">', answer.text)
