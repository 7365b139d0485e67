"""`/member/{member}`: one person's profile and what they have on offer."""

from __future__ import annotations

from starlette.responses import Response

from governance.roll import MEMBER
from node.gateway.filters import COUNT_TO, PAGE_SIZE, read_page
from node.gateway.offers import card, member_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.pages.search import Pager
from node.gateway.visit import Visit
from protocol.errors import NotFound, Refused
from storage.views.listing_queries import Query, search
from storage.views.members import PROVISIONALLY, Member
from storage.views.members import profile as read_profile

SHORTEST = 8  # hex digits of a key that name somebody
LAST_PAGE = COUNT_TO // PAGE_SIZE


async def show(visit: Visit) -> Response:
    """The profile, how this person came here, and their listings."""
    visit.require_members()
    member = find_member(visit)
    words = visit.words
    page, notice = read_page(visit.request.query_params.get("page", ""), words)
    offers, total, more, pager = [], 0, False, Pager(1, 1, "", "")
    if visit.shows_listings and member.status in (MEMBER, PROVISIONALLY):
        query = Query(
            person=member.person,
            sort="new",
            limit=PAGE_SIZE,
            offset=(min(page, LAST_PAGE) - 1) * PAGE_SIZE,
            count_to=COUNT_TO,
            guests=visit.guests,
        )
        found = search(visit.store, query)
        offers = [card(visit, offer) for offer in found.offers]
        total, more = found.total, found.more
        pager = _pager(member, page, total)
    return visit.render(
        "member.html",
        member=member,
        member_name=words.person(member.name, member.person),
        profile=read_profile(visit.store, member.person),
        inviter=_inviter(visit, member),
        notices=[notice] if notice else [],
        offers=offers,
        total=total,
        more=more,
        pager=pager,
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
    return not visit.guests or member.status in (MEMBER, PROVISIONALLY)


def _inviter(visit: Visit, member: Member) -> tuple[str, str] | None:
    """Name of whoever invited this person, and their page if this reader may see it."""
    if member.inviter is None:
        return None
    name = visit.gateway.facts.names().get(member.inviter, "")
    inviter = visit.gateway.facts.members().get(member.inviter)
    path = member_path(member.inviter) if inviter and is_shown(visit, inviter) else ""
    return visit.words.person(name, member.inviter), path


def _pager(member: Member, page: int, total: int) -> Pager:
    pages = min(LAST_PAGE, max(1, -(-total // PAGE_SIZE)))
    page = min(page, pages)
    path = member_path(member.person)
    return Pager(
        page=page,
        pages=pages,
        before=f"{path}?page={page - 1}" if page > 1 else "",
        after=f"{path}?page={page + 1}" if page < pages else "",
    )


PAGE = Page(path="/member/{member}", name="member", endpoint=show, audience=BOTH)
