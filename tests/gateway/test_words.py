"""Money, numbers and dates as a reader's language writes them; texts through gettext."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

import node.gateway
from node.gateway.templating import environment
from node.gateway.words import ENGLISH, Words
from protocol.records import MAX_TIME

FOLDER = Path(node.gateway.__file__).parent
GERMAN = Words(locale="de", tag="de")


@pytest.mark.parametrize(
    ("amount", "currency", "english", "german"),
    [
        (123_456, "EUR", "€1,234.56", "1.234,56\xa0€"),
        (500, "JPY", "¥500", "500\xa0¥"),
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
    assert ENGLISH.date(1_790_000_000_000) == "September 21, 2026"
    assert GERMAN.date(1_790_000_000_000) == "21. September 2026"


def test_far_off_times_are_dates_too():
    for time in (0, MAX_TIME, 2**60):
        assert ENGLISH.date(time)
        assert ENGLISH.iso_date(time)


class Shouting(gettext.NullTranslations):
    """Every text in capitals, to see what does not come through here."""

    def gettext(self, message: str) -> str:
        return re.sub(r"(?<!%\()(?<!%)\b[a-z]+\b(?!\))", lambda m: m[0].upper(), message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def test_every_text_of_a_template_goes_through_gettext():
    words = Words(locale="en", tag="en", translations=Shouting())
    made = environment(words)
    page = made.get_template("problem.html").render(
        title="T", text="T", bare=False, audience="shop", community="C", owner="O", path="/"
    )

    assert "TO THE" not in page or "front page" not in page
    seen = re.sub(r"<[^>]*>", " ", page.partition("<body>")[2])
    assert not re.findall(r"\b[a-z]{2,}\b", seen), seen


def test_templates_hold_no_bare_words():
    for template in sorted((FOLDER / "templates").glob("*.html")):
        text = template.read_text()
        text = re.sub(r"{% trans.*?{% endtrans %}", "", text, flags=re.S)
        text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.S)
        words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"Moothall"}
        assert not words, (template.name, words)


def test_templates_switch_escaping_off_nowhere():
    for template in sorted((FOLDER / "templates").glob("*.html")):
        text = template.read_text()
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text
        assert "<script" not in text
        assert "style=" not in text
    for module in FOLDER.rglob("*.py"):
        names = {n.id for n in ast.walk(ast.parse(module.read_text())) if isinstance(n, ast.Name)}
        assert "Markup" not in names or module.name == "markup.py"
