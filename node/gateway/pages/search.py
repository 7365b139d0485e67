"""`/search`: listings by words and filters, all of them in the address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.gateway.distances import kilometres_text
from node.gateway.filters import NAMES, Filters, read_filters
from node.gateway.offers import SHOWN_DIGITS, card, maker_name, mode_name, mode_names
from node.gateway.pages.feeds import feed_address
from node.gateway.pages.page import BOTH, Page
from node.gateway.paging import Pager, paged
from node.gateway.visit import Visit
from node.gateway.words import Words
from storage.views.listing_queries import NEAREST, Found
from storage.views.listing_queries import search as find
from storage.views.listings import fold

DISTANCES = (2, 5, 10, 25, 50, 100, 250)  # kilometres to choose from; any other can be typed
LONGEST_CHIP = 40  # characters


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address of the same search without it."""

    text: str
    address: str


async def show(visit: Visit) -> Response:
    """The form, as it was sent, and what it found."""
    visit.require_listings()
    words = visit.words
    filters = read_filters(visit)
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
        chips=_chips(visit, filters),
        modes=mode_names(words),
        categories=categories,
        values=visit.charter.values,
        distances=_distances(words, filters),
        makers=_makers(visit, filters),
        sorts=_sorts(words, filters),
        currency=visit.charter.currency,
    )


def _find(visit: Visit, filters: Filters) -> tuple[Found, Pager]:
    """What is on the asked page, or on the last one there is."""

    def read(page: int) -> Found:
        filters.page = page
        return find(visit.store, filters.query(guests=visit.guests))

    found, pager, notice = paged(visit.words, filters.page, read, filters.address)
    filters.notices += [notice] if notice else []
    return found, pager


def _categories(visit: Visit, filters: Filters) -> list[tuple[str, int | None]]:
    """The largest categories, and the chosen one if it is not among them."""
    known: list[tuple[str, int | None]] = list(visit.gateway.facts.categories(guests=visit.guests))
    chosen = fold(filters.kept.get("category", ""))
    if chosen:
        filters.kept["category"] = chosen
        if all(name != chosen for name, _ in known):
            known.append((chosen, None))
    return known


def _chips(visit: Visit, filters: Filters) -> list[Chip]:
    """The filters that are on, in the order of the form."""
    kept, chips = filters.kept, []
    for name in NAMES:
        if name not in kept or name == "sort":
            continue
        text = _chip_text(visit, filters, name, kept[name])
        short = text if len(text) <= LONGEST_CHIP else text[:LONGEST_CHIP] + "…"
        chips.append(Chip(short, filters.address(without=name)))
    return chips


def _chip_text(visit: Visit, filters: Filters, name: str, given: str) -> str:
    words, currency = visit.words, visit.charter.currency
    t = words.gettext
    match name:
        case "mode":
            return mode_name(words, given)
        case "category":
            return given[:1].upper() + given[1:]
        case "place":
            return t("in %(place)s") % {"place": given}
        case "within":
            return t("within %(far)s") % {"far": kilometres_text(words, int(given))}
        case "value":
            return next(value.text for value in visit.charter.values if value.id == given)
        case "min":
            return t("from %(price)s") % {"price": words.money(filters.minimum or 0, currency)}
        case "max":
            return t("up to %(price)s") % {"price": words.money(filters.maximum or 0, currency)}
        case "by":
            return t("by %(name)s") % {"name": maker_name(visit, filters.maker or b"")}
    return f"“{given}”"


def _distances(words: Words, filters: Filters) -> list[tuple[str, str]]:
    """Kilometres to choose from; none where distances are not known."""
    if filters.centre is None:
        return []
    given = filters.kept.get("within")
    kilometres = sorted({*DISTANCES, *([int(given)] if given else [])})
    return [(str(each), kilometres_text(words, each)) for each in kilometres]


def _makers(visit: Visit, filters: Filters) -> list[tuple[str, str]]:
    """The owner of this node, and whoever was asked for."""
    chosen = filters.kept.get("by", "")
    rows = {visit.gateway.owner: visit.gateway.owner.hex()[:SHOWN_DIGITS]}
    if filters.maker is not None:
        rows[filters.maker] = chosen
    return [(key, maker_name(visit, person)) for person, key in rows.items()]


def _sorts(words: Words, filters: Filters) -> list[tuple[str, str]]:
    t = words.gettext
    near = [(NEAREST, t("Nearest"))] if filters.centre is not None else []
    return [
        ("best", t("Best match")),
        ("new", t("Newest")),
        *near,
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
