"""Money, numbers and dates as a reader's language writes them; texts through gettext."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import httpx
import pytest

import node.gateway
from node.gateway.apps import desk_app, shop_app
from node.gateway.languages import LANGUAGES
from node.gateway.offers import listing_path, member_path
from node.gateway.words import ENGLISH, Words
from protocol.kinds.listing import Claim, Variant
from protocol.records import MAX_TIME
from tests.gateway.reading import check_page
from tests.gateway.village import DAY, DESK, OPEN, Village

FOLDER = Path(node.gateway.__file__).parent
GERMAN = Words(locale="de", tag="de")


@pytest.mark.parametrize(
    ("amount", "currency", "english", "german"),
    [
        (123_456, "EUR", "€1,234.56", "1.234,56\xa0€"),
        (500, "JPY", "JP¥500", "500\xa0¥"),
        (1234, "TND", "TND1.234", "1,234\xa0TND"),
        (5, "CREDIT", "0.05 credits", "0,05 credits"),
        (350, "loaves", "3.50 loaves", "3,50 loaves"),
        (350, "", "3.50", "3,50"),
    ],
)
def test_money_is_exact_and_written_by_locale(amount, currency, english, german):
    assert ENGLISH.money(amount, currency).replace("\xa0", "") == english
    assert GERMAN.money(amount, currency) == german


def test_numbers_and_dates_are_written_by_locale():
    assert (ENGLISH.number(1000), GERMAN.number(1000)) == ("1,000", "1.000")
    assert ENGLISH.date(1_790_000_000_000) == "21 September 2026"
    assert GERMAN.date(1_790_000_000_000) == "21. September 2026"


def test_far_off_times_are_dates_too():
    for time in (0, MAX_TIME, 2**60):
        assert ENGLISH.date(time)
        assert ENGLISH.iso_date(time)


class Shouting(gettext.NullTranslations):
    """Every text in capitals, to see what does not come through here."""

    def gettext(self, message: str) -> str:
        kept = r"%\(\w+\)s|\{\w+\}|<[^>]*>"  # places for values, and elements
        return re.sub(
            rf"{kept}|[a-z]+", lambda m: m[0] if m[0][0] in "%{<" else m[0].upper(), message
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


async def test_every_text_of_every_page_goes_through_gettext(tmp_path, monkeypatch):
    shouting = Words(locale="de", tag="de", translations=Shouting())
    monkeypatch.setattr("node.gateway.languages.choose", lambda *given: shouting)
    value = {"id": "v", "text": "VALUE", "rationale": "REASON"}
    village = Village(tmp_path, {**OPEN, "name": "C", "about": "", "values": [value]})
    for person in (village.ana, village.ben, village.eva):
        person.introduce(person.name.upper(), version=2, skills=("S",), needs=("N",), place="P")
    village.catch_up()
    village.eva.offer("NEW", category="", audience="members")
    bread = village.ana.offer(
        "B",
        category="",
        story="S",
        quantity=1,
        condition="C",
        delivery="D",
        tags=("T",),
        variants=(Variant(name="V"),),
        values=(Claim(value="v"), Claim(value="X")),
        expires_ms=village.now + DAY,
    )
    gone = village.ana.offer("GONE")
    village.ana.withdraw(gone)
    village.catch_up()
    gateway = village.gateway()
    paths = ["/", "/search", "/search?min=X&max=X&mode=X&sort=X&value=X&page=X", "/community"]
    paths += [member_path(p.id) for p in (village.ana, village.eva)]
    paths += [listing_path(bread), listing_path(gone), "/X", "/login/X"]
    for app in (desk_app(gateway), shop_app(gateway)):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
            for round_ in range(2):
                for path in paths:
                    answer = await client.get(path)
                    if answer.status_code == 303:
                        continue  # logged in already
                    page = check_page(answer.text)
                    labels = [attrs.get("aria-label", "") for _, attrs in page.elements]
                    seen = re.sub(
                        "|".join(["September", "Moothall", "Ana", *LANGUAGES.values()]),
                        "",
                        " ".join([page.text, *labels]),
                    )
                    assert not re.findall(r"[a-z]{2,}", seen), (path, seen)
                if round_ == 0 and answer.status_code == 403:
                    await client.get(gateway.login_link(DESK))
    village.close()


def test_templates_switch_escaping_off_nowhere():
    for template in sorted((FOLDER / "templates").glob("*.html")):
        text = template.read_text()
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text
        assert "style=" not in text
        for attributes in re.findall(r"<script([^>]*)>", text):
            assert " src=" in attributes or 'type="application/ld+json"' in attributes
    for module in FOLDER.rglob("*.py"):
        names = {n.id for n in ast.walk(ast.parse(module.read_text())) if isinstance(n, ast.Name)}
        assert "Markup" not in names or module.name in MARKUP


MARKUP = {"markup.py", "jsonld.py", "xmltext.py", "acquaintance.py"}  # each escapes what it holds
