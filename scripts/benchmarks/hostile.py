"""What a hostile member costs the others: an honest neighbour's news and a page, beside each kind
of attack and just before it, and the memory of the node that is attacked.
"""

from __future__ import annotations

import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
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
PAUSE = 0.05
TIMES, FEW = 40, 5
WARM_SECONDS = 1.0  # of an attack, before anything is measured
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
    memory = []
    with workers.node(made.ana, made.listen) as (ana, _):
        for attack in attacks:
            say(f"a neighbour's news and pages, alone and beside {attack}")
            with workers.started(command, kim) as (node, ready):
                there = Neighbours(ana, node, ready["shop"], FEW if small else TIMES)
                there.meet()
                program = [sys.executable, "-P", "-m", "tests.system.mallory", str(ola)]
                with workers.started([*program, ready["addresses"][0]], ola) as (mallory, _):
                    alone = there.measure()
                    mallory.ask("start", attack=attack)
                    time.sleep(WARM_SECONDS)
                    begun, before = time.monotonic(), workers.cpu_seconds(node.pid)
                    beside = there.measure()
                    share = (workers.cpu_seconds(node.pid) - before) / (time.monotonic() - begun)
                    struck = mallory.ask("stop")["struck"]
                memory.append(memory_mb(node.pid, "VmHWM"))
            note = f"struck {struck} times; {100 * share:.0f} % of a core, {memory[-1]:.0f} MB"
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


class Neighbours:
    """Ana publishes; Kim's node, which is attacked, prints what came and shows pages."""

    def __init__(self, ana: Process, kim: Process, shop: str, times: int) -> None:
        self._ana = ana
        self._kim = kim
        self._shop = shop
        self._times = times

    def meet(self) -> None:
        """Wait until gossip has found its way, and pages have been made once."""
        for _ in range(10):
            self._publish()
            self._page()

    def measure(self) -> dict[str, list[float]]:
        """Milliseconds of each listing until it is seen, and of each page."""
        seen, pages = [], []
        for _ in range(self._times):
            seen.append(self._publish())
            pages.append(self._page())
            time.sleep(PAUSE)
        return {"seen": seen, "page": pages}

    def _page(self) -> float:
        begun = time.perf_counter()
        with urllib.request.urlopen(self._shop, timeout=SECONDS) as page:
            page.read()
        return (time.perf_counter() - begun) * 1000

    def _publish(self) -> float:
        said = self._ana.ask("publish")
        begun: int = said["begun_ns"]
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            event: dict[str, Any] = self._kim.read(SECONDS)
            mine = event.get("kind") == "listing" and event.get("device") == said["device"]
            if mine or (event.get("event") == "record" and "count" in event):
                return (time.monotonic_ns() - begun) / 1e6
        raise NotMeasured(f"a neighbour saw nothing new within {SECONDS} s")


def _lines(
    attack: str, alone: dict[str, list[float]], beside: dict[str, list[float]], note: str
) -> Iterator[Line]:
    for sort, name in (("seen", "publish to seen"), ("page", "a page")):
        limit = p95(alone[sort])
        yield Line(
            key=f"hostile-{sort}-{attack}",
            what=f"beside `{attack}`, {name}: p95",
            unit="ms",
            values=[p95(beside[sort])],
            aim=2 * limit,
            limit=limit,
            note=f"medians {median(alone[sort]):.1f} alone, {median(beside[sort]):.1f}; {note}",
        )


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[min(len(values) - 1, len(values) * 95 // 100)]
