"""`/search`: listings by words and filters, all of them in the address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.gateway.filters import LAST_PAGE, NAMES, PAGE_SIZE, Filters, read_filters
from node.gateway.offers import card, mode_names
from node.gateway.pages.feeds import feed_address
from node.gateway.pages.page import BOTH, Page
from node.gateway.visit import Visit
from node.gateway.words import Words
from storage.views.listing_queries import Found
from storage.views.listing_queries import search as find
from storage.views.listings import fold


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the reader is among the pages of a result; empty addresses where there is none."""

    page: int
    pages: int
    before: str
    after: str


async def show(visit: Visit) -> Response:
    """The form, as it was sent, and what it found."""
    visit.require_listings()
    words = visit.words
    filters = read_filters(visit.request.query_params, visit.charter, words)
    found, pager = _find(visit, filters)
    facts = visit.gateway.facts
    categories = _categories(visit, filters)
    return visit.render(
        "search.html",
        filters=filters,
        feed=feed_address(filters),
        kept={name: filters.kept.get(name, "") for name in NAMES},
        offers=[card(visit, offer) for offer in found.offers],
        total=found.total,
        more=found.more,
        pager=pager,
        unread=facts.unread() if "q" in filters.kept else 0,
        modes=mode_names(words),
        categories=categories,
        values=visit.charter.values,
        sorts=_sorts(words),
        currency=visit.charter.currency,
    )


def _find(visit: Visit, filters: Filters) -> tuple[Found, Pager]:
    """What is on the asked page, or on the last one there is."""
    asked = filters.page
    filters.page = min(asked, LAST_PAGE)
    found = find(visit.store, filters.query(guests=visit.guests))
    pages = min(LAST_PAGE, max(1, -(-found.total // PAGE_SIZE)))
    if filters.page > pages:
        filters.page = pages
        found = find(visit.store, filters.query(guests=visit.guests))
    if asked > pages:
        sentence = visit.words.gettext("There is no page %(n)s, so this is the last one.")
        filters.notices.append(sentence % {"n": visit.words.number(asked)})
    page = filters.page
    return found, Pager(
        page=page,
        pages=pages,
        before=filters.address(page - 1) if page > 1 else "",
        after=filters.address(page + 1) if page < pages else "",
    )


def _categories(visit: Visit, filters: Filters) -> list[tuple[str, int | None]]:
    """The largest categories, and the chosen one if it is not among them."""
    known: list[tuple[str, int | None]] = list(visit.gateway.facts.categories(guests=visit.guests))
    chosen = fold(filters.kept.get("category", ""))
    if chosen:
        filters.kept["category"] = chosen
        if all(name != chosen for name, _ in known):
            known.append((chosen, None))
    return known


def _sorts(words: Words) -> list[tuple[str, str]]:
    t = words.gettext
    return [
        ("best", t("Best match")),
        ("new", t("Newest")),
        ("price", t("Lowest price")),
        ("price-desc", t("Highest price")),
    ]


PAGE = Page(
    path="/search",
    name="search",
    endpoint=show,
    audience=BOTH,
    menu=lambda words: words.gettext("Search"),
)
