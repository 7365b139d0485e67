"""What a member pays for belonging to one community, as the world around it grows.

Everything that a node does on its own it does with members of its community: who it dials, what it
says and keeps. That much is measured once, on a simulated hour of one community. What reaches it
from elsewhere is what mDNS carries on its LAN, and that is measured beside it.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import market
from protocol.kinds.listing import Listing

from .building import listen
from .crowd import Crowd
from .light import DESCRIPTION

DAY = 86_400.0
IDLE_SECONDS = 4 * 3600.0  # that are simulated of a day on which nothing happens
MEMBERS = 30  # of each community
LISTINGS = 30  # of each community in a day
LAN = 200  # nodes that one building holds at most: a /24 and some telephones
LISTEN_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one member has of it. Bytes are of a day, both ways together, unless said otherwise."""

    communities: int
    connections: float
    hello: float  # conversations in which nothing was new
    cards: float  # asking whether a member's address is another one
    listings: float  # gossip and repair of what the community lists
    lan_nodes: int  # on its LAN, itself included
    mdns: float
    strangers: int  # nodes of other communities that it would dial for what mDNS said
    disk: float  # a year of the community's listings, without pictures


def prices(communities: list[int], seed: int) -> list[Price]:
    """One line for each size of the world."""
    crowd = Crowd(MEMBERS, seed)
    connections = mean(len(node.links) for node in crowd.nodes)
    hello, cards = _idle(crowd)
    listings = mean(_listing(crowd, author) for author in range(0, MEMBERS, 3)) * LISTINGS
    disk = _disk() * LISTINGS * 365
    found = []
    for count in communities:
        nodes = min(LAN, count + 1)
        noticed = listen(nodes, LISTEN_SECONDS, seed)
        found.append(
            Price(
                communities=count,
                connections=connections,
                hello=hello,
                cards=cards,
                listings=listings,
                lan_nodes=nodes,
                mdns=noticed.bytes * DAY / LISTEN_SECONDS,
                strangers=len(noticed.others),
                disk=disk,
            )
        )
    return found


def _idle(crowd: Crowd) -> tuple[float, float]:
    """Bytes of one member in a day on which nothing happens: of hellos, and of cards."""
    crowd.forget()
    crowd.events.run(crowd.events.now + IDLE_SECONDS)
    spent = sum((node.bytes for node in crowd.nodes), Counter[str]())
    # What one sends another receives: a member's share is twice what it sent.
    share = 2 / crowd.size * DAY / IDLE_SECONDS
    return spent["equal"] * share, spent["cards"] * share


def _listing(crowd: Crowd, author: int) -> float:
    """Bytes of one member for one listing."""
    found = crowd.listing(author)
    return 2 * sum(found.spent[what] for what in ("message", "control", "repair")) / crowd.size


def _disk() -> float:
    """Bytes in a real home for one listing, its part of views and full text included."""
    count = 500
    with tempfile.TemporaryDirectory(prefix="moothall-simulate-") as folder:
        home = homes.found(
            Path(folder) / "home", Charter.from_data(template("kitchen-table")), "Ana", None
        )
        try:
            before = _size(Path(folder))
            for number in range(count):
                text = f"Rye bread, number {number}"
                market.offer(home, Listing(title=text, mode="give", description=DESCRIPTION))
            home.store.wipe_trail()
            return (_size(Path(folder)) - before) / count
        finally:
            home.close()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
