"""`/community`: what the community stands for, its rules in plain words, and who belongs."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from governance.charter_text import summary
from governance.roll import MEMBER
from node.gateway.offers import member_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.rooms import rooms
from node.gateway.sharing import share
from node.gateway.visit import Visit
from node.gateway.words import Words
from storage.views.members import PROVISIONALLY, WAITING, Member


@dataclass(frozen=True, slots=True)
class Row:
    """A person in the list."""

    name: str
    path: str
    note: str  # empty for a plain member
    inviter: str


async def show(visit: Visit) -> Response:
    """The charter is open to everybody; the list of people only as it says itself."""
    charter = visit.charter
    return visit.render(
        "community.html",
        rooms=rooms(visit),
        charter=charter,
        rules=_rules(visit),
        shows_members=visit.shows_members,
        shows_listings=visit.shows_listings,
        share=share(visit, title=charter.name, text=charter.about, path="/community"),
        people=_people(visit) if visit.shows_members else [],
    )


def _rules(visit: Visit) -> dict[str, list[str]]:
    """Heading -> sentences. The values are left out: they have a part of their own on this page."""
    words = visit.words
    rules: dict[str, list[str]] = {}
    for heading, sentence in summary(visit.charter, words.gettext, words.percent):
        rules.setdefault(heading, []).append(sentence)
    rules.pop(words.gettext("Values"), None)
    return rules


def _people(visit: Visit) -> list[Row]:
    names = visit.gateway.facts.names()
    words = visit.words
    rows = []
    for person, member in visit.gateway.facts.members().items():
        if visit.guests and member.status not in (MEMBER, PROVISIONALLY):
            continue
        inviter = member.inviter
        rows.append(
            Row(
                words.person(member.name, person),
                member_path(person),
                status_note(words, member),
                "" if inviter is None else words.person(names.get(inviter, ""), inviter),
            )
        )
    return rows


def status_note(words: Words, member: Member) -> str:
    """A few words on how someone belongs; none for a member on the roll."""
    t = words.gettext
    if member.status == MEMBER:
        return ""
    notes = {
        PROVISIONALLY: t("new here, not yet confirmed"),
        WAITING: t("waiting: an invitation was used twice"),
        "left": t("has left"),
        "removed": t("was removed"),
    }
    return notes.get(member.status, member.status)


PAGE = Page(
    path="/community",
    name="community",
    endpoint=show,
    audience=BOTH,
    menu=lambda words: words.gettext("Community"),
    floor="hall",
)
