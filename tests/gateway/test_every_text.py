"""Every page of a lively community, read for texts that did not come through gettext.

A made-up language writes every text in capitals. What is left in small letters is either somebody's
own words, which the world of these pages is known to hold, or a number or date that Babel wrote;
anything else is English that a reader of another language would get.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import html5lib
import httpx
import pytest

from governance.templates import template
from node.gateway.languages import LANGUAGES
from node.gateway.words import Words
from tests.browser import guests, hall, trade, world
from tests.browser.site import Site, serving
from tests.browser.visits import Visit, visits
from tests.browser.world import lively

KEPT = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]*>")  # what a translation keeps as it is
LABELS = ("aria-label", "alt", "title", "placeholder")
OWN_WORDS = ("bdi", "code", "option", "textarea", "script", "style")
WORD = re.compile(r"[a-zß-ÿ]{2,}")
# What the core calls things; such a word on a page is a label that somebody forgot.
CORE = "sell swap lend give service wanted everyone members open draft withdrawn expired waiting"
CORE += " provisional member left removed new notice counting challenge effect failed annulled"
CORE += " yes no abstain consent aside object approval majority supermajority schulze star irv"
CORE += " adopted rejected missed tie status-quo adopt fees rules offices expulsion spending picks"
CORE += " advice values teller treasurer welcomer mediator community referrer host hardship seller"
BABEL = re.compile(
    r"\b(?:vor|Sekunden?|Minuten?|Stunden?|Tage?n?|Wochen?|Monate?n?|und|km|kB|MB|kbyte"
    r"|September|Oktober|November|Dezember|Januar|Februar)\b"
)


class Shouting(NullTranslations):
    """Every text in capitals."""

    def gettext(self, message: str) -> str:
        kept = [*KEPT.findall(message), ""]
        parts = zip(KEPT.split(message), kept, strict=True)
        return "".join(part.upper() + piece for part, piece in parts)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(lively, tmp_path_factory.mktemp("world")) as served:
        yield served


@pytest.fixture(scope="module")
def readers(site: Site) -> Iterator[dict[str, httpx.Client]]:
    """A client for each app, logged in where that is needed."""
    clients = {app: httpx.Client(base_url=origin) for app, origin in site.origins.items()}
    for app, client in clients.items():
        login = site.login(app)
        if login is not None:
            assert client.get(login).status_code == 303
    yield clients
    for client in clients.values():
        client.close()


def ours(html: str) -> Iterator[str]:
    """The texts of a page that are not somebody's own words."""

    def walk(element) -> Iterator[str]:
        tag = element.tag if isinstance(element.tag, str) else "!comment"
        if tag in OWN_WORDS or tag == "!comment" or element.get("dir") == "auto":
            return
        for name in LABELS:
            yield element.get(name, "")
        if tag != "title":  # it names the community and what the page is about
            yield element.text or ""
        for child in element:
            yield from walk(child)
            yield child.tail or ""

    yield from walk(html5lib.parse(html, namespaceHTMLElements=False))


CHARTER: Any = template("makers-market")


def known_words() -> frozenset[str]:
    """The words in small letters that people of the world say."""
    sources = [
        node
        for module in (world, hall, trade, guests)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
    ]
    said = [n.value for n in sources if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    texts = [*said, *LANGUAGES.values(), "Moothall moothall", str(CHARTER)]
    return frozenset(WORD.findall(" ".join(texts))) - frozenset(CORE.split())


KNOWN = known_words()


def small(text: str) -> list[str]:
    """Words in small letters that neither Babel nor anybody of the world wrote."""
    for value in CHARTER["values"]:
        text = text.replace(value["text"], "")
    text = BABEL.sub(
        "", re.sub(r"\b[0-9a-f]{8}\b|\b[\w-]+\.(?:csv|jsonld)\b|https?://\S+", "", text)
    )
    return [word for word in WORD.findall(text) if word not in KNOWN]


@pytest.mark.parametrize("visit", visits(), ids=str)
def test_a_page_holds_no_text_that_was_not_translated(site, readers, monkeypatch, visit: Visit):
    shouting = Words("de", "de", "ltr", Shouting())
    monkeypatch.setattr("node.gateway.languages.choose", lambda *given: shouting)

    answer = readers[visit.app].get(visit.fill(site.ids))

    left = {text.strip(): small(text) for text in ours(answer.text)}
    assert {text: words for text, words in left.items() if words} == {}


def test_the_search_for_untranslated_texts_finds_them():
    assert any(small(text) for text in ours("<p>HERE are no neighbourhoods</p>"))
    assert any(small(text) for text in ours('<nav aria-label="Pages">X</nav>'))
    assert any(small(text) for text in ours("<p><bdi>Ana</bdi> · sell</p>"))
    assert not any(small(text) for text in ours("<p>BY <bdi>Ana</bdi>, vor 20 Sekunden</p>"))
