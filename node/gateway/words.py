"""Texts, money, numbers, dates, distances and lists in a reader's language.

Every sentence that a page shows goes through `gettext` or `ngettext` here; which languages there
are, and which one a reader gets, is `node.gateway.languages`' to say. Nothing here knows a page
or a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations

from babel.dates import format_date, format_time, format_timedelta, get_datetime_format
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

from node.importing.prices import CREDIT, decimals
from protocol.errors import MoothallError, Refused, Term

_LAST_DAY = (date.max - date(1970, 1, 1)).days
_DAY_MS = 86_400_000
_SPANS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_SIZES = (("gigabyte", 10**9), ("megabyte", 10**6), ("kilobyte", 10**3))


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `locale` is Babel's name of it, `tag` what HTML calls it."""

    locale: str
    tag: str
    direction: str = "ltr"
    translations: NullTranslations = field(default_factory=NullTranslations)

    def gettext(self, text: str) -> str:
        """The text in this language."""
        return self.translations.gettext(text) if text else ""  # "" stands for a catalogue's head

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form for `count`; what stands in for numbers is left to the caller."""
        return self.translations.ngettext(one, many, count)

    def told(self, error: MoothallError) -> str:
        """What an error of ours says; a page may have put it into this language already."""
        text = self.gettext(error.text)
        if not error.values:
            return text
        values = error.values.items()
        return text % {k: self.gettext(v) if isinstance(v, Term) else v for k, v in values}

    def number(self, value: int) -> str:
        """A whole number, grouped."""
        return _number(self.locale, value)

    def tenths(self, value: int) -> str:
        """Tenths as a number with one decimal: "4.5"."""
        text: str = format_decimal(Decimal(value).scaleb(-1), "#,##0.0", self.locale)
        return text

    def percent(self, bps: int) -> str:
        """Basis points as a percentage without needless zeros: "5%", "8.75%"."""
        number = format_decimal(Decimal(bps).scaleb(-2), "#,##0.##", self.locale)
        sample: str = format_percent(0, locale=self.locale)  # where the sign stands, and how
        return sample.replace("0", number)

    def money(self, amount: int, currency: str) -> str:
        """Minor units as a price. An unknown currency is written after the number."""
        if currency == CREDIT:
            text = self.gettext("%(amount)s credits")
            return text % {"amount": _plain_amount(self.locale, amount, 2)}
        return _money(self.locale, amount, currency)

    def date(self, milliseconds: int) -> str:
        """The day, in UTC, of a time since 1970; beyond the calendar's end, its last day."""
        return _date(self.locale, milliseconds // _DAY_MS)

    def short_date(self, milliseconds: int) -> str:
        """The same day in less room, as tables have it."""
        return format_date(_day(milliseconds // _DAY_MS), "medium", self.locale)

    def iso_date(self, milliseconds: int) -> str:
        """The same day as a machine reads it."""
        return _day(milliseconds // _DAY_MS).isoformat()

    def moment(self, milliseconds: int) -> str:
        """Day and time of day by this machine's clock: the node and its neighbours live there."""
        there = _moment(milliseconds).astimezone()
        day = format_date(there, "medium", self.locale)
        time = format_time(there, "short", locale=self.locale)
        both = str(get_datetime_format("medium", self.locale)).replace("'", "")
        return both.replace("{0}", time).replace("{1}", day)

    def iso_moment(self, milliseconds: int) -> str:
        """The same moment as a machine reads it: RFC 3339 in UTC."""
        return _moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ")

    def ago(self, seconds: float) -> str:
        """How long ago something was: "20 seconds ago". What clocks put in the future is now."""
        if seconds < 1:
            return self.gettext("just now")
        return format_timedelta(
            timedelta(seconds=-int(min(seconds, _LAST_DAY * 86_400))),
            threshold=1,
            add_direction=True,
            locale=self.locale,
        )

    def ahead(self, seconds: float) -> str:
        """How long until something is: "in 7 days", "in 2 weeks". What is past already is now."""
        if seconds < 1:
            return self.gettext("now")
        return format_timedelta(
            timedelta(seconds=int(min(seconds, _LAST_DAY * 86_400))),
            threshold=2,
            add_direction=True,
            locale=self.locale,
        )

    def duration(self, seconds: int) -> str:
        """A span in the largest unit that fits exactly: "14 days", "90 minutes", "no time"."""
        if seconds <= 0:
            return self.gettext("no time")
        unit, length = next((unit, length) for unit, length in _SPANS if seconds % length == 0)
        return format_unit(seconds // length, f"duration-{unit}", "long", locale=self.locale)

    def distance(self, metres: float) -> str:
        """Metres as people say them: "350 m", "2.4 km", "38 km"."""
        if metres < 995:
            near = max(10, round(metres, -1))
            return format_unit(near, "length-meter", "short", locale=self.locale)
        far = round(metres / 1000, 1 if metres < 9950 else 0)
        return format_unit(far, "length-kilometer", "short", "#,##0.#", self.locale)

    def size(self, count: int) -> str:
        """Bytes as people say them: "40 MB", "3.5 MB"; never less than "1 kB"."""
        unit, length = next((s for s in _SIZES if count >= s[1]), _SIZES[-1])
        value = max(1, round(count / length, 1 if count < 10 * length else 0))
        return format_unit(value, f"digital-{unit}", "short", "#,##0.#", self.locale)

    def list(self, items: Sequence[str]) -> str:
        """Several things in one sentence: "a, b and c"."""
        return format_list(items, locale=self.locale)

    def person(self, name: str, person: bytes) -> str:
        """What to call someone: the name, or a few digits of the key while no profile is here."""
        if name.strip():
            return name
        return self.gettext("Someone without a name yet (%(id)s)") % {"id": person.hex()[:8]}


ENGLISH = Words(locale="en_GB", tag="en")


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


def _moment(milliseconds: int) -> datetime:
    """In UTC, to the second; a day short of the calendar's end, which leaves room for zones."""
    seconds = max(0, min(milliseconds // 1000, (_LAST_DAY - 1) * 86_400))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
