"""Money, numbers and dates as a reader's language writes them; texts through gettext."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest

import node.gateway
from node.gateway.words import ENGLISH, Words
from protocol.records import MAX_TIME

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
    for far in (0, MAX_TIME, 2**60):
        assert ENGLISH.date(far)
        assert ENGLISH.iso_date(far)


MINUTE, HOUR = 60, 3600
SPANISH = Words(locale="es", tag="es")


@pytest.mark.parametrize(
    ("seconds", "english", "german", "spanish"),
    [
        (-5, "just now", "just now", "just now"),
        (0.9, "just now", "just now", "just now"),
        (1, "1 second ago", "vor 1 Sekunde", "hace 1 segundo"),
        (20, "20 seconds ago", "vor 20 Sekunden", "hace 20 segundos"),
        (90 * MINUTE, "2 hours ago", "vor 2 Stunden", "hace 2 horas"),
        (49 * HOUR, "2 days ago", "vor 2 Tagen", "hace 2 días"),
        (1e30, "8035 years ago", "vor 8035 Jahren", "hace 8035 años"),
    ],
)
def test_how_long_ago_something_was(seconds, english, german, spanish):
    assert [w.ago(seconds) for w in (ENGLISH, GERMAN, SPANISH)] == [english, german, spanish]


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "now", "now"),
        (1, "in 1 second", "in 1 Sekunde"),
        (90 * MINUTE, "in 90 minutes", "in 90 Minuten"),
        (7 * 24 * HOUR, "in 7 days", "in 7 Tagen"),
        (14 * 24 * HOUR, "in 2 weeks", "in 2 Wochen"),
    ],
)
def test_how_long_until_something_is(seconds, english, german):
    assert (ENGLISH.ahead(seconds), GERMAN.ahead(seconds)) == (english, german)


@pytest.mark.parametrize(
    ("metres", "english", "german"),
    [
        (0, "10 m", "10 m"),
        (347, "350 m", "350 m"),
        (994, "990 m", "990 m"),
        (996, "1 km", "1 km"),
        (2449, "2.4 km", "2,4 km"),
        (9949, "9.9 km", "9,9 km"),
        (9960, "10 km", "10 km"),
        (1_234_567, "1,235 km", "1.235 km"),
    ],
)
def test_a_distance_is_as_exact_as_people_say_it(metres, english, german):
    assert (ENGLISH.distance(metres), GERMAN.distance(metres)) == (english, german)


def test_spans_shares_sizes_and_lists_are_written_by_locale():
    seconds = (0, 1, 90 * MINUTE, 14 * 24 * HOUR)
    assert [ENGLISH.duration(s) for s in seconds] == [
        "no time",
        "1 second",
        "90 minutes",
        "14 days",
    ]
    assert GERMAN.duration(14 * 24 * HOUR) == "14 Tage"
    assert [ENGLISH.percent(b) for b in (0, 5, 875, 10_000)] == ["0%", "0.05%", "8.75%", "100%"]
    assert GERMAN.percent(875) == "8,75\xa0%"
    assert [ENGLISH.size(n) for n in (0, 3500, 40_000_000)] == ["1 kB", "3.5 kB", "40 MB"]
    assert GERMAN.size(3_500_000) == "3,5 MB"
    assert [ENGLISH.list("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert SPANISH.list("abc") == "a, b y c"


def test_a_moment_is_told_by_this_machines_clock(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        assert ENGLISH.moment(1_790_000_000_000) == "21 Sept 2026, 16:13"
        assert GERMAN.moment(1_790_000_000_000) == "21.09.2026, 16:13"
        assert SPANISH.moment(1_790_000_000_000) == "21 sept 2026, 16:13"
        for far in (0, MAX_TIME, 2**60, -1):
            assert ENGLISH.moment(far)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ENGLISH.iso_moment(1_790_000_000_000) == "2026-09-21T14:13:20Z"


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


# Each escapes what it holds.
MARKUP = {"markup.py", "jsonld.py", "xmltext.py", "acquaintance.py", "sentences.py"}
