"""`/inbox`: what waits for the owner, and `/inbox.atom`, the same for a program that follows it.

Such a program holds no login, so the feed's address holds a key. The key opens this feed alone; it
is made of the home's secret, so nobody else's machine knows it.

Source: RFC 4287, The Atom Syndication Format.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, SubElement

from starlette.responses import Response

from node.gateway.context import Gateway
from node.gateway.guard import logged_in
from node.gateway.inbox import Line, line
from node.gateway.outside import base
from node.gateway.pages.page import DESK, Page
from node.gateway.problems import plain_problem, problem_page
from node.gateway.visit import Visit
from node.gateway.xmltext import xml_bytes, xml_text
from node.status import rfc3339
from node.trade import inbox

ATOM = "/inbox.atom"
MEDIA_TYPE = "application/atom+xml"
MOST = 100  # entries
EXAMPLE = 'moothall run --notify "notify-send Moothall"'
KEY_DIGITS = 32
_ATOM = "http://www.w3.org/2005/Atom"


async def show(visit: Visit) -> Response:
    """What ends soonest first."""
    visit.require_charter()
    host = visit.request.headers.get("host", "")
    return visit.render(
        "inbox.html",
        lines=_lines(visit),
        now=visit.gateway.clock(),
        command=EXAMPLE,
        feed_address=f"http://{host}{ATOM}?key={feed_key(visit.gateway)}",
    )


async def atom(visit: Visit) -> Response:
    """The same as a feed; for whoever holds its key, or is logged in."""
    given = visit.request.query_params.get("key", "")
    if not (
        hmac.compare_digest(given.encode(), feed_key(visit.gateway).encode()) or logged_in(visit)
    ):
        return problem_page(visit, plain_problem(visit.words, 403), bare=True)
    return visit.document(_feed(visit, _lines(visit)), MEDIA_TYPE)


def feed_key(gateway: Gateway) -> str:
    """What opens the feed without a login."""
    return hmac.new(gateway.secret, b"moothall inbox feed", sha256).hexdigest()[:KEY_DIGITS]


def _lines(visit: Visit) -> list[Line]:
    return [line(visit, each) for each in inbox.items(visit.home)[:MOST]]


def _feed(visit: Visit, lines: list[Line]) -> bytes:
    site, words = base(visit), visit.words
    feed = Element("feed", xmlns=_ATOM)
    _add(feed, "id", _urn(visit, "inbox"))
    _add(feed, "title", f"{visit.charter.name}: {words.gettext('Waits for you')}")
    _add(feed, "updated", rfc3339(max((each.since_ms or 0 for each in lines), default=0)))
    _add(_add(feed, "author"), "name", visit.charter.name)
    _add(feed, "generator", "Moothall")
    _add(feed, "link", rel="self", href=f"{site}{ATOM}", type=MEDIA_TYPE)
    _add(feed, "link", rel="alternate", href=f"{site}/inbox", type="text/html")
    for each in lines:
        entry = _add(feed, "entry")
        _add(entry, "id", _urn(visit, each.id))
        _add(entry, "title", each.title)
        _add(entry, "updated", rfc3339(each.since_ms or 0))
        _add(_add(entry, "author"), "name", each.name or visit.charter.name)
        _add(entry, "link", rel="alternate", href=f"{site}{each.path}", type="text/html")
        until = ""
        if each.until_ms is not None:
            until = words.gettext("until %(moment)s") % {"moment": words.moment(each.until_ms)}
        _add(entry, "summary", " · ".join(filter(None, (each.text, until))))
    return xml_bytes(feed)


def _urn(visit: Visit, name: str) -> str:
    """The same each time, and on no other person's desk."""
    return uuid5(UUID(bytes=visit.home.person[:16]), name).urn


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    child = SubElement(parent, tag, attributes)
    child.text = xml_text(text) or None
    return child


PAGES_HERE = [
    Page(
        path="/inbox",
        name="inbox",
        endpoint=show,
        audience=DESK,
        menu=lambda words: words.gettext("Inbox"),
    ),
    Page(
        path=ATOM,
        name="inbox-feed",
        endpoint=atom,
        audience=DESK,
        public=True,
        secret=True,
        html=False,
    ),
]
