"""`/join?i=...` on the shop window: where an invitation opens for somebody without the program.

The address holds the invitation's secret. Nobody keeps the page or finds it by searching, no link
on it passes the address on, and nothing of it is logged.
"""

from __future__ import annotations

from starlette.responses import Response

from governance.charter import Charter
from node import invitations
from node.gateway.pages.page import SHOP, Page
from node.gateway.secrecy import kept_secret
from node.gateway.visit import Problem, Visit
from protocol.errors import Refused
from protocol.invitation import Link, read_link

VALUES = 5  # of the charter that a newcomer reads here; the rest is a click away


async def show(visit: Visit) -> Response:
    """What this is, who invites, what the community stands for, how to come in."""
    charter = visit.charter
    payload = visit.request.query_params.get("i", "").strip()
    link = None
    if payload:
        try:
            link = _link(visit, charter, payload)
        except Problem as problem:
            return kept_secret(
                visit.render(
                    "problem.html", status=problem.status, title=problem.title, text=problem.text
                )
            )
    return kept_secret(
        visit.render(
            "join.html",
            link="" if link is None else link.text(),
            inviter=_inviter(visit, link),
            charter=charter,
            values=charter.values[:VALUES],
            more_values=len(charter.values) > VALUES,
        )
    )


def _link(visit: Visit, charter: Charter, payload: str) -> Link:
    """The invitation in the address; Problem with what is wrong and whom to ask otherwise."""
    t = visit.words.gettext
    broken = Problem(
        400,
        t("This invitation is not whole"),
        t(
            "Some letters of the link are missing or changed, as happens when it is copied in "
            "parts. Nobody was let in and nothing was used up: open the link once more, or ask "
            "%(name)s for it again."
        )
        % {"name": visit.gateway.name()},
    )
    try:
        link = read_link(f"moothall:join?i={payload}")
    except Refused:
        raise broken from None
    standing = invitations.standing(visit.store, link)
    if standing == "changed":
        raise broken
    if standing == "foreign":
        raise Problem(
            400,
            t("This invitation leads elsewhere"),
            t(
                "It lets somebody into another community than %(community)s. Nothing was used up: "
                "ask who sent it to you for the link again."
            )
            % {"community": charter.name},
        )
    if standing in ("used", "gone"):
        raise Problem(
            410,
            t("This invitation is over"),
            t(
                "It was used already, or its time has passed; each one lets in one person. If that "
                "was you, go on in your own program. If not, ask %(name)s for a new one."
            )
            % {"name": _inviter(visit, link)},
        )
    return link


def _inviter(visit: Visit, link: Link | None) -> str:
    """Who invites: whoever made the invitation, or the shop window's owner while that is open."""
    person = None if link is None else invitations.inviter(visit.store, link)
    if person is None:
        return visit.gateway.name()
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)


PAGE = Page(path="/join", name="join", endpoint=show, audience=SHOP)
