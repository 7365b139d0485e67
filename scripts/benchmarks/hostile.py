"""What a hostile member costs the others: an honest neighbour's news and a page, beside each kind
of attack and in touch with the same member before it began, and the memory of the node that is
attacked.
"""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import community, workers
from benchmarks.community import Community
from benchmarks.report import Line
from benchmarks.worker import memory_mb
from benchmarks.workers import NotMeasured, Process
from node.home import now_ms, open_home
from node.peers import Peers
from protocol.cards import make_card

LISTINGS = 1000
SECONDS = 60  # that one listing may take
MOMENT = 1.0  # that one takes by gossip at most; a sync may bring it among many, and name none
PAUSE = 0.03
ROUNDS = 2  # alone and beside in turn, so that whatever else slows the machine down hits both
TIMES, FEW = 50, 5  # in each of them
WARM_SECONDS = 1.0  # of an attack, before anything is measured
LOOK_SECONDS, IDLE = 1.0, 0.03  # a node has nothing to do if it takes no more of a core
# A hostile member has a machine of its own. Here it shares the cores with those it attacks, so it
# gets what they leave: else its own work would be taken for what it does to them.
LAST = ("nice", "-n", "19")
ATTACKS = (  # the last two spoil Mallory's own log
    "tiny", "tiny_by_sync", "gaps", "garbage", "hellos", "wants", "unread", "slow", "streams",
    "frames", "repeats", "noise", "lies", "cards", "certificates", "joins", "strangers", "years",
    "forks",
)  # fmt: skip


def hostile(
    folder: Path,
    moothall: str,
    say: Callable[[str], None],
    *,
    small: bool,
    attacks: Sequence[str] = ATTACKS,
) -> Iterator[Line]:
    """The lines of this part. Each attack meets a node that was started for it."""
    made = community.make(folder, LISTINGS // 10 if small else LISTINGS)
    kim, ola = made.folder / "Kim", made.folder / "Ola"
    _introduce(made, kim)
    command = [moothall, "--home", str(kim), "--json", "run", "--listen", "/ip4/127.0.0.1/tcp/0"]
    command += ["--desk", "127.0.0.1:0", "--shop", "127.0.0.1:0"]
    program = [*LAST, sys.executable, "-P", "-m", "tests.system.mallory", str(ola)]
    memory = []
    with workers.node(made.ana, made.listen) as (ana, _):
        for attack in attacks:
            say(f"a neighbour's news and pages, alone and beside {attack}")
            with workers.started(command, kim) as (node, ready):
                there = Neighbours(ana, node, ready["shop"], FEW if small else TIMES)
                there.meet()
                alone, beside = Times(), Times()
                struck, used, lasted = 0, 0.0, 0.0
                for _ in range(ROUNDS):
                    _rest(ana, node)
                    with workers.started([*program, ready["addresses"][0]], ola) as (mallory, _):
                        there.measure(alone)
                        mallory.ask("start", attack=attack)
                        time.sleep(WARM_SECONDS)
                        begun, before = time.monotonic(), workers.cpu_seconds(node.pid)
                        there.measure(beside)
                        used += workers.cpu_seconds(node.pid) - before
                        lasted += time.monotonic() - begun
                        struck += mallory.ask("stop")["struck"]
                memory.append(memory_mb(node.pid, "VmHWM"))
            share = 100 * used / lasted
            note = f"struck {struck} times; {share:.0f} % of a core, {memory[-1]:.0f} MB"
            yield from _lines(attack, alone, beside, note)
    yield Line(
        key="hostile-memory",
        what="an attacked node: most memory, for each attack",
        unit="MB",
        aim=300,
        values=memory,
    )


def _introduce(made: Community, path: Path) -> None:
    """Where Ana's node is, for a home that has never met it."""
    ana, home = open_home(made.ana), open_home(path)
    card = make_card(ana.unlock().device, home.store.community, (made.listen,), now_ms())
    with home.store.transaction():
        Peers(home.store, time.monotonic).keep(card)
    home.close()
    ana.close()


def _rest(*nodes: Process) -> None:
    """Wait until the nodes have done what is left of an attack, or were started with."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        before = [workers.cpu_seconds(node.pid) for node in nodes]
        time.sleep(LOOK_SECONDS)
        after = [workers.cpu_seconds(node.pid) for node in nodes]
        if all(b - a <= IDLE * LOOK_SECONDS for a, b in zip(before, after, strict=True)):
            return


@dataclass
class Times:
    """Milliseconds of each listing until it was seen, and of each page."""

    seen: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)


class Neighbours:
    """Ana publishes; Kim's node, which is attacked, prints what came and shows pages."""

    def __init__(self, ana: Process, kim: Process, shop: str, times: int) -> None:
        self._ana = ana
        self._kim = kim
        self._shop = shop
        self._times = times

    def meet(self) -> None:
        """Wait until gossip has found its way, and pages have been made once."""
        until = time.monotonic() + SECONDS
        for _ in range(10):
            while self._publish(MOMENT) is None:
                if time.monotonic() > until:
                    raise NotMeasured(f"nothing gossiped came within {SECONDS} s")
            self._page()

    def measure(self, times: Times) -> None:
        """Add some listings and pages."""
        for _ in range(self._times):
            if (seen := self._publish(SECONDS)) is None:
                raise NotMeasured(f"a neighbour saw nothing new within {SECONDS} s")
            times.seen.append(seen)
            times.page.append(self._page())
            time.sleep(PAUSE)

    def _page(self) -> float:
        begun = time.perf_counter()
        with urllib.request.urlopen(self._shop, timeout=SECONDS) as page:
            page.read()
        return (time.perf_counter() - begun) * 1000

    def _publish(self, seconds: float) -> float | None:
        """Milliseconds until a new listing of Ana's was told of; None if it was not in time."""
        self._kim.skip()  # what was told before is not what comes now
        said = self._ana.ask("publish")
        begun: int = said["begun_ns"]
        until = time.monotonic() + seconds
        while self._kim.says_more(until - time.monotonic()):
            event: dict[str, Any] = self._kim.read(seconds)
            if event.get("kind") == "listing" and event.get("device") == said["device"]:
                return (time.monotonic_ns() - begun) / 1e6
        return None


def _lines(attack: str, alone: Times, beside: Times, note: str) -> Iterator[Line]:
    for sort, name, before, after in (
        ("seen", "publish to seen", alone.seen, beside.seen),
        ("page", "a page", alone.page, beside.page),
    ):
        limit = p95(before)
        yield Line(
            key=f"hostile-{sort}-{attack}",
            what=f"beside `{attack}`, {name}: p95",
            unit="ms",
            values=[p95(after)],
            aim=2 * limit,
            limit=limit,
            note=f"medians {median(before):.1f} alone, {median(after):.1f}; {note}",
        )


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[min(len(values) - 1, len(values) * 95 // 100)]
