"""Communities for measuring: real homes in a folder, made in this process without any network.

Ana founded it and her home holds everything. The listings are by her and three other members,
whose homes stay as they are; a newcomer holds an invitation of Ana's and has not been in touch.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.invented import Inventor
from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import inviting, teller
from node.home import Home, now_ms
from protocol.kinds.listing import Listing
from protocol.messages import pack, unpack
from protocol.sync import Answerer, Asker
from storage.database import FAST, set_meta
from storage.holdings import StoreHoldings
from storage.own import Draft
from storage.views import listing_text

SELLERS = ("Ana", "Eva", "Kim", "Ola")
TOGETHER = 100  # listings that a seller publishes in one go, as an import does
YEAR_MS = 365 * 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class Community:
    """Closed homes in `folder`."""

    folder: Path
    listings: int
    records: int  # in Ana's home
    port: int  # where Ana's node has to listen: the invitation says so

    @property
    def ana(self) -> Path:
        """The home that holds everything."""
        return self.folder / "Ana"

    @property
    def listen(self) -> str:
        """Ana's address."""
        return f"/ip4/127.0.0.1/tcp/{self.port}"

    def newcomer(self, name: str) -> Path:
        """A fresh home of somebody who was invited and has heard of nothing else."""
        path = self.folder / name
        shutil.copytree(self.folder / "Newcomer", path)
        return path


class Clock:
    """The time at which members of the past year wrote."""

    def __init__(self) -> None:
        self.ahead = -YEAR_MS

    def __call__(self) -> int:
        return now_ms() + self.ahead


def make(folder: Path, listings: int, members: int = len(SELLERS)) -> Community:
    """A community with so many listings, by so many members."""
    port = free_port()
    clock = Clock()
    charter = _charter()
    ana = homes.found(folder / "Ana", charter, "Ana", None, clock)
    set_meta(ana.store.db, "addresses", json.dumps([f"/ip4/127.0.0.1/tcp/{port}"]))
    sellers = [ana]
    for name in SELLERS[1:members]:
        sellers.append(join(ana, folder / name, name, clock))
    values = tuple(value.id for value in charter.values)
    inventor = Inventor(f"{listings} listings", values)
    chunks = _chunks(inventor, listings)
    step = YEAR_MS // (listings // TOGETHER + 2)
    for number, chunk in enumerate(chunks):
        clock.ahead = min(-1, clock.ahead + step)
        sellers[number % len(sellers)].append_here([_draft(listing) for listing in chunk])
    for seller in sellers[1:]:
        pull(ana, seller)
    clock.ahead = 0
    (link,) = inviting.make(ana, 1)
    homes.join_by(folder / "Newcomer", link, "Newcomer", None).close()
    while _index(ana):
        pass
    (records,) = ana.store.db.execute("SELECT count(*) FROM record").fetchone()
    for home in sellers:
        home.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        home.close()
    return Community(folder=folder, listings=listings, records=records, port=port)


def _charter() -> Charter:
    data = template("makers-market")
    data["guests"] = {"see_listings": True, "see_members": True, "may_order": True}
    membership = data["membership"]
    if isinstance(membership, dict):
        membership["probation_s"] = 0
    return Charter.from_data(data)


def _chunks(inventor: Inventor, listings: int) -> Iterator[list[Listing]]:
    for start in range(0, listings, TOGETHER):
        yield list(inventor.listings(min(TOGETHER, listings - start)))


def _draft(listing: Listing) -> Draft:
    return Draft("listing", listing.body())


def join(ana: Home, path: Path, name: str, clock: Callable[[], int]) -> Home:
    """Somebody joins and is on the roll in both homes."""
    (link,) = inviting.make(ana, 1)
    home = homes.join_by(path, link, name, None, clock)
    pull(home, ana)  # until it knows the community, a newcomer shows nothing
    pull(ana, home)
    teller.act(ana.store, ana.unlock().device)
    pull(home, ana)
    return home


def _index(home: Home) -> int:
    with home.store.transaction(sync=FAST):
        return listing_text.index_some(home.store, 2000)


def pull(asking: Home, asked: Home) -> None:
    """What one home lacks, by the machines that nodes use."""
    ours, theirs = StoreHoldings(asking.store), StoreHoldings(asked.store)
    asker, answerer = Asker(ours), Answerer(theirs)
    questions = asker.begin(ours.hello(), theirs.hello())
    while questions:
        further = []
        for question in questions:
            for reply in answerer.answer(unpack(pack(question))):
                further += asker.receive(unpack(pack(reply)))
        questions = further


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
