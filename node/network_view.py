"""Who is in touch and how, for `moothall peers`, `doctor`, the desk's page and its metrics.

Read from the running node when somebody asks; nothing here acts on the network. Only people who
may talk are shown: a stranger in the lobby is nobody's neighbour.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import trio

from governance.roll import MEMBER
from node.network.links import Link
from node.status import rfc3339
from node.telling import person_of_peer
from storage.store import Store
from storage.views import members

if TYPE_CHECKING:
    from node.service import Node

OUT, IN, RELAYED = "out", "in", "relay"  # we dialled, they dialled us, over another member's node
LAN, INTERNET = "lan", "internet"  # from where somebody dialled us directly

# Why nobody is in touch.
ALONE, OUTSIDE, NO_ADDRESSES, NO_ANSWER = "alone", "not-in", "no-addresses", "no-answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A neighbour, however many connections there are with it."""

    peer: str
    person: bytes | None  # None for one that is not known yet
    name: str  # may be empty
    inviter: bytes | None  # of that person; None for founders, too
    address: str  # multiaddress of the other end; "" if unknown
    way: str  # OUT, IN or RELAYED, of the best connection
    relay: str  # peer id of the relay, "" when direct
    since_ms: int  # when the oldest connection opened, by this machine's clock
    received: int  # bytes on all of them
    sent: int

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "peer": self.peer,
            "person": None if self.person is None else self.person.hex(),
            "name": self.name,
            "address": self.address,
            "way": self.way,
            "relay": self.relay,
            "since": rfc3339(self.since_ms),
            "received": self.received,
            "sent": self.sent,
            "inviter": None if self.inviter is None else self.inviter.hex(),
        }


class Reached:
    """Whether others dial this node directly from elsewhere: what proves that they can."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.since_ms = now_ms()
        self.last_ms: dict[str, int] = {}  # LAN or INTERNET -> when it last happened

    def note(self, links: Iterable[Link]) -> None:
        """A connection has opened: look at those that stand."""
        some = list(links)
        relayed = {link.peer for link in some if link.relay}
        for link in some:
            # Whoever is here over a relay as well may have come in by a hole that we punched.
            if link.inbound and not link.relay and link.peer not in relayed:
                place = place_of(link.address)
                if place:
                    self.last_ms[place] = self._now_ms()


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """How this node is connected, as of now."""

    rows: tuple[Row, ...]
    known: int  # other members' devices whose addresses are known
    why: str  # why nobody is in touch: one of the words above; "" while somebody is
    addresses: tuple[str, ...]  # own ones
    announced: tuple[str, ...]  # and those that the owner names, without the peer id
    relaying: dict[str, Any]  # as `links.Network.relaying` says
    since_ms: int  # when the node started
    dialled_ms: Mapping[str, int]  # LAN or INTERNET -> when somebody last dialled it from there
    lan: dict[str, Any] | None  # as `lan.Lan.state`; None where it is not looked around
    compared: dict[str, Any] | None  # as `comparing.Comparing.result`
    traffic: tuple[int, int]  # bytes received and sent since the node started

    def plain(self) -> dict[str, Any]:
        """As the owner's socket carries it."""
        return {
            "peers": [row.plain() for row in self.rows],
            "known": self.known,
            "why": self.why or None,
            "addresses": list(self.addresses),
            "announced": list(self.announced),
            "relaying": self.relaying,
            "since": rfc3339(self.since_ms),
            "dialled": {place: rfc3339(at) for place, at in self.dialled_ms.items()},
            "lan": self.lan,
            "compared": self.compared,
        }


NOWHERE = View(
    rows=(),
    known=0,
    why="",
    addresses=(),
    announced=(),
    relaying={"offers": False, "reserved_at": [], "reserved": 0, "serving": 0},
    since_ms=0,
    dialled_ms={},
    lan=None,
    compared=None,
    traffic=(0, 0),
)  # of a node that does not run


def view(node: Node) -> View:
    """All of it, of a running node."""
    found = rows(
        node.store, _members_links(node), now=trio.current_time(), now_ms=node.store.now_ms()
    )
    known = len(node.peers.addresses())
    return View(
        rows=tuple(found),
        known=known,
        why="" if found else _why(node, known),
        addresses=tuple(node.network.addresses),
        announced=node.announced,
        relaying=node.network.relaying(),
        since_ms=node.reached.since_ms,
        dialled_ms=dict(node.reached.last_ms),
        lan=None if node.lan is None else node.lan.state(),
        compared=node.comparing.result(),
        traffic=node.network.traffic(),
    )


def rows(store: Store, links: Sequence[Link], *, now: float, now_ms: int) -> list[Row]:
    """Neighbours by their names; two connections with one peer are one row."""
    by_peer: dict[str, list[Link]] = {}
    for link in links:
        by_peer.setdefault(link.peer, []).append(link)
    known = {each.person: each for each in members.everybody(store)} if by_peer else {}
    found = []
    for peer, some in by_peer.items():
        person = person_of_peer(store, peer)
        member = None if person is None else known.get(person)
        best = min(some, key=lambda link: (link.relay != "", link.since))
        found.append(
            Row(
                peer=peer,
                person=person,
                name="" if member is None else " ".join(member.name.split()),
                inviter=None if member is None else member.inviter,
                address=best.address,
                way=RELAYED if best.relay else IN if best.inbound else OUT,
                relay=best.relay,
                since_ms=now_ms - round((now - min(link.since for link in some)) * 1000),
                received=sum(link.received for link in some),
                sent=sum(link.sent for link in some),
            )
        )
    return sorted(found, key=lambda row: (row.since_ms, row.peer))


def place_of(address: str) -> str:
    """LAN or INTERNET for a multiaddress of another machine; "" for this one, or what is none."""
    parts = address.split("/")
    if len(parts) < 3 or parts[1] not in ("ip4", "ip6"):
        return ""
    try:
        host = ipaddress.ip_address(parts[2])
    except ValueError:
        return ""
    if isinstance(host, ipaddress.IPv6Address) and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    if host.is_loopback or host.is_unspecified:
        return ""
    return INTERNET if host.is_global else LAN


def _members_links(node: Node) -> list[Link]:
    return [link for link in node.network.links() if node.peers.may_talk(link.peer)]


def _why(node: Node, known: int) -> str:
    if node.home.standing() not in (MEMBER, "provisional"):
        return OUTSIDE
    others = [each for each in members.everybody(node.store) if each.status != "left"]
    devices = sum(len(each.devices) for each in others if each.status == MEMBER)
    if devices <= 1 and not known:
        return ALONE
    return NO_ANSWER if known else NO_ADDRESSES
