"""The assembly for other programs: `/assembly.atom` with proposals and outcomes, `/assembly.ics`
with deadlines, and the desk's page `/assembly/follow` that tells where they are.

Guests get both only where they may see who belongs, and never what is about one person. At the
desk a program that follows holds no login, so the address itself holds a key. The key opens these
two and nothing else; it is made of the home's secret, so nobody else's machine knows it.

Sources: RFC 4287 (Atom), RFC 5545 (iCalendar), RFC 7986 (names of calendars).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5
from xml.etree.ElementTree import Element, SubElement

from starlette.responses import Response

from governance.certified import CHALLENGE, FAILED, IN_EFFECT, NOTICE, OPEN
from node.assembly import phases, reading
from node.gateway.context import Gateway
from node.gateway.guard import logged_in
from node.gateway.hall import (
    kind_name,
    milliseconds,
    outcome_name,
    proposal_path,
    round_name,
    status_name,
)
from node.gateway.outside import base
from node.gateway.pages.page import BOTH, DESK, Page
from node.gateway.problems import plain_problem, problem_page
from node.gateway.proposals import reason_text, title
from node.gateway.rooms import rooms
from node.gateway.visit import Visit
from node.gateway.xmltext import xml_bytes, xml_text
from node.status import rfc3339

ATOM, CALENDAR = "/assembly.atom", "/assembly.ics"
ATOM_TYPE, CALENDAR_TYPE = "application/atom+xml", "text/calendar"
_ATOM = "http://www.w3.org/2005/Atom"
NEWEST = 25  # proposals, up to two entries each
KEY_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or will."""

    id: str  # the same on every node
    title: str
    text: str
    at_ms: int
    path: str
    author: str
    kind: str


async def page(visit: Visit) -> Response:
    """Where the two are, for the owner's own programs."""
    host = visit.request.headers.get("host", "")
    key = feed_key(visit.gateway)
    return visit.render(
        "follow.html",
        rooms=rooms(visit),
        calendar=f"http://{host}{CALENDAR}?key={key}",
        feed_address=f"http://{host}{ATOM}?key={key}",
        calendar_file=CALENDAR,
        shown_to_guests=visit.charter.guests.see_members,
    )


def feed_key(gateway: Gateway) -> str:
    """What opens the two at the desk without a login."""
    made = hmac.new(gateway.secret, b"moothall assembly feed", sha256)
    return made.hexdigest()[:KEY_DIGITS]


def _refused(visit: Visit) -> Response | None:
    """The answer for somebody who may not follow the assembly; Problem for a guest."""
    if visit.guests:
        visit.require_members()
        return None
    given = visit.request.query_params.get("key", "")
    if hmac.compare_digest(given.encode(), feed_key(visit.gateway).encode()) or logged_in(visit):
        return None
    return problem_page(visit, plain_problem(visit.words, 403), bare=True)  # as any page of a desk


def _proposals(visit: Visit) -> list[dict[str, Any]]:
    """The newest that this reader may hear of."""
    found = reading.proposals(visit.store, limit=NEWEST)["proposals"]
    if visit.guests:
        return [e for e in found if e["kind"] != "expulsion" and e["status"] != phases.DRAFT]
    return list(found)


async def atom(visit: Visit) -> Response:
    """Each proposal twice: when it was made, and how it ended."""
    refused = _refused(visit)
    if refused is not None:
        return refused
    events = sorted(_happened(visit), key=lambda event: (-event.at_ms, event.id))
    return visit.document(_feed(visit, events), ATOM_TYPE)


def _happened(visit: Visit) -> Iterator[Event]:
    words = visit.words
    for found in _proposals(visit):
        name, author = title(visit, found), found["author"]
        path = _path(visit, found)
        made = milliseconds(found["made"]) or milliseconds(found["opens"])
        who = "" if author is None else words.person(found["name"], bytes.fromhex(author))
        kind = kind_name(words, found["kind"])
        if made is not None:
            text = f"{kind} · {status_name(words, found)}"
            yield Event(_id(visit, found, "made"), name, text, made, path, who, kind)
        closed = milliseconds(found["closes"])
        if found["outcome"] is not None and closed is not None and found["status"] in ENDED:
            outcome = outcome_name(words, found["outcome"])
            told = f"{name}: {outcome}"
            text = " · ".join(
                filter(None, (kind, status_name(words, found), reason_text(visit, found)))
            )
            yield Event(_id(visit, found, "ended"), told, text, closed, path, "", kind)


ENDED = (CHALLENGE, IN_EFFECT, FAILED)


def _path(visit: Visit, found: dict[str, Any]) -> str:
    """Where this reader can read on: votes themselves are for members."""
    if not visit.guests:
        return proposal_path(found["proposal"])
    return "/values" if found["kind"] == "values" else "/charter/history"


def _id(visit: Visit, found: dict[str, Any], what: str) -> str:
    name = f"proposal {found['proposal']} {what}"
    return uuid5(UUID(bytes=visit.store.community[:16]), name).urn


def _feed(visit: Visit, events: list[Event]) -> bytes:
    site, community = base(visit), visit.charter.name
    feed = Element("feed", xmlns=_ATOM)
    name = visit.words.gettext("Proposals and outcomes")
    _add(feed, "id", uuid5(UUID(bytes=visit.store.community[:16]), "feed assembly").urn)
    _add(feed, "title", f"{community}: {name}")
    _add(feed, "updated", rfc3339(max((event.at_ms for event in events), default=0)))
    _add(_add(feed, "author"), "name", community)
    _add(feed, "generator", "Moothall")
    _add(feed, "link", rel="self", href=f"{site}{ATOM}", type=ATOM_TYPE)
    above = "/charter/history" if visit.guests else "/assembly"
    _add(feed, "link", rel="alternate", href=f"{site}{above}", type="text/html")
    for event in events:
        entry = _add(feed, "entry")
        _add(entry, "id", event.id)
        _add(entry, "title", event.title)
        _add(entry, "updated", rfc3339(event.at_ms))
        _add(_add(entry, "author"), "name", event.author or community)
        _add(entry, "link", rel="alternate", href=f"{site}{event.path}", type="text/html")
        _add(entry, "summary", event.text)
        _add(entry, "category", term=xml_text(event.kind))
    return xml_bytes(feed)


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    child = SubElement(parent, tag, attributes)
    child.text = xml_text(text) or None
    return child


async def calendar(visit: Visit) -> Response:
    """When votes begin and end, and when what was passed takes effect."""
    refused = _refused(visit)
    if refused is not None:
        return refused
    return visit.document(_calendar(visit, list(_coming(visit))), CALENDAR_TYPE)


def _coming(visit: Visit) -> Iterator[Event]:
    words, t = visit.words, visit.words.gettext
    sentences = {
        NOTICE: ("opens", t("The vote begins: %(title)s")),
        OPEN: ("closes", t("%(round)s ends: %(title)s")),
        CHALLENGE: ("due", t("Takes effect: %(title)s")),
    }
    for found in _proposals(visit):
        if found["status"] not in sentences:
            continue
        key, sentence = sentences[found["status"]]
        at = milliseconds(found[key])
        if at is None:
            continue
        values = {"title": title(visit, found), "round": round_name(words, found["round"])}
        id_ = _id(visit, found, f"{key} {found['round']}")
        kind = kind_name(words, found["kind"])
        yield Event(id_, sentence % values, kind, at, _path(visit, found), "", kind)


def _calendar(visit: Visit, events: list[Event]) -> bytes:
    import icalendar  # not before somebody asks for it

    site = base(visit)
    name = f"{visit.charter.name}: {visit.words.gettext('Assembly')}"
    made = icalendar.Calendar()
    made.add("prodid", "-//Moothall//assembly//EN")
    made.add("version", "2.0")
    made.add("name", xml_text(name))
    made.add("x-wr-calname", xml_text(name))
    for event in events:
        entry = icalendar.Event()
        at = datetime.fromtimestamp(min(event.at_ms // 1000, 253_402_300_799), tz=UTC)
        entry.add("uid", event.id)
        entry.add("dtstamp", at)  # the same until the deadline moves, so that nothing seems new
        entry.add("dtstart", at)
        entry.add("summary", xml_text(event.title))
        entry.add("categories", [xml_text(event.kind)])
        entry.add("transp", "TRANSPARENT")
        if site:
            entry.add("url", f"{site}{event.path}")
        made.add_component(entry)
    return bytes(made.to_ical())


PAGES_HERE = [
    Page(path="/assembly/follow", name="follow", endpoint=page, audience=DESK, floor="hall"),
    Page(
        path=ATOM,
        name="assembly-feed",
        endpoint=atom,
        audience=BOTH,
        public=True,
        html=False,
        floor="hall",
    ),
    Page(
        path=CALENDAR,
        name="assembly-calendar",
        endpoint=calendar,
        audience=BOTH,
        public=True,
        html=False,
        floor="hall",
    ),
]
