"""What nodes take that have nothing to do."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import community, workers
from benchmarks.report import Line
from benchmarks.worker import memory_mb
from benchmarks.workers import Process
from node import home as homes
from node.home import now_ms
from node.peers import Peers
from protocol.cards import make_card

IDLE_SECONDS = 65  # more than a minute's sync
SETTLE_SECONDS = 8  # until nodes that were just started are idle


def idle(folder: Path, moothall: str, say: Callable[[str], None]) -> Iterator[Line]:
    """The lines of this part."""
    say(f"an idle node, {SETTLE_SECONDS + IDLE_SECONDS} s")
    made = community.make(folder, 30, members=3)
    names = community.SELLERS[:3]
    _introduce(made, names)
    nodes: list[Process] = []
    try:
        for name in names:
            home = made.folder / name
            listen = made.listen if name == "Ana" else "/ip4/127.0.0.1/tcp/0"
            command = [moothall, "--home", str(home), "--json", "run", "--listen", listen]
            nodes.append(Process([*command, "--desk", "127.0.0.1:0"], home.with_suffix(".log")))
            nodes[-1].read(workers.READY_SECONDS)
        time.sleep(SETTLE_SECONDS)
        before = [workers.cpu_seconds(node.pid) for node in nodes]
        carried = [_carried(moothall, made.folder / name) for name in names]
        begun = time.monotonic()
        time.sleep(IDLE_SECONDS)
        window = time.monotonic() - begun
        spent = [
            workers.cpu_seconds(node.pid) - was for node, was in zip(nodes, before, strict=True)
        ]
        rates = [
            (_carried(moothall, made.folder / name) - was) / window
            for name, was in zip(names, carried, strict=True)
        ]
        memory = [memory_mb(node.pid) for node in nodes]
    finally:
        for node in nodes:
            node.end()
    yield Line(
        key="idle-memory",
        what="idle node of 3 members: memory",
        unit="MB",
        aim=150,
        values=memory,
        note="one value a node",
    )
    yield Line(
        key="idle-cpu",
        what="idle node of 3 members: share of a core",
        unit="%",
        aim=1,
        values=[100 * seconds / window for seconds in spent],
        note=f"over {IDLE_SECONDS} s",
    )
    yield Line(
        key="idle-bytes",
        what="idle node of 3 members: bytes on all its connections, both ways",
        unit="B/s",
        aim=2_000,
        values=rates,
        note=f"over {IDLE_SECONDS} s",
    )


def _introduce(made: community.Community, names: Sequence[str]) -> None:
    """Let everybody know where Ana's node is, so that they are in touch."""
    with closing(homes.open_home(made.ana)) as ana:
        signer, where = ana.unlock().device, (made.listen,)
        card = make_card(signer, ana.store.community, where, now_ms())
    for name in names[1:]:
        with closing(homes.open_home(made.folder / name)) as home, home.store.transaction():
            Peers(home.store, time.monotonic).keep(card)


def _carried(moothall: str, home: Path) -> int:
    """Bytes on the connections that stand, both ways."""
    command = [moothall, "--home", str(home), "--json", "peers"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise workers.NotMeasured("a node did not tell its connections")
    rows = json.loads(done.stdout)["peers"]
    if not rows:
        raise workers.NotMeasured("the nodes are not in touch")
    return sum(int(row["received"]) + int(row["sent"]) for row in rows)
