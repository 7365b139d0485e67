"""`/network`: who this node is in touch with, how others reach it, and if they say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from node import telling
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.pages.status import touch_text
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.network_view import (
    ALONE,
    IN,
    INTERNET,
    LAN,
    NO_ADDRESSES,
    NO_ANSWER,
    OUT,
    OUTSIDE,
    Row,
    View,
)


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour as the page shows it; `path` is empty while nobody knows whose node it is."""

    name: str
    path: str
    how: str
    iso: str
    since: str
    received: str
    sent: str
    inviter: str


async def show(visit: Visit) -> Response:
    """All of it, as of now."""
    words = visit.words
    view = visit.gateway.node.connections()
    names = {row.peer: _name(words, row) for row in view.rows}
    touch = telling.neighbours(visit.store, visit.gateway.node.touch())
    return visit.render(
        "network.html",
        touch=touch_text(words, touch),
        near=[_near(visit, row, names) for row in view.rows],
        why=_why(words, view.why),
        known=view.known,
        internet=_dialled(words, view, INTERNET),
        lan=_dialled(words, view, LAN),
        relays=words.list([_called(names, peer) for peer in view.relaying["reserved_at"]]),
        relaying=_relaying(words, view),
        around=_around(words, view.lan),
        advice=_needs_a_door(view),
        compared=_compared(words, view),
        odd=telling.comparison(visit.store, view.compared, words.gettext) if view.compared else [],
        addresses=(*view.announced, *view.addresses),
    )


def _near(visit: Visit, row: Row, names: Mapping[str, str]) -> Near:
    words = visit.words
    inviter = ""
    if row.inviter is not None:
        inviter = words.person(visit.gateway.facts.names().get(row.inviter, ""), row.inviter)
    return Near(
        name=names[row.peer],
        path="" if row.person is None else member_path(row.person),
        how=_how(words, row, names),
        iso=words.iso_moment(row.since_ms),
        since=words.moment(row.since_ms),
        received=words.size(row.received),
        sent=words.size(row.sent),
        inviter=inviter,
    )


def _name(words: Words, row: Row) -> str:
    if row.person is None:
        return words.gettext("Somebody not known yet")
    return words.person(row.name, row.person)


def _called(names: Mapping[str, str], peer: str) -> str:
    return names.get(peer, peer[-8:])


def _how(words: Words, row: Row, names: Mapping[str, str]) -> str:
    if row.way == OUT:
        return words.gettext("your node dialled theirs")
    if row.way == IN:
        return words.gettext("their node dialled yours")
    return words.gettext("over the node of %(name)s") % {"name": _called(names, row.relay)}


def _why(words: Words, why: str) -> str:
    """Why nobody is in touch, and what to do."""
    t = words.gettext
    return {
        ALONE: t(
            "Nobody else belongs to this community yet. Invite somebody, and their node will "
            "find yours."
        ),
        OUTSIDE: t("Only members' nodes are kept in touch with, and you are not one, or not yet."),
        NO_ADDRESSES: t(
            "No address of another member's node is known here. Nodes on one local network find "
            "each other by themselves; else ask a friend to start theirs, which may know yours."
        ),
        NO_ANSWER: t(
            "None of the nodes that are known here answers. Look whether this computer is online, "
            "and ask a friend to start theirs."
        ),
    }.get(why, "")


def _dialled(words: Words, view: View, place: str) -> str:
    """When somebody last dialled this node from there."""
    at = view.dialled_ms.get(place)
    if at is not None:
        return words.gettext("yes, last at %(moment)s") % {"moment": words.moment(at)}
    return words.gettext("not since your node started, at %(moment)s") % {
        "moment": words.moment(view.since_ms)
    }


def _relaying(words: Words, view: View) -> str:
    """How many nodes can be reached over this one; empty where it offers to relay for nobody."""
    if not view.relaying["offers"]:
        return ""
    reserved = int(view.relaying["reserved"])
    return words.ngettext(
        "yes; %(n)s node has a place here", "yes; %(n)s nodes have a place here", reserved
    ) % {"n": words.number(reserved)}


def _around(words: Words, state: Mapping[str, Any] | None) -> str:
    """Whether it looks around on the local network; empty where nothing is known of it."""
    t = words.gettext
    if state is None:
        return ""
    if state["on"]:
        seen = int(state["seen"])
        return words.ngettext(
            "looks around; %(n)s member's node seen",
            "looks around; %(n)s members' nodes seen",
            seen,
        ) % {"n": words.number(seen)}
    return {
        "loopback-only": t("does not look around, since it listens on this computer alone"),
        "no-network": t("this computer is in no local network at the moment"),
        "no-permission": t("the system does not let your node look around"),
    }.get(state["why"]) or t("does not look around (%(reason)s)") % {"reason": state["why"]}


def _needs_a_door(view: View) -> bool:
    """Whether nobody can be sure to reach this node."""
    if view.why in (ALONE, OUTSIDE) or view.relaying["offers"]:
        return False
    return INTERNET not in view.dialled_ms and not view.relaying["reserved_at"]


def _compared(words: Words, view: View) -> str:
    """How many name the same newest certificate; empty where none does, or one another."""
    compared = view.compared
    if compared is None or not compared["same"] or compared["differ"]:
        return ""
    same = int(compared["same"])
    return words.ngettext(
        "%(n)s other member's node holds the same decisions of the tellers.",
        "%(n)s other members' nodes hold the same decisions of the tellers.",
        same,
    ) % {"n": words.number(same)}


PAGE = Page(path="/network", name="network", endpoint=show, audience=DESK)
