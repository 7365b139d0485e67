"""`/member/{member}`: one person's profile and what they have on offer."""

from __future__ import annotations

from starlette.responses import Response

from node.assembly.charters import holders
from node.gateway import reviews
from node.gateway.distances import about, centre
from node.gateway.filters import BELONGS, COUNT_TO, PAGE_SIZE, read_page
from node.gateway.hall import office_name
from node.gateway.offers import away_text, card, member_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.paging import Pager, paged
from node.gateway.sharing import share
from node.gateway.standing import waits
from node.gateway.visit import Visit
from protocol.errors import NotFound, Refused
from storage.views.listing_queries import Found, Query, search
from storage.views.members import PROVISIONALLY, Member
from storage.views.members import profile as read_profile
from storage.views.nearby import kilometres

SHORTEST = 8  # hex digits of a key that name somebody


async def show(visit: Visit) -> Response:
    """The profile, how this person came here, and their listings."""
    visit.require_members()
    member = find_member(visit)
    words = visit.words
    page, notice = read_page(visit.request.query_params.get("page", ""), words)
    notices = [notice] if notice else []
    found, pager = Found(offers=(), total=0, more=False), Pager(1, 1, "", "")
    if visit.shows_listings and member.status in BELONGS:
        path = member_path(member.person)
        found, pager, notice = paged(
            words,
            page,
            lambda number: _listings(visit, member, number),
            lambda number: f"{path}?page={number}" if number > 1 else path,
        )
        notices += [notice] if notice else []
    name = words.person(member.name, member.person)
    profile = read_profile(visit.store, member.person)
    return visit.render(
        "member.html",
        member=member,
        member_name=name,
        profile=profile,
        share=share(
            visit,
            title=name,
            text=profile.about if profile else "",
            path=member_path(member.person),
        ),
        inviter=_inviter(visit, member),
        offices=[office_name(words, each) for each in holders(visit.store).get(member.person, ())],
        waits=_waits(visit, member),
        distance=_distance(visit, member),
        messages_path=_messages_path(visit, member),
        notices=notices,
        away=away_text(visit, member.person),
        offers=[card(visit, offer) for offer in found.offers],
        total=found.total,
        more=found.more,
        pager=pager,
        reviewed=reviews.of_person(visit, member.person),
        promises=reviews.promises(visit, member.person),
    )


def find_member(visit: Visit) -> Member:
    """The one person whose key begins so. Guests find only those who belong."""
    given = visit.request.path_params["member"].lower()
    found = [
        member
        for person, member in visit.gateway.facts.members().items()
        if len(given) >= SHORTEST and person.hex().startswith(given)
        if is_shown(visit, member)
    ]
    t = visit.words.gettext
    if not found:
        raise NotFound("no-member", t("Nobody with that id is known here."))
    if len(found) > 1:
        raise Refused("ambiguous", t("Several people's ids begin so: use a longer one."))
    return found[0]


def is_shown(visit: Visit, member: Member) -> bool:
    """Whether this reader may see that person: guests see those who belong."""
    return not visit.guests or member.status in BELONGS


def _inviter(visit: Visit, member: Member) -> tuple[str, str] | None:
    """Name of whoever invited this person, and their page if this reader may see it."""
    if member.inviter is None:
        return None
    name = visit.gateway.facts.names().get(member.inviter, "")
    inviter = visit.gateway.facts.members().get(member.inviter)
    path = member_path(member.inviter) if inviter and is_shown(visit, inviter) else ""
    return visit.words.person(name, member.inviter), path


def _waits(visit: Visit, member: Member) -> list[str]:
    """What a newcomer waits for, in sentences for members."""
    if visit.guests or member.status != PROVISIONALLY:
        return []
    return waits(visit, member.person)


def _distance(visit: Visit, member: Member) -> str:
    """About how far this person is from the owner; empty for the owner, or when not known."""
    start, there = centre(visit), visit.gateway.facts.spots().get(member.person)
    if start is None or there is None or member.person == visit.gateway.owner:
        return ""
    return about(visit, kilometres(start, there))


def _messages_path(visit: Visit, member: Member) -> str:
    """Where to write to this person; empty for guests, for oneself, and for who has gone."""
    if visit.guests or member.person == visit.gateway.owner or member.status not in BELONGS:
        return ""
    return f"/messages/{member.person.hex()[:16]}"


def _listings(visit: Visit, member: Member, page: int) -> Found:
    query = Query(
        person=member.person,
        sort="new",
        limit=PAGE_SIZE,
        offset=(page - 1) * PAGE_SIZE,
        count_to=COUNT_TO,
        guests=visit.guests,
    )
    return search(visit.store, query)


PAGE = Page(path="/member/{member}", name="member", endpoint=show, audience=BOTH)
