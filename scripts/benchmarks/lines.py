"""What is measured, part by part. Each part yields its lines; what fails says so in its line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import community, machine, workers
from benchmarks.assembly import assembly
from benchmarks.community import Community
from benchmarks.crowd import crowd
from benchmarks.fees import fee_splits
from benchmarks.hostile import hostile
from benchmarks.idle import idle
from benchmarks.letters import letters
from benchmarks.machine import Limits
from benchmarks.nodes import NEWCOMERS_RECORDS, Nodes
from benchmarks.report import Line, Report
from benchmarks.settling import settlement
from benchmarks.tellers import tellers
from benchmarks.together import together
from benchmarks.workers import NotMeasured

MOOTHALL = Path(sys.executable).parent / "moothall"


@dataclass(kw_only=True)
class Bench:
    """One run of everything into `report`. `say` tells how far it is."""

    report: Report
    folder: Path
    sizes: tuple[int, ...]
    runs: int
    quick: bool
    parts: frozenset[str]
    sample: bool
    say: Callable[[str], None]

    def run(self) -> bool:
        """Measure; whether all of it could be."""
        complete = True
        self.say("the machine itself")
        rows = machine.ROWS // 10 if self._small_sizes else machine.ROWS
        limits, self.report.machine = machine.measure(self.folder, rows)
        for part in self._parts(limits):
            try:
                self.report.lines += part()
            except (NotMeasured, OSError, subprocess.SubprocessError) as error:
                complete = False
                name = getattr(part, "__name__", "part")
                self.report.lines.append(
                    Line(key=f"failed-{name}", what=name, unit="", values=(), note=str(error))
                )
        return complete

    @property
    def _small_sizes(self) -> bool:
        """Whether this is only to see that everything can be measured."""
        return max(self.sizes) < 10_000

    def _parts(self, limits: Limits) -> Iterator[Callable[[], Iterator[Line]]]:
        for size in self.sizes:
            last = size == max(self.sizes)
            if self.parts - {"assembly", "letters", "settling", "network", "idle", "hostile"}:
                self.say(f"a community with {size:,} listings")
                made = community.make(self._folder(f"community-{size}"), size)
            if self.parts & ({"sync", "small"} if last else {"sync"}):

                def nodes(made: Community = made, last: bool = last) -> Iterator[Line]:
                    both = Nodes(
                        report=self.report,
                        limits=limits,
                        runs=self.runs,
                        sample=self.sample,
                        say=self.say,
                    )
                    return both.lines(made, small=last and "small" in self.parts)

                yield nodes
            if last and "pages" in self.parts:

                def pages(made: Community = made) -> Iterator[Line]:
                    return self._pages(made)

                yield pages
            if last and "readers" in self.parts and not self.quick:

                def readers(made: Community = made) -> Iterator[Line]:
                    return crowd(made, str(MOOTHALL), made.records + NEWCOMERS_RECORDS, self.say)

                yield readers
            if last and "commands" in self.parts:

                def commands(made: Community = made) -> Iterator[Line]:
                    return self._commands(made, limits)

                yield commands
        if "assembly" in self.parts:

            def votes() -> Iterator[Line]:
                folder, small = self._folder("votes"), self._small_sizes
                return assembly(
                    folder, str(MOOTHALL), limits, small=small, runs=self.runs, say=self.say
                )

            yield votes

            def agreed() -> Iterator[Line]:
                return tellers(self._folder("tellers"), quick=self.quick, say=self.say)

            yield agreed
        if "letters" in self.parts:

            def sealed() -> Iterator[Line]:
                return letters(self._folder("letters"), small=self._small_sizes, say=self.say)

            yield sealed
        if "settling" in self.parts:

            def split() -> Iterator[Line]:
                return fee_splits(small=self._small_sizes, say=self.say)

            yield split

            def settled() -> Iterator[Line]:
                folder = self._folder("settling")
                return settlement(folder, small=self._small_sizes, say=self.say)

            yield settled
        if "hostile" in self.parts and not self.quick:

            def attacked() -> Iterator[Line]:
                folder = self._folder("hostile")
                return hostile(folder, str(MOOTHALL), self.say, small=self._small_sizes)

            yield attacked
        if "network" in self.parts and not self.quick:

            def many() -> Iterator[Line]:
                return together(self._folder("together"), say=self.say)

            yield many
        if "idle" in self.parts and not self.quick:

            def idle_nodes() -> Iterator[Line]:
                return idle(self._folder("idle"), str(MOOTHALL), self.say)

            yield idle_nodes

    def _folder(self, name: str) -> Path:
        # Short: a node's socket lies in its home, and the kernel allows 107 bytes for its path.
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    # Pages

    def _pages(self, made: Community) -> Iterator[Line]:
        self.say("pages")
        times = 100 if self.quick else 400
        command = [sys.executable, "-P", "-m", "benchmarks.pages", str(made.ana), str(times)]
        with workers.started(command, made.ana) as (_, found):
            pass
        for name, aim, what in (
            ("front", 5, "front page"),
            ("search", 5, "search, 16 different"),
            ("listing", 5, "listing"),
        ):
            taken = sorted(found[name]["ms"])
            what = f"{what} at {made.listings:,}: server time"
            yield Line(
                key=f"page-{name}",
                what=what,
                unit="ms",
                aim=aim,
                values=taken,
                note=f"the very first {found[name]['first_ms']:.1f} ms;"
                f" {found[name]['bytes'] / 1024:.1f} KiB",
            )
            yield Line(
                key=f"page-{name}-p95",
                what=f"{what}, p95",
                unit="ms",
                aim=15,
                values=[taken[min(len(taken) - 1, len(taken) * 95 // 100)]],
                note=f"slowest: {found[name]['worst'] or '-'}",
            )

    # Whole commands

    def _commands(self, made: Community, limits: Limits) -> Iterator[Line]:
        self.say("whole commands")
        runs = 3 * self.runs
        yield Line(
            key="help",
            what="moothall --help, whole process",
            unit="s",
            aim=0.3,
            values=[workers.timed([str(MOOTHALL), "--help"]) for _ in range(runs)],
            limit=limits.start_s,
        )
        command = [str(MOOTHALL), "--home", str(made.ana), "listing", "add", "--title"]
        yield Line(
            key="listing-add",
            what=f"moothall listing add among {made.listings:,}, whole process",
            unit="s",
            aim=0.5,
            values=[
                workers.timed([*command, f"Oak bowl {n}", "--mode", "sell", "--price", "35.00"])
                for n in range(runs)
            ],
            limit=limits.start_s + limits.commit_ms / 1000,
        )
