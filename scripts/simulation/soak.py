"""`scripts/soak`: a community lives through days of simulated time, and must agree in the end.

The nodes are the real ones, each with a home of its own on disk, over the network in memory of
tests/village. Cuts, lost gossip, slow lines, restarts and machines that are off for days come by
chance, and so does what members do; one in ten turns hostile. In the end all is mended. Nothing
depends on how quick this machine is.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import trio
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from trio.testing import MockClock

from . import repeatable

if TYPE_CHECKING:
    from .town import Town

DAY = 86_400.0
ROGUES = 0.1  # of all nodes, at least one of three or more
TURNING = 0.35, 0.55  # of the time, between which they turn hostile


@dataclass(kw_only=True)
class Outcome:
    """What came out; `wrong` is empty where all is well."""

    seed: int
    nodes: int
    days: float
    seconds: float = 0.0  # real ones
    people: int = 0
    hostile: int = 0
    records: int = 0
    certificates: int = 0
    settled_s: float | None = None  # simulated, until all honest nodes held the same
    digest: str = ""
    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)  # reason -> honest nodes that saw it
    wrong: list[str] = field(default_factory=list)


class Complaints(logging.Handler):
    """Errors in the logs: a node met something that it was not made for."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it with its traceback."""
        self.heard.append(self.format(record))


def soak(
    *, nodes: int, days: float, seed: int, folder: Path, tell: Callable[[float, str], None]
) -> Outcome:
    """Live through it in `folder`. `tell` hears the simulated seconds so far, and what they saw."""
    outcome = Outcome(seed=seed, nodes=nodes, days=days)
    complaints = Complaints()
    logger = logging.getLogger("moothall")
    logger.addHandler(complaints)
    begun = monotonic()
    try:
        trio.run(_live, outcome, folder, tell, clock=MockClock(autojump_threshold=0))
    finally:
        logger.removeHandler(complaints)
    outcome.seconds = monotonic() - begun
    outcome.wrong += [f"logged as an error: {each}" for each in complaints.heard]
    return outcome


async def _live(outcome: Outcome, folder: Path, tell: Callable[[float, str], None]) -> None:
    from .deeds import Deeds  # these bring the node, which must not come before `repeatable`
    from .town import Town
    from .weather import Weather

    async with trio.open_nursery() as nursery:
        town = Town(folder=folder, nursery=nursery, seed=outcome.seed)
        weather = Weather(town)
        await town.found()
        async with trio.open_nursery() as busy:
            busy.start_soon(weather.run)
            busy.start_soon(Deeds(town, outcome.nodes, outcome.days).run)
            busy.start_soon(_turn_hostile, town, busy, outcome)
            busy.start_soon(_watch, town, tell)
            await trio.sleep(outcome.days * DAY)
            busy.cancel_scope.cancel()
        await weather.mend()
        tell(outcome.days * DAY, "all is mended; waiting for all to agree")
        await _judge(town, outcome)
        for person in town.honest:
            await person.stop()
        for person in town.village.people:
            person.home.close()


async def _turn_hostile(town: Town, nursery: trio.Nursery, outcome: Outcome) -> None:
    """Some members' machines fall to somebody else, with their keys.

    Not before all others hold what such a member wrote: an invitation that only its guests hold
    can't be proved to anybody once who made it says no word of truth any more.
    """
    from .rogue import Rogue

    dice = town.dice("hostile")
    count = round(ROGUES * outcome.nodes) or int(outcome.nodes >= 3)
    times = sorted(dice.uniform(*TURNING) * outcome.days * DAY for _ in range(count))
    for at in times:
        await trio.sleep_until(at)
        while not (some := [each for each in town.here[1:] if town.is_known(each)]):
            await trio.sleep(60)
        person = dice.choice(some)
        town.gone.add(person)
        await person.stop()
        nursery.start_soon(Rogue(town, person).run)
        outcome.hostile += 1


async def _watch(town: Town, tell: Callable[[float, str], None]) -> None:
    while True:
        await trio.sleep(DAY / 48)
        done = f"{town.done.total():,} events, {len(town.here)} of {len(town.honest)} nodes on"
        tell(trio.current_time(), done)


async def _judge(town: Town, outcome: Outcome) -> None:
    from storage import certificates

    from .settling import blamed, damage, differences, faults, settle

    people = town.honest
    outcome.settled_s = await settle(people)
    if outcome.settled_s is None:
        outcome.wrong += differences(people)
    outcome.wrong += damage(people)
    outcome.wrong += blamed(town)
    store = people[0].home.store
    outcome.people = len(town.village.people)
    outcome.digest = people[0].digest
    (outcome.records,) = store.db.execute("SELECT count(*) FROM record").fetchone()
    outcome.certificates = certificates.tip(store)[0] + 1
    outcome.done = dict(sorted(town.done.items()))
    outcome.refused = dict(sorted(town.refused.items()))
    outcome.faults = faults(town)


def main() -> int:
    """0 when all honest nodes agreed and every store was sound, else 1."""
    parser = ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument(
        "--nodes", type=int, default=30, metavar="N", help="members in the end (%(default)s)"
    )
    parser.add_argument(
        "--days", type=float, default=7.0, metavar="N", help="simulated days (%(default)g)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all chance")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a text")
    asked = parser.parse_args()
    if asked.nodes < 1 or not 0 <= asked.days < inf:
        parser.error("--nodes takes 1 or more, --days 0 or more")
    repeatable.begin(asked.seed)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
    )
    with tempfile.TemporaryDirectory(prefix="moothall-soak-") as folder, bar:
        task = bar.add_task("the founder alone", total=asked.days * DAY)

        days_told = 0

        def tell(at: float, what: str) -> None:
            nonlocal days_told
            bar.update(task, completed=at, description=what, refresh=True)
            if not bar.console.is_terminal and at >= (days_told + 1) * DAY:  # as in a log
                days_told = int(at // DAY)
                print(f"day {days_told} of {asked.days:g}: {what}", file=sys.stderr, flush=True)

        outcome = soak(
            nodes=asked.nodes, days=asked.days, seed=asked.seed, folder=Path(folder), tell=tell
        )
    print(json.dumps(asdict(outcome), indent=1) if asked.json else _text(outcome))
    return 1 if outcome.wrong else 0


def _text(outcome: Outcome) -> str:
    happened = ", ".join(f"{count:,} {what}" for what, count in outcome.done.items())
    seen = ", ".join(f"{reason} ({count})" for reason, count in outcome.faults.items())
    told = [
        f"{outcome.people} people, {outcome.hostile} of them hostile, {outcome.days:g} days in"
        f" {outcome.seconds:,.0f} s: {outcome.records:,} records, {outcome.certificates}"
        " certificates.",
        f"What happened: {happened}.",
        f"Faults of the hostile, and how many nodes saw each: {seen or 'none'}.",
    ]
    if outcome.settled_s is not None:
        told.append(
            f"All honest nodes hold the same {outcome.settled_s / 60:.0f} simulated minutes after"
            f" all was mended: digest {outcome.digest[:16]}."
        )
    if outcome.wrong:
        again = f"scripts/soak --nodes {outcome.nodes} --days {outcome.days:g}"
        told += ["WRONG:", *outcome.wrong, f"To see it again: {again} --seed {outcome.seed}"]
    return "\n".join(told)


if __name__ == "__main__":
    raise SystemExit(main())
