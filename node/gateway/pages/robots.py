"""What visiting programs look for at fixed addresses: robots.txt, the sitemap, OpenSearch.

Sources: RFC 9309 (robots.txt), https://www.sitemaps.org/protocol.html, OpenSearch 1.1 Draft 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from starlette.responses import Response

from node.gateway.filters import clean
from node.gateway.offers import listing_path, member_path
from node.gateway.outside import known_base, required_base
from node.gateway.pages import feeds
from node.gateway.pages.member import is_shown
from node.gateway.pages.page import DESK, SHOP, Page
from node.gateway.visit import Problem, Visit
from node.gateway.xmltext import xml_bytes, xml_text
from node.status import rfc3339
from storage.views import listing_parts

SITEMAP = "/sitemap.xml"
OPENSEARCH = "/opensearch.xml"
WHOLE = 1000  # a sitemap of up to so many listings is one file
_PAGES = "pages"  # the part of the sitemap that has no listings

_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_SEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_DESCRIBED = "application/opensearchdescription+xml"

Url = tuple[str, int | None]  # absolute address, and when it changed, in milliseconds

# Searches have no end, invitations and orders are for one person, and programs ask the API.
_CLOSED = ("/join", "/language/", "/listing/*/order", "/o/", "/search", "/api/")
_FOR_GUESTS = "\n".join(["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), "Allow: /\n"])
_FOR_NOBODY = "User-agent: *\nDisallow: /\n"


async def robots(visit: Visit) -> Response:
    """Search engines may read the shop window, and nothing of a desk."""
    text = _FOR_GUESTS if visit.guests else _FOR_NOBODY
    site = known_base(visit)
    if site:
        text += f"\nSitemap: {site}{SITEMAP}\n"
    return visit.document(text.encode(), "text/plain; charset=utf-8")


async def sitemap(visit: Visit) -> Response:
    """Every page that guests may read; where there are many, the list of its parts."""
    site = required_base(visit)
    shown = visit.shows_listings
    parts = listing_parts.parts(visit.store) if shown else []
    if not shown or listing_parts.count(visit.store, WHOLE + 1) <= WHOLE:
        listings = [url for number, _ in parts for url in _listings(visit, site, number)]
        return _xml(visit, _urlset(_pages(visit, site) + listings))
    index = Element("sitemapindex", xmlns=_MAP)
    for name, last_ms in [(_PAGES, None), *parts]:
        _locate(SubElement(index, "sitemap"), f"{site}/sitemap/{name}.xml", last_ms)
    return _xml(visit, index)


async def sitemap_part(visit: Visit) -> Response:
    """One part of a large sitemap; 404 for one that is empty or does not exist."""
    site = required_base(visit)
    number = visit.request.path_params["part"]
    urls: list[Url] = []
    if number == _PAGES:
        urls = _pages(visit, site)
    elif visit.shows_listings and number.isascii() and number.isdigit() and len(number) < 10:
        urls = _listings(visit, site, int(number))
    if not urls:
        t = visit.words.gettext
        raise Problem(404, t("Not here"), t("The sitemap has no such part."))
    return _xml(visit, _urlset(urls))


async def opensearch(visit: Visit) -> Response:
    """How a browser can search here from its own search field."""
    visit.require_listings()
    site = required_base(visit)
    name = xml_text(clean(visit.charter.name))
    said = visit.words.gettext("Search the listings of %(community)s") % {"community": name}
    root = Element("OpenSearchDescription", xmlns=_SEARCH)
    for tag, text in (
        ("ShortName", name[:16].strip()),
        ("LongName", name[:48].strip()),
        ("Description", said),
        ("Language", visit.words.tag),
        ("InputEncoding", "UTF-8"),
        ("OutputEncoding", "UTF-8"),
    ):
        SubElement(root, tag).text = text
    for media_type, path in (("text/html", "/search"), (feeds.MEDIA_TYPE, feeds.PATH)):
        SubElement(root, "Url", type=media_type, template=f"{site}{path}?q={{searchTerms}}")
    SubElement(root, "Url", type=_DESCRIBED, rel="self", template=f"{site}{OPENSEARCH}")
    return _xml(visit, root, _DESCRIBED)


def _pages(visit: Visit, site: str) -> list[Url]:
    paths = ["/", "/community"]
    if visit.shows_members:
        everybody = visit.gateway.facts.members()
        paths += [member_path(key) for key, who in everybody.items() if is_shown(visit, who)]
    return [(site + path, None) for path in paths]


def _listings(visit: Visit, site: str, part: int) -> list[Url]:
    found = listing_parts.part(visit.store, part)
    return [(site + listing_path(listing), said_ms) for listing, said_ms in found]


def _urlset(urls: Sequence[Url]) -> Element:
    root = Element("urlset", xmlns=_MAP)
    for address, changed_ms in urls:
        _locate(SubElement(root, "url"), address, changed_ms)
    return root


def _locate(parent: Element, address: str, changed_ms: int | None) -> None:
    SubElement(parent, "loc").text = address
    if changed_ms is not None:
        SubElement(parent, "lastmod").text = rfc3339(changed_ms)


def _xml(visit: Visit, root: Element, media_type: str = "application/xml") -> Response:
    return visit.document(xml_bytes(root), media_type)


PAGES_HERE = [
    Page(path="/robots.txt", name="robots", endpoint=robots, audience=SHOP, html=False),
    Page(
        path="/robots.txt",
        name="desk-robots",
        endpoint=robots,
        audience=DESK,
        public=True,
        html=False,
    ),
    Page(path=SITEMAP, name="sitemap", endpoint=sitemap, audience=SHOP, html=False),
    Page(
        path="/sitemap/{part}.xml",
        name="sitemap-part",
        endpoint=sitemap_part,
        audience=SHOP,
        html=False,
    ),
    Page(path=OPENSEARCH, name="opensearch", endpoint=opensearch, audience=SHOP, html=False),
]
