"""`/feed.atom`: new listings as a feed, all of them or those that a search finds.

A listing keeps its entry's id for good, on whichever member's shop window it is read. The feed is
for guests: a program that follows it holds no login, so it is never at the desk.

Source: RFC 4287, The Atom Syndication Format.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, SubElement

from starlette.responses import Response

from node.gateway.filters import Filters, read_filters
from node.gateway.offers import listing_path, maker_name, member_path, mode_name, price_text
from node.gateway.outside import base
from node.gateway.pages.page import SHOP, Page
from node.gateway.pictures import path
from node.gateway.visit import Visit
from node.gateway.xmltext import xml_bytes, xml_text
from node.status import rfc3339
from storage.views.listing_queries import Offer, search

PATH = "/feed.atom"
MEDIA_TYPE = "application/atom+xml"
ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
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
    t = visit.words.gettext
    site, own = base(visit), feed_address(filters)
    searched = own.removeprefix(PATH)
    title = t("New listings of a search") if searched else t("New listings")
    words = filters.kept.get("q", "")
    community = visit.charter.name
    feed = Element("feed", xmlns=_ATOM)
    newest_ms = max((offer.made_ms for offer in offers), default=0)
    _head(
        feed,
        urn=_urn(visit, f"feed {searched}"),
        title=f"{community}: {title}" + (f" ({words})" if words else ""),
        updated_ms=newest_ms,
    )
    _add(_add(feed, "author"), "name", community)
    _add(feed, "generator", "Moothall")
    _add(feed, "link", rel="self", href=f"{site}{own}", type=MEDIA_TYPE)
    _add(feed, "link", rel="alternate", href=f"{site}/search{searched}", type="text/html")
    for offer in offers:
        _entry(visit, site, _add(feed, "entry"), offer)
    return xml_bytes(feed)


def _entry(visit: Visit, site: str, entry: Element, offer: Offer) -> None:
    said = offer.listing
    urn = _urn(visit, f"listing {offer.id.hex()}")
    _head(entry, urn=urn, title=said.title, updated_ms=offer.made_ms)
    author = _add(entry, "author")
    _add(author, "name", maker_name(visit, offer.person))
    if visit.shows_members and site:
        _add(author, "uri", f"{site}{member_path(offer.person)}")
    address = f"{site}{listing_path(offer.id)}"
    _add(entry, "link", rel="alternate", href=address, type="text/html")
    for photo in said.photos[:1]:
        address, size = f"{site}{path(photo.large)}", str(photo.large.size)
        _add(entry, "link", rel="enclosure", href=address, type="image/webp", length=size)
    _add(entry, "summary", _summary(visit, offer))
    if said.category:
        _add(entry, "category", term=xml_text(said.category))


def _head(element: Element, *, urn: str, title: str, updated_ms: int) -> None:
    """What a feed and an entry both begin with."""
    _add(element, "id", urn)
    _add(element, "title", title)
    _add(element, "updated", rfc3339(updated_ms))


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    child = SubElement(parent, tag, attributes)
    child.text = xml_text(text) or None
    return child


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


PAGE = Page(path=PATH, name="feed", endpoint=show, audience=SHOP, html=False)
