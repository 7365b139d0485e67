"""`/messages` and `/messages/{member}`: what members wrote to each other, and writing to one."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from node import messages, post
from node.gateway.filters import PAGE_SIZE, read_page
from node.gateway.forms import Form
from node.gateway.offers import listing_path, member_path
from node.gateway.order_words import delivery_text, order_path
from node.gateway.pages.member import find_member
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import Pager
from node.gateway.proposing.kind import people
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.post import Letter
from protocol.errors import NotFound, Refused
from protocol.letters.message import MAX_TEXT
from storage.views.members import Member

MOST_NAMES = 200  # members that a browser offers while a name is typed
BEGINNING = 120  # characters of a message in a list


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """A conversation in the list of them."""

    path: str
    name: str
    unread: int
    beginning: str
    mine: bool  # whether the newest message is one's own
    at_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message as its page shows it. `about`: name and path of what it is about, if anything."""

    mine: bool
    text: str
    at_ms: int
    unread: bool
    held: str  # how far it has come, for one's own
    about: tuple[str, str] | None


async def show_all(visit: Visit) -> Response:
    """The conversations; with `to`, lead on to the one with that person."""
    to = visit.request.query_params.get("to", "").strip()
    if not to:
        return _list(visit)
    try:
        found = messages.resolve(visit.home, to)
    except (NotFound, Refused) as error:
        return _list(visit, 404, visit.words.told(error), to)
    return RedirectResponse(messages_path(found.person), 303, {"Cache-Control": "no-store"})


async def show(visit: Visit) -> Response:
    """The messages with one person. Whoever looks at them has read them."""
    member = _other(visit)
    response = _conversation(visit, member, about=visit.request.query_params.get("about", ""))
    post.mark_read(visit.home, member.person, post.MESSAGES)
    return response


async def write(visit: Visit, form: Form) -> Response:
    """Send one."""
    member, about = _other(visit), form.text("about")
    try:
        topic = messages.topic(visit.home, about) if about else None
        messages.send(visit.home, member, form.lines("text"), topic)
    except (NotFound, Refused) as error:
        problem = visit.words.told(error)
        return _conversation(visit, member, 422, problem, form.lines("text"), about)
    return visit.done(messages_path(member.person), visit.words.gettext("Sent."))


def messages_path(person: bytes) -> str:
    """Where the messages with this person are."""
    return f"/messages/{person.hex()[:16]}"


def _other(visit: Visit) -> Member:
    member = find_member(visit)
    if member.person == visit.home.person:
        raise NotFound("oneself", visit.words.gettext("That is you yourself."))
    return member


def _list(visit: Visit, status: int = 200, problem: str = "", to: str = "") -> Response:
    names = visit.gateway.facts.names()
    talks = [
        Talk(
            path=messages_path(each.person),
            name=visit.words.person(names.get(each.person, ""), each.person),
            unread=each.unread,
            beginning=_cut(" ".join(each.newest.body.text.split())),
            mine=each.newest.mine,
            at_ms=min(each.newest.written_ms, each.newest.received_ms),
        )
        for each in messages.conversations(visit.home)
    ]
    members = people(visit, besides=visit.home.person)
    return visit.render(
        "messages.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        talks=talks,
        to=to,
        names=[name for _, name in members] if len(members) <= MOST_NAMES else [],
    )


def _cut(text: str) -> str:
    return text if len(text) <= BEGINNING else text[: BEGINNING - 1].rstrip() + "…"


def _conversation(
    visit: Visit,
    member: Member,
    status: int = 200,
    problem: str = "",
    text: str = "",
    about: str = "",
) -> Response:
    asked, notice = read_page(visit.request.query_params.get("page", ""), visit.words)
    pages = max(1, -(-messages.count(visit.home, member.person) // PAGE_SIZE))
    page = min(asked, pages)
    if asked > pages:
        notice = visit.words.gettext("There is no page %(n)s, so this is the last one.")
        notice %= {"n": visit.words.number(asked)}
    skipped = (page - 1) * PAGE_SIZE  # the first page has the newest
    shown = post.newest_of(visit.home, member.person, PAGE_SIZE, skipped)
    path = messages_path(member.person)
    return visit.render(
        "conversation.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        notices=[notice] if notice else [],
        name=visit.words.person(member.name, member.person),
        member_path=member_path(member.person),
        action=path,
        letters=[_said(visit, each) for each in shown],
        pager=Pager(
            page,
            pages,
            f"{path}?page={page - 1}" if page > 1 else "",
            f"{path}?page={page + 1}" if page < pages else "",
        ),
        about=_topic(visit, about),
        about_id=about,
        text=text,
        longest=MAX_TEXT,
    )


def _said(visit: Visit, letter: Letter) -> Said:
    delivery = post.delivery_of(visit.home, letter) if letter.mine else None
    about = letter.body.about
    return Said(
        mine=letter.mine,
        text=letter.body.text,
        at_ms=min(letter.written_ms, letter.received_ms),
        unread=letter.unread,
        held="" if delivery is None else delivery_text(visit.words, delivery.state, delivery.nodes),
        about=None if about is None else _named(visit, about),
    )


def _topic(visit: Visit, about: str) -> tuple[str, str] | None:
    try:
        return _named(visit, messages.topic(visit.home, about)) if about else None
    except (NotFound, Refused):
        return None


def _named(visit: Visit, about: bytes) -> tuple[str, str] | None:
    """What a message is about, and where that is; None when it is not here."""
    sort, title = messages.subject(visit.home, about)
    if sort == "listing":
        return title, listing_path(about)
    return (visit.words.gettext("an order"), order_path(about.hex())) if sort else None


PAGES_HERE = (
    Page(path="/messages", name="messages", endpoint=show_all, audience=DESK),
    Page(
        path="/messages/{member}",
        name="conversation",
        endpoint=show,
        post=write,
        audience=DESK,
    ),
)
