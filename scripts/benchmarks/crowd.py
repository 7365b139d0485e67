"""Many readers at a shop window while a neighbour syncs: what each costs the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from benchmarks import workers
from benchmarks.community import Community
from benchmarks.report import Line

READERS = 200
ROUNDS = 3  # further syncs while they read, so that there are enough pages to tell


def crowd(
    made: Community, moothall: str, expected: int, say: Callable[[str], None]
) -> Iterator[Line]:
    """The lines of this part. `expected`: records that a newcomer holds once it has synced."""
    command = [moothall, "--home", str(made.ana), "--json", "run", "--listen", made.listen]
    command += ["--desk", "127.0.0.1:0", "--shop", "127.0.0.1:0"]
    with workers.started(command, made.ana) as (_, ready):
        address = urlsplit(ready["shop"]).netloc
        say("a sync with nobody reading")
        alone = _sync(made, "Quiet", expected)
        reading = [sys.executable, "-P", "-m", "benchmarks.readers", address, str(READERS)]
        say(f"{READERS} readers")
        with workers.started(reading, made.folder / "readers") as (readers, _):
            beside = [_sync(made, f"Busy{number}", expected) for number in range(ROUNDS)]
            found = readers.ask("end")
    taken = sorted(found["ms"])
    rate = len(taken) / found["seconds"]
    what = f"{READERS} readers while a neighbour syncs {made.listings:,}: a page"
    yield Line(
        key="readers",
        what=what,
        unit="ms",
        values=taken,
        note=f"{rate:.0f} pages a second over HTTP, {found['failed']} failed",
    )
    yield Line(
        key="readers-p95",
        what=f"{what}, p95",
        unit="ms",
        aim=100,
        values=[taken[min(len(taken) - 1, len(taken) * 95 // 100)]],
    )
    yield Line(
        key="readers-sync",
        what=f"first sync of {made.listings:,} from a node with {READERS} readers",
        unit="s",
        values=beside,
        limit=alone,
        note="limit: the same with nobody reading",
    )


def _sync(made: Community, name: str, expected: int) -> float:
    """Seconds of a newcomer's first sync."""
    home = made.newcomer(name)
    with workers.node(home, "/ip4/127.0.0.1/tcp/0") as (node, _):
        seconds: float = node.ask("await", count=expected)["commit_s"]
    return seconds
