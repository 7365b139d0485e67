"""Filters as they stand in a page's address, and what was wrong with them.

A filter that can't be understood is left out and a sentence says so; no address makes an error.
What stays is exactly what the form shows and what the links to other pages carry on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from governance.roll import MEMBER
from node.gateway import distances
from node.gateway.typed import amount
from node.gateway.visit import Visit
from node.gateway.words import Words
from protocol.errors import Refused
from protocol.kinds.listing import MODES
from protocol.spot import Spot
from storage.views.listing_queries import NEAREST, SORTS, Query
from storage.views.members import PROVISIONALLY
from storage.views.nearby import Near

PAGE_SIZE = 24
COUNT_TO = 1000  # matches beyond these are neither counted nor paged through
LAST_PAGE = COUNT_TO // PAGE_SIZE
LONGEST_WORDS = 200  # characters of a search that are used
LONGEST_NAME = 100  # of a category or a place
FARTHEST = 20_000  # kilometres: half way round the Earth
_ECHO = 40  # characters of a wrong value that a sentence repeats
_SHORTEST_KEY = 8  # hex digits that name a person
BELONGS = (MEMBER, PROVISIONALLY)  # whom guests may know of

NAMES = ("q", "mode", "category", "place", "within", "value", "min", "max", "by", "sort")


@dataclass(kw_only=True)
class Filters:
    """Cleaned filters by their name in the address, the page, and sentences about the rest."""

    kept: dict[str, str] = field(default_factory=dict)
    page: int = 1
    notices: list[str] = field(default_factory=list)
    minimum: int | None = None  # minor units
    maximum: int | None = None
    maker: bytes | None = None
    centre: Spot | None = None  # where distances are reckoned from

    def query(self, *, guests: bool) -> Query:
        """What to ask the view."""
        return Query(
            words=self.kept.get("q", ""),
            mode=self.kept.get("mode", ""),
            category=self.kept.get("category", ""),
            place=self.kept.get("place", ""),
            value=self.kept.get("value", ""),
            minimum=self.minimum,
            maximum=self.maximum,
            person=self.maker,
            near=self._near(),
            guests=guests,
            sort=self.kept.get("sort", "best"),
            limit=PAGE_SIZE,
            offset=(self.page - 1) * PAGE_SIZE,
            count_to=COUNT_TO,
        )

    def _near(self) -> Near | None:
        if self.centre is None:
            return None
        within = self.kept.get("within")
        return Near(spot=self.centre, within=int(within) if within else None)

    def address(self, page: int = 1, *, without: str = "") -> str:
        """The address of another page of the same search, or of a search without one filter."""
        pairs = {name: value for name, value in self.kept.items() if name != without}
        if page > 1:
            pairs["page"] = str(page)
        return f"/search?{urlencode(pairs)}" if pairs else "/search"

    @property
    def narrowed(self) -> int:
        """How many filters beside words and order are on."""
        return sum(name not in ("q", "sort") for name in self.kept)


def read_filters(visit: Visit) -> Filters:
    """What the address asks for, as far as this reader may ask it."""
    given, charter, words = visit.request.query_params, visit.charter, visit.words
    filters = Filters(centre=distances.centre(visit))
    t = words.gettext
    _read_words(filters, clean(given.get("q", "")), words)
    sorts = (*SORTS, NEAREST) if filters.centre is not None else SORTS
    choices = {"mode": MODES, "sort": sorts, "value": tuple(v.id for v in charter.values)}
    unknown = {
        "mode": t('There is no kind of listing called "%(given)s", so all kinds are shown.'),
        "sort": t('There is no order called "%(given)s", so the usual one is used.'),
        "value": t('The charter has no value called "%(given)s", so it was not searched for.'),
    }
    for name, allowed in choices.items():
        text = clean(given.get(name, ""))
        if text in allowed:
            filters.kept[name] = text
        elif text:
            filters.notices.append(unknown[name] % {"given": shorten(text)})
    too_long = {
        "category": t("No category has so long a name, so all categories are shown."),
        "place": t("No place has so long a name, so all places are shown."),
    }
    for name, sentence in too_long.items():
        text = clean(given.get(name, ""))
        if len(text) > LONGEST_NAME:
            filters.notices.append(sentence)
        elif text:
            filters.kept[name] = text
    _read_distance(filters, clean(given.get("within", "")), words)
    _read_prices(filters, given, charter.currency, words)
    _read_maker(filters, clean(given.get("by", "")).lower(), visit)
    filters.page, notice = read_page(given.get("page", ""), words)
    filters.notices += [notice] if notice else []
    return filters


def read_page(given: str, words: Words) -> tuple[int, str]:
    """A page's number, and a sentence when `given` is none."""
    text = clean(given)
    if not text:
        return 1, ""
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= 1:
        return int(text), ""
    sentence = words.gettext('There is no page "%(given)s", so this is the first one.')
    return 1, sentence % {"given": shorten(text)}


def clean(text: str) -> str:
    """Without control characters and needless spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shorten(text: str) -> str:
    """As much of a wrong value as a sentence repeats."""
    return text if len(text) <= _ECHO else text[:_ECHO] + "…"


def _read_words(filters: Filters, text: str, words: Words) -> None:
    if len(text) > LONGEST_WORDS:
        text = text[:LONGEST_WORDS].strip()
        sentence = words.gettext("Your search was long; its first %(n)s characters were used.")
        filters.notices.append(sentence % {"n": words.number(LONGEST_WORDS)})
    if text and not any(c.isalnum() for c in text):
        filters.notices.append(
            words.gettext("A search needs letters or digits, so all listings are shown.")
        )
    elif text:
        filters.kept["q"] = text


def _read_distance(filters: Filters, text: str, words: Words) -> None:
    """Whole kilometres, from where the owner is."""
    if not text:
        return
    t = words.gettext
    if filters.centre is None:
        filters.notices.append(t("Distances are not known here, so this search goes any distance."))
    elif text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= FARTHEST:
        filters.kept["within"] = str(int(text))
    else:
        sentence = t(
            '"%(given)s" is no distance in kilometres, so it was left out; write it as 10.'
        )
        filters.notices.append(sentence % {"given": shorten(text)})


def _read_maker(filters: Filters, text: str, visit: Visit) -> None:
    """One person's listings: of the owner, or of anybody whom this reader may know to belong."""
    if not text:
        return
    members = visit.gateway.facts.members()
    known = members if visit.shows_members else [visit.gateway.owner]
    found = [
        person
        for person in known
        if len(text) >= _SHORTEST_KEY and person.hex().startswith(text)
        if not visit.guests or person not in members or members[person].status in BELONGS
    ]
    if len(found) == 1:
        filters.maker = found[0]
        filters.kept["by"] = text
    else:
        sentence = visit.words.gettext("Nobody with that id is known here, so all are shown.")
        filters.notices.append(sentence)


def _read_prices(filters: Filters, given: Mapping[str, str], currency: str, words: Words) -> None:
    t = words.gettext
    found: dict[str, int] = {}
    for name in ("min", "max"):
        text = clean(given.get(name, ""))
        if not text:
            continue
        try:
            found[name] = amount(text, currency)
        except Refused:
            sentence = t('"%(given)s" is no price, so it was left out; write it as 3.50.')
            filters.notices.append(sentence % {"given": shorten(text)})
        else:
            filters.kept[name] = text
    low, high = found.get("min"), found.get("max")
    if low is not None and high is not None and low > high:
        filters.notices.append(t("The lowest price was above the highest; they were exchanged."))
        low, high = high, low
        filters.kept["min"], filters.kept["max"] = filters.kept["max"], filters.kept["min"]
    filters.minimum, filters.maximum = low, high
