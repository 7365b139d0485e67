"""`/feed.atom`: new listings as a feed, all of them or those that a search finds.

A listing keeps its entry's id for good, on whichever member's shop window it is read. The feed is
for guests: a program that follows it holds no login, so it is never at the desk.

Source: RFC 4287, The Atom Syndication Format.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID, uuid5

from starlette.responses import Response

from node.gateway.filters import Filters, read_filters
from node.gateway.offers import listing_path, maker_name, member_path, mode_name, price_text
from node.gateway.outside import base
from node.gateway.pages.page import SHOP, Page
from node.gateway.pictures import path
from node.gateway.visit import Visit
from node.gateway.xmltext import xml_text
from storage.views.listing_queries import Offer, search

PATH = "/feed.atom"
MEDIA_TYPE = "application/atom+xml"
ENTRIES = 50
LONGEST_SUMMARY = 1000  # characters of a description


async def show(visit: Visit) -> Response:
    """The newest listings that the filters in the address let through."""
    visit.require_listings()
    filters = read_filters(visit)
    query = replace(
        filters.query(guests=True), sort="new", limit=ENTRIES, offset=0, count_to=ENTRIES
    )
    found = search(visit.store, query)
    return visit.document(_atom(visit, filters, found.offers), MEDIA_TYPE)


def feed_address(filters: Filters) -> str:
    """The feed of a search, on this host. Its order is its own, so the search's is left out."""
    pairs = {name: value for name, value in filters.kept.items() if name != "sort"}
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH


def _atom(visit: Visit, filters: Filters, offers: tuple[Offer, ...]) -> bytes:
    # Loaded when first asked for: it takes 50 ms.
    from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]

    t = visit.words.gettext
    site, own = base(visit), feed_address(filters)
    community = xml_text(visit.charter.name)
    searched = own.removeprefix(PATH)
    feed = FeedGenerator()
    feed.id(_urn(visit, f"feed {searched}"))
    words = filters.kept.get("q", "")
    title = t("New listings") if not searched else t("New listings of a search")
    feed.title(f"{community}: {f'{title} ({xml_text(words)})' if words else title}")
    feed.updated(max((_moment(offer.made_ms) for offer in offers), default=_moment(0)))
    feed.author(name=community)
    feed.generator("Moothall")
    feed.link(rel="self", href=f"{site}{own}", type=MEDIA_TYPE)
    feed.link(rel="alternate", href=f"{site}/search{searched}", type="text/html")
    for offer in offers:
        said = offer.listing
        entry = feed.add_entry(order="append")
        entry.id(_urn(visit, f"listing {offer.id.hex()}"))
        entry.title(xml_text(said.title))
        entry.updated(_moment(offer.made_ms))
        entry.link(rel="alternate", href=f"{site}{listing_path(offer.id)}", type="text/html")
        for photo in said.photos[:1]:
            picture = {"href": f"{site}{path(photo.large)}", "length": str(photo.large.size)}
            entry.link(rel="enclosure", type="image/webp", **picture)
        maker = {"name": xml_text(maker_name(visit, offer.person))}
        if visit.shows_members and site:
            maker["uri"] = f"{site}{member_path(offer.person)}"
        entry.author(maker)
        entry.summary(xml_text(_summary(visit, offer)))
        if said.category:
            entry.category(term=xml_text(said.category))
    return bytes(feed.atom_str())


def _summary(visit: Visit, offer: Offer) -> str:
    """Price, kind and place in a line, then how the description begins, as it was written."""
    said = offer.listing
    facts = (price_text(visit.words, said), mode_name(visit.words, said.mode), said.place)
    text = said.description
    if len(text) > LONGEST_SUMMARY:
        text = f"{text[:LONGEST_SUMMARY]}…"
    return "\n\n".join(part for part in (" · ".join(filter(None, facts)), text) if part)


def _urn(visit: Visit, name: str) -> str:
    """An id that all nodes of this community give to the same thing."""
    return uuid5(UUID(bytes=visit.store.community[:16]), name).urn


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(min(milliseconds // 1000, 253_402_300_799), UTC)


PAGE = Page(path=PATH, name="feed", endpoint=show, audience=SHOP, html=False)
