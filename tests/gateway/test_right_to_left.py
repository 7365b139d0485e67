"""Reading from right to left: the page turns as a whole, and a name turns nothing but itself.

No right-to-left language is translated yet, so a catalogue of one is made up here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import html5lib
import httpx
import pytest

import node.gateway
from node.gateway.offers import listing_path, member_path
from node.gateway.words import Words
from protocol.kinds.listing import Claim, Variant
from tests.gateway.reading import check_page
from tests.gateway.village import DAY, Village

GATEWAY = Path(node.gateway.__file__).parent
ARABIC = "خبز"
LETTERS = re.compile(r"[\u0590-\u08ff]")
PIECES = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]*>")  # what a translation keeps as it is


class Hebrew(NullTranslations):
    """Every text in Hebrew letters, as long as it is in English."""

    def gettext(self, message: str) -> str:
        kept = PIECES.findall(message)
        parts = [re.sub(r"[A-Za-z]", "א", part) for part in PIECES.split(message)]
        return "".join(a + b for a, b in zip(parts, [*kept, ""], strict=True))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def arabic(village: Village) -> Village:
    """Ana writes Arabic: her profile and a listing with all there is to say."""
    ana = village.ana
    ana.introduce(ARABIC, version=2, about=ARABIC, skills=(ARABIC,), needs=(ARABIC,), place=ARABIC)
    ana.offer(
        ARABIC,
        description=ARABIC,
        story=ARABIC,
        category=ARABIC,
        place=ARABIC,
        condition=ARABIC,
        delivery=ARABIC,
        tags=(ARABIC, ARABIC + ARABIC),
        variants=(Variant(name=ARABIC),),
        values=(Claim(value="made-here", evidence=ARABIC),),
        expires_ms=village.now + DAY,
    )
    return village


def paths(village: Village) -> list[str]:
    rows = village.ana.store.db.query("SELECT id FROM listing")
    listings = [listing_path(bytes(row["id"])) for row in rows]
    search = f"/search?q={ARABIC}&place={ARABIC}&category={ARABIC}&mode={ARABIC}"
    return ["/", search, "/community", member_path(village.ana.id), *listings]


def strays(html: str) -> Iterator[str]:
    """Texts in right-to-left letters that would turn what stands around them."""

    def walk(element, isolated: bool) -> Iterator[str]:
        tag = element.tag if isinstance(element.tag, str) else ""
        isolated = isolated or tag == "bdi" or element.get("dir") in ("auto", "rtl")
        isolated = isolated or tag in ("title", "option", "script")  # plain text to a browser
        for text in [element.text, *(child.tail for child in element)]:
            if text and LETTERS.search(text) and not isolated:
                yield f"<{tag}> {text.strip()}"
        value = element.get("value", "")
        typed = tag == "input" and element.get("type") != "hidden" and element.get("dir") != "auto"
        if typed and LETTERS.search(value):
            yield f"<{tag}> {value}"
        for child in element:
            yield from walk(child, isolated)

    yield from walk(html5lib.parse(html, namespaceHTMLElements=False), False)


@pytest.mark.parametrize("app", ["shop", "desk"])
async def test_an_arabic_text_turns_nothing_but_itself(arabic: Village, shop, desk, app):
    client: httpx.AsyncClient = {"shop": shop, "desk": desk}[app]
    for path in paths(arabic):
        answer = await client.get(path)
        assert ARABIC in answer.text
        assert list(strays(answer.text)) == [], path


def test_the_search_for_stray_letters_finds_them():
    assert list(strays(f"<p>by {ARABIC}</p>"))
    assert list(strays(f'<input value="{ARABIC}">'))
    assert not list(strays(f"<p>by <bdi>{ARABIC}</bdi></p>"))
    assert not list(strays(f'<p dir="auto"><b>{ARABIC}</b></p>'))


async def test_a_hebrew_page_reads_from_right_to_left(arabic: Village, shop, desk, monkeypatch):
    hebrew = Words("he", "he", "rtl", Hebrew())
    monkeypatch.setattr("node.gateway.languages.choose", lambda *given: hebrew)
    arabic.ana.offer("Bread", category="Food")
    for client in (shop, desk):
        for path in paths(arabic):
            page = check_page((await client.get(path)).text)
            assert page.all("html") == [{"lang": "he", "dir": "rtl"}]
            turned = {tag for tag, attrs in page.elements if attrs.get("dir") == "ltr"}
            assert turned <= {"code"}  # addresses and commands


ARROWS = "[\u2190\u2192\u2039\u203a\u27f5\u27f6]"
PHYSICAL = re.compile(
    r"(?<![\w-])(?:[\w-]+-)?(?:left|right)(?:-[\w-]+)?\s*:"
    r"|(?:float|clear|text-align|justify-content|background-position)\s*:[^;}]*\b(?:left|right)\b"
    r"|\bto (?:left|right)\b|translateX\(",
)
FOUR = re.compile(r"(?<![\w-])(?:margin|padding|border-width|inset)\s*:([^;}]*)")


def sided(css: str) -> list[str]:
    """Declarations that name a side of the page instead of a side of the text."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    found = [match[0] for match in PHYSICAL.finditer(css)]
    for match in FOUR.finditer(css):
        sides = re.sub(r"\([^()]*\)", "()", re.sub(r"\([^()]*\)", "()", match[1])).split()
        if len(sides) == 4 and sides[1] != sides[3]:
            found.append(match[0])
    return found


def test_the_stylesheet_names_no_left_and_no_right():
    assert sided((GATEWAY / "static" / "moothall.css").read_text()) == []


@pytest.mark.parametrize(
    "css",
    [
        "a { left: 0 }",
        "a { margin-left: 1rem }",
        "a { border-top-left-radius: 2px }",
        "a { text-align: right }",
        "a { float: left }",
        "a { padding: 0 1rem 0 0 }",
        "a { margin: 0 calc(1rem + 2px) 0 0 }",
        "a { background: linear-gradient(to right, red, blue) }",
    ],
)
def test_the_check_of_the_stylesheet_sees_a_side(css):
    assert sided(css)


def test_no_template_points_to_a_side():
    for path in sorted((GATEWAY / "templates").rglob("*.html")):
        assert not re.search(ARROWS + '|align="|dir="rtl"', path.read_text()), path.name


def test_no_text_points_to_a_side():
    for path in sorted((GATEWAY / "locale").glob("*.po")):
        assert not re.search(ARROWS, path.read_text()), path.name
