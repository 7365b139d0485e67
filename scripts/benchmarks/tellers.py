"""Four tellers who agree: in one process without a network, then over libp2p on loopback.

Ana, Ben, Cleo and Dan are tellers of a kitchen table. Each decision asks for two certificates after
the last stop, the close and its effect; what is measured is the close.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import trio

from benchmarks.community import join, pull
from benchmarks.report import Line
from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import teller
from node.assembly import casting, proposing
from node.home import Home, now_ms
from node.network.libp2p_host import Libp2pNetwork
from node.peers import Peers
from node.service import Node
from node.tellership import receipts
from protocol.teller_messages import Message
from storage import agreement, certificates
from storage import assembly as held
from storage.database import set_meta
from storage.standing import settle

NAMES = ("Ana", "Ben", "Cleo", "Dan")
TRIES = 5
QUIET_S = 60.0
TOO_LONG_S = 60.0


def tellers(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Iterator[Line]:
    """The lines of this part."""
    say("four tellers in one process")
    tries = 1 if quick else TRIES
    with ExitStack() as open_homes:
        some = _four(folder)
        for home in some:
            open_homes.callback(home.close)
        yield Line(
            key="agree-process",
            what="four tellers in one process: from the last stop to the close on all",
            unit="s",
            aim=1.0,
            values=[_close_in_process(some) for _ in range(tries)],
            note="every word on disk before it is handed on",
        )
        say("four tellers over libp2p")
        times, quiet = trio.run(_over_libp2p, some, tries, 1.0 if quick else QUIET_S)
        yield Line(
            key="agree-libp2p",
            what="four tellers over libp2p on loopback: from the last stop to the close on all",
            unit="s",
            aim=3.0,
            values=times,
        )
        yield Line(
            key="agree-quiet",
            what="four tellers with nothing due: what they say to each other in a minute",
            unit="B",
            aim=0,
            values=[quiet],
            note="signed messages about certificates" + (", in a second" if quick else ""),
        )


def _four(folder: Path) -> list[Home]:
    data: dict[str, Any] = template("kitchen-table")
    data["offices"]["teller"]["seats"] = len(NAMES)
    data["membership"]["probation_s"] = 0
    ana = homes.found(folder / NAMES[0], Charter.from_data(data), NAMES[0], None)
    set_meta(ana.store.db, "addresses", json.dumps(["/ip4/127.0.0.1/tcp/1"]))
    some = [ana, *[join(ana, folder / name, name, now_ms) for name in NAMES[1:]]]
    _meet(some)
    candidates = {name[0]: home.person.hex() for name, home in zip(NAMES, some, strict=True)}
    found = _propose(
        ana, "offices", {"type": "elect", "office": "teller", "candidates": candidates}
    )
    _until(some, found, "open")
    for home in some:
        casting.cast(home, found, ",".join(candidates))
    _until(some, found, "in_effect")
    return some


def _propose(home: Home, kind: str, effect: dict[str, Any]) -> str:
    options = [] if kind == "offices" else [("tea", "Tea")]
    made = proposing.propose(
        home, kind=kind, title="A question", text="", effect=effect, options=options
    )
    return str(made["proposal"])


def _until(some: list[Home], proposal: str, phase: str) -> None:
    while any(_phase(home, proposal) != phase for home in some):
        _meet(some)
        for home in some:
            teller.act(home.store, home.unlock().device)


def _meet(some: list[Home]) -> None:
    """Everybody has what everybody has."""
    for _ in range(2):
        for one in some:
            for other in some:
                if one is not other:
                    pull(one, other)


def _phase(home: Home, proposal: str) -> str:
    state = certificates.current(home.store)
    vote = state.votes.get(bytes.fromhex(proposal)) if state else None
    return vote.phase if vote else ""


def _close_in_process(some: list[Home]) -> float:
    """Seconds from when all stops are everywhere until all have the close."""
    asked = _propose(some[0], "advice", {"type": "advice"})
    _until(some, asked, "open")
    for home in some:
        casting.cast(home, asked, "tea")
    while not _all_stopped(some, asked):
        for home in some:
            receipts.write_due(home.store, home.unlock().device)
        _meet(some)
    begun = perf_counter()
    while any(_phase(home, asked) == "open" for home in some):
        for home in some:
            for word in teller.act(home.store, home.unlock().device).words:
                _hand(word, home, some)
    taken = perf_counter() - begun
    _meet(some)
    _until(some, asked, "in_effect")
    return taken


def _hand(word: Message, said_by: Home, some: list[Home]) -> None:
    for other in some:
        if other is not said_by:
            with other.store.transaction(sync="NORMAL"):
                agreement.receive(other.store, word)
                settle(other.store)


def _all_stopped(some: list[Home], proposal: str) -> bool:
    state = certificates.current(some[0].store)
    vote = state.votes[bytes.fromhex(proposal)] if state else None
    if vote is None or vote.round is None:
        return False
    opened = vote.round.open
    return all(held.stop_of(home.store, other.device, opened) for home in some for other in some)


class _Counting(Libp2pNetwork):
    """The real network; it counts what is told about certificates."""

    told = 0

    async def publish(self, message: bytes) -> None:
        """Count messages of tellers."""
        if message[:2] == b"\x82\x03":
            self.told += len(message)
        await super().publish(message)


async def _over_libp2p(some: list[Home], tries: int, quiet_s: float) -> tuple[list[float], float]:
    """(seconds of each close, bytes told while nothing is due)."""
    async with trio.open_nursery() as nursery:
        nodes: list[tuple[Node, _Counting]] = []
        for home in some:
            peers = Peers(home.store, trio.current_time)
            topic = f"moothall/{home.store.community.hex()[:16]}"
            keys = home.unlock()
            network = _Counting(keys.device.seed, gate=peers.may_talk, topic=topic)
            node = Node(home, network, keys=keys, peers=peers)
            await nursery.start(node.run, ["/ip4/127.0.0.1/tcp/0"])
            nodes.append((node, network))
        for number, (_, network) in enumerate(nodes):
            for _, other in nodes[:number]:
                await network.connect(other.peer_id, other.addresses)
        times = [await _close_over_libp2p([node for node, _ in nodes]) for _ in range(tries)]
        before = sum(network.told for _, network in nodes)
        await trio.sleep(quiet_s)
        told = sum(network.told for _, network in nodes) - before
        nursery.cancel_scope.cancel()
    return times, float(told)


async def _close_over_libp2p(nodes: list[Node]) -> float:
    some = [node.home for node in nodes]
    asked = _propose(some[0], "advice", {"type": "advice"})
    nodes[0].poke()
    await _see(lambda: all(_phase(home, asked) == "open" for home in some))
    for node in nodes:
        casting.cast(node.home, asked, "tea")
        node.poke()
    stopped = 0.0

    def closed() -> bool:
        nonlocal stopped
        if not stopped and all(_has_stopped(home, asked) for home in some):
            stopped = trio.current_time()
        return all(_phase(home, asked) not in ("", "open") for home in some)

    await _see(closed)
    ended = trio.current_time()
    await _see(lambda: all(_phase(home, asked) == "in_effect" for home in some))
    return ended - (stopped or ended)


def _has_stopped(home: Home, proposal: str) -> bool:
    """Whether this teller has written its stop."""
    state = certificates.current(home.store)
    vote = state.votes.get(bytes.fromhex(proposal)) if state else None
    last = vote.round if vote else None
    return last is not None and held.stop_of(home.store, home.device, last.open) is not None


async def _see(condition: Callable[[], bool]) -> None:
    with trio.fail_after(TOO_LONG_S):
        while not condition():
            await trio.sleep(0.002)
