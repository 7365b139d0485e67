"""Ten nodes in one process, over libp2p on loopback: from publishing until all have seen it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import trio

from benchmarks.community import free_port, join, pull
from benchmarks.invented import Inventor
from benchmarks.report import Line
from benchmarks.workers import NotMeasured
from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node.home import Home, now_ms
from node.network.libp2p_host import Libp2pNetwork
from node.network.libp2p_pubsub_hazards import DEGREE_LOW
from node.peers import Peers
from node.service import Node
from node.syncing import SETTLING_SECONDS
from storage.database import set_meta
from storage.digest import digest
from storage.own import Draft
from storage.store import h64

NODES = 10
RATES = (5, 20)  # records a second, by all of them together
SECONDS = 15.0
NEIGHBOURS = 4  # whom each is connected with first; the nodes' own dialling adds more
MESH_SECONDS = 60.0
REPAIR_SECONDS = 150.0  # two rounds of the minute's sync, and some


class WatchingNode(Node):
    """The real node; it notes when it first holds what was published. Times are in seconds."""

    last_row = 0
    seen: dict[int, float]

    def kept(self, words: set[str]) -> None:
        """Note the time if records came."""
        now = perf_counter()
        rows = self.store.db.execute(
            "SELECT rowid, h64 FROM record WHERE rowid > ?", [self.last_row]
        ).fetchall()
        for rowid, name in rows:
            self.last_row = max(self.last_row, rowid)
            self.seen.setdefault(name, now)
        super().kept(words)


def together(folder: Path, *, say: Callable[[str], None]) -> Iterator[Line]:
    """The lines of this part."""
    say(f"{NODES} nodes in one process")
    some = _community(folder)
    try:
        found = trio.run(_measure, some)
    finally:
        for home in some:
            home.close()
    for rate, (taken, lost) in found.items():
        yield Line(
            key=f"publish-all-{rate}",
            what=f"publish to seen on all of {NODES} nodes in one process, {rate} records/s",
            unit="ms",
            aim=50,
            values=taken,
            note=f"95th percentile {sorted(taken)[len(taken) * 95 // 100]:.0f} ms;"
            f" {lost} lost after repair",
        )


def _community(folder: Path) -> list[Home]:
    data: Any = template("kitchen-table")
    data["membership"].update(probation_s=0, invite_slots=NODES)
    ana = homes.found(folder / "0", Charter.from_data(data), "Ana", None, now_ms)
    set_meta(ana.store.db, "addresses", json.dumps(["/ip4/127.0.0.1/tcp/9"]))  # to invite from
    homes_ = [ana]
    for number in range(1, NODES):
        homes_.append(join(ana, folder / str(number), f"Member {number}", now_ms))
    for home in homes_[1:]:
        pull(home, ana)
        pull(ana, home)
    for home in homes_[1:]:
        pull(home, ana)
    return homes_


async def _measure(some: list[Home]) -> dict[int, tuple[list[float], int]]:
    """By rate: milliseconds until everybody had each record, and how many never came somewhere."""
    dice = random.Random(1)  # the same in every run
    nodes: list[WatchingNode] = []
    async with trio.open_nursery() as nursery:
        for home in some:
            nodes.append(await _started(home, nursery))
        await _meet(nodes, dice)
        found = {rate: await _publish(nodes, rate, dice) for rate in RATES}
        if len({digest(node.store) for node in nodes}) != 1:
            raise NotMeasured("the digests of the nodes differ")
        nursery.cancel_scope.cancel()
    return found


async def _publish(
    nodes: list[WatchingNode], rate: int, dice: random.Random
) -> tuple[list[float], int]:
    begun: dict[int, float] = {}
    start = trio.current_time()
    for number, listing in enumerate(Inventor(f"{rate}").listings(int(SECONDS * rate))):
        await trio.sleep_until(start + number / rate)
        node = dice.choice(nodes)
        at = perf_counter()
        (record,) = node.home.append_here([Draft("listing", listing.body())])
        begun[h64(record)] = at
        node.poke()
    with trio.move_on_after(REPAIR_SECONDS):
        while not all(begun.keys() <= node.seen.keys() for node in nodes):
            await trio.sleep(0.05)
    times = [
        [node.seen[name] - at for node in nodes if name in node.seen] for name, at in begun.items()
    ]
    lost = sum(len(nodes) - len(each) for each in times)
    return [1000 * max(each) for each in times if len(each) == len(nodes)], lost


async def _started(home: Home, nursery: trio.Nursery) -> WatchingNode:
    peers = Peers(home.store, trio.current_time)
    keys = home.unlock()
    network = Libp2pNetwork(keys.device.seed, gate=peers.may_talk, topic="moothall/bench")
    node = WatchingNode(home, network, keys=keys, peers=peers)
    node.seen = {}
    await nursery.start(node.run, [f"/ip4/127.0.0.1/tcp/{free_port()}"])
    return node


async def _meet(nodes: list[WatchingNode], dice: random.Random) -> None:
    """Connect each with some others, and wait until gossip has made its mesh."""
    for node in nodes:
        others = [other for other in nodes if other is not node]
        for other in dice.sample(others, NEIGHBOURS):
            await node.network.connect(other.network.peer_id, other.network.addresses)
    with trio.move_on_after(MESH_SECONDS) as patience:
        while not all(_meshed(node) for node in nodes):
            await trio.sleep(0.1)
    if patience.cancelled_caught:
        raise NotMeasured(f"{NODES} nodes made no gossip mesh within {MESH_SECONDS:.0f} s")
    # As long as neighbours are new, everything goes by sync as well.
    await trio.sleep(SETTLING_SECONDS + 5)


def _meshed(node: WatchingNode) -> bool:
    pubsub = getattr(node.network, "_pubsub", None)
    meshes = [] if pubsub is None else pubsub.router.mesh.values()
    return sum(map(len, meshes)) >= DEGREE_LOW
