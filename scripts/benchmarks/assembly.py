"""The assembly: counting a large vote, and what a long history of decisions costs.

The large vote is counted in this process, by the functions that every node calls; pages and
commands over the history run in processes of their own, as in the other parts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import decisions, workers
from benchmarks.decisions import Poll
from benchmarks.machine import Limits
from benchmarks.report import Line
from storage import polling, recount

VOTERS = 500  # besides the teller, who does not vote
VOTES = 100  # in history
FEW = 12  # of each, where little is to be measured
CHUNK = 50  # ballots whose receipts are looked at together
VISITS = 100  # of each page
STATUS_MORE = 0.1  # seconds that a history may cost a command
PAGES = {
    "assembly": "the assembly",
    "proposal": "a proposal's page",
    "values": "the values",
    "charter": "the charter",
}


def assembly(
    folder: Path,
    moothall: str,
    limits: Limits,
    *,
    small: bool,
    runs: int,
    say: Callable[[str], None],
) -> Iterator[Line]:
    """The lines of this part. `small`: with few voters and votes, to see that it works."""
    voters, votes = (FEW, FEW) if small else (VOTERS, VOTES)
    times = runs if small else 3 * runs
    say(f"a vote of {voters}")
    yield from _at_once(folder / "AtOnce", limits, voters, times)
    say(f"{voters} ballots, one after the other")
    yield from _one_by_one(folder / "OneByOne", voters)
    say(f"{votes} votes in history")
    made = decisions.history(folder / "Decided", votes)
    yield from _folding(folder / "Decided", votes, times)
    yield from _pages(folder / "Decided", made)
    yield from _commands(folder, moothall, votes, times)


def _at_once(folder: Path, limits: Limits, voters: int, times: int) -> Iterator[Line]:
    poll = decisions.poll(folder, voters)
    what = f"{voters} ballots with {len(decisions.OPTIONS)} ranked options"
    begun = perf_counter()
    poll.deliver(poll.ballots)
    poll.act()
    received = perf_counter() - begun
    closed = poll.end()
    yield Line(
        key="count",
        what=f"{what}: verify and count a close",
        unit="ms",
        aim=100,
        values=[_counted(poll) for _ in range(times)],
        limit=voters / limits.verify * 1000,
        note="limit: the signatures alone",
    )
    yield Line(
        key="count-again",
        what=f"{what}: count it again, the signatures are known",
        unit="ms",
        values=[_counted(poll, forget=False) for _ in range(times)],
    )
    yield Line(
        key="close-size",
        what=f"{what}: size of the close",
        unit="B",
        aim=4096,
        values=[len(closed.raw)],
        note="without its signature",
    )
    yield Line(
        key="receipts-at-once",
        what=f"a teller receives {voters} ballots in one sync: until all have receipts",
        unit="s",
        values=[received],
    )
    pages = _visited(folder, [poll.proposal.hex()], min(VISITS, voters))
    poll.home.close()
    yield Line(
        key="page-counted",
        what=f"the page of a proposal with {voters} ballots: server time",
        unit="ms",
        values=pages["proposal"]["ms"],
        note=f"the very first {pages['proposal']['first_ms']:.0f} ms",
    )


def _counted(poll: Poll, *, forget: bool = True) -> float:
    """Milliseconds of a recount; with `forget` as by a node that has never looked at a ballot."""
    vote, last = poll.vote, poll.round
    if forget:
        polling.authentic.cache_clear()
        polling.chosen.cache_clear()
    begun = perf_counter()
    found = recount.recount(poll.home.store, vote, last)
    taken = (perf_counter() - begun) * 1000
    if found.status != recount.EQUAL or found.here != len(poll.ballots):
        raise workers.NotMeasured("the vote was not counted as it was closed")
    return taken


def _one_by_one(folder: Path, voters: int) -> Iterator[Line]:
    poll = decisions.poll(folder, voters)
    taken = []
    for each in poll.ballots:
        begun = perf_counter()
        poll.deliver([each])
        poll.act()
        taken.append((perf_counter() - begun) * 1000)
    poll.home.close()
    some = min(CHUNK, voters)
    yield Line(
        key="receipts-one-by-one",
        what=f"a teller receives {voters} ballots apart: until each has a receipt",
        unit="ms",
        values=taken,
        note=f"the first {some} {median(taken[:some]):.0f}, the last {median(taken[-some:]):.0f};"
        f" all {sum(taken) / 1000:.1f} s",
    )


def _folding(folder: Path, votes: int, times: int) -> Iterator[Line]:
    """What the chain costs a program that starts, and one certificate a node that runs."""
    found = [_asked("benchmarks.folding", folder) for _ in range(times)]
    yield Line(
        key="chain-start",
        what=f"read the chain of {votes} finished votes in a program that starts",
        unit="ms",
        values=[each["chain_ms"] for each in found],
        note=f"{found[0]['certificates']} certificates",
    )
    yield Line(
        key="fold-effect",
        what="fold one effect, which amends the charter",
        unit="ms",
        values=[each["fold_ms"] for each in found],
        note="signature, soundness of the new charter, and hashes",
    )


def _pages(folder: Path, proposals: list[str]) -> Iterator[Line]:
    for name, found in _visited(folder, proposals, min(VISITS, len(proposals))).items():
        taken = sorted(found["ms"])
        yield Line(
            key=f"page-{name}",
            what=f"{PAGES[name]} with {len(proposals)} proposals in history: server time",
            unit="ms",
            aim=5,
            values=taken,
            note=f"p95 {taken[len(taken) * 95 // 100]:.1f}, the very first"
            f" {found['first_ms']:.0f} ms; {found['bytes'] / 1024:.1f} KiB",
        )


def _visited(folder: Path, proposals: list[str], visits: int) -> dict[str, Any]:
    return _asked("benchmarks.pages", folder, str(visits), *proposals)


def _asked(module: str, home: Path, *more: str) -> dict[str, Any]:
    """What a process that measures one thing says."""
    command = [sys.executable, "-P", "-m", module, str(home), *more]
    with workers.started(command, home) as (_, found):
        return found


def _commands(folder: Path, moothall: str, votes: int, times: int) -> Iterator[Line]:
    """`status` beside a home without any vote, which is its limit."""
    decisions.history(folder / "None", 0)
    with_votes, without = (
        [workers.timed([moothall, "--home", str(folder / name), "status"]) for _ in range(times)]
        for name in ("Decided", "None")
    )
    yield Line(
        key="status-votes",
        what=f"moothall status with {votes} finished votes, whole process",
        unit="s",
        aim=median(without) + STATUS_MORE,
        values=with_votes,
        limit=median(without),
        note=f"limit: without any vote; aim: at most {STATUS_MORE} s more",
    )
