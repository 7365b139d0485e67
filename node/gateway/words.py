"""Texts, money, numbers and dates in a reader's language.

Every sentence that a page shows goes through `gettext` or `ngettext` here, so that a catalogue
added later changes no page. Nothing here knows a page or a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from node.importing.prices import CREDIT, decimals
from protocol.errors import Refused

_LAST_DAY = (date.max - date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `locale` is Babel's name of it, `tag` what HTML calls it."""

    locale: str
    tag: str
    direction: str = "ltr"
    translations: NullTranslations = field(default_factory=NullTranslations)

    def gettext(self, text: str) -> str:
        """The text in this language."""
        return self.translations.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form for `count`; what stands in for numbers is left to the caller."""
        return self.translations.ngettext(one, many, count)

    def number(self, value: int) -> str:
        """A whole number, grouped."""
        return _number(self.locale, value)

    def money(self, amount: int, currency: str) -> str:
        """Minor units as a price. An unknown currency is written after the number."""
        if currency == CREDIT:
            text = self.gettext("%(amount)s credits")
            return text % {"amount": _plain_amount(self.locale, amount, 2)}
        return _money(self.locale, amount, currency)

    def date(self, milliseconds: int) -> str:
        """The day, in UTC, of a time since 1970; beyond the calendar's end, its last day."""
        return _date(self.locale, milliseconds // 86_400_000)

    def iso_date(self, milliseconds: int) -> str:
        """The same day as a machine reads it."""
        return _day(milliseconds // 86_400_000).isoformat()

    def person(self, name: str, person: bytes) -> str:
        """What to call someone: the name, or a few digits of the key while no profile is here."""
        if name.strip():
            return name
        return self.gettext("Someone without a name yet (%(id)s)") % {"id": person.hex()[:8]}


ENGLISH = Words(locale="en", tag="en")


def choose(accepted: str = "") -> Words:
    """The best language for an Accept-Language header; English is the only one so far."""
    return ENGLISH


Gettext = Callable[[str], str]


@lru_cache(maxsize=4096)
def _number(locale: str, value: int) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(maxsize=4096)
def _plain_amount(locale: str, amount: int, places: int) -> str:
    pattern = "#,##0." + "0" * places if places else "#,##0"
    return format_decimal(Decimal(amount).scaleb(-places), format=pattern, locale=locale)


@lru_cache(maxsize=4096)
def _money(locale: str, amount: int, currency: str) -> str:
    try:
        places = decimals(currency)
    except Refused:  # a stranger's listing may say anything here
        return f"{_plain_amount(locale, amount, 2)} {currency}".strip()
    return format_currency(Decimal(amount).scaleb(-places), currency, locale=locale)


@lru_cache(maxsize=1024)
def _date(locale: str, day: int) -> str:
    return format_date(_day(day), format="long", locale=locale)


def _day(day: int) -> date:
    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    return epoch + timedelta(days=max(0, min(day, _LAST_DAY)))
