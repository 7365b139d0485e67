"""What is measured, part by part. Each part yields its lines; what fails says so in its line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import community, machine, workers
from benchmarks.assembly import assembly
from benchmarks.community import Community
from benchmarks.crowd import crowd
from benchmarks.fees import fee_splits
from benchmarks.hostile import hostile
from benchmarks.idle import idle
from benchmarks.letters import letters
from benchmarks.machine import Limits
from benchmarks.report import Line, Report
from benchmarks.settling import settlement
from benchmarks.tellers import tellers
from benchmarks.together import together
from benchmarks.workers import NotMeasured, Process

MOOTHALL = Path(sys.executable).parent / "moothall"
NEWCOMERS_RECORDS = 3  # enrolment, join and profile in a fresh home
SIGNED = community.TOGETHER  # records to a signature
SYNC_AIMS = {10_000: 0.6, 100_000: 5.0}  # seconds
FEW = 10  # new listings in a small sync
LONG, LONG_LETTERS = 400, 10_000  # records with the longest description
NEW_SECONDS = 10  # how long a neighbour may take to see something


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
                    return self._nodes(made, limits, small=last and "small" in self.parts)

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

    # Nodes that talk

    def _nodes(self, made: Community, limits: Limits, *, small: bool) -> Iterator[Line]:
        """First sync, and with `small` what two nodes do afterwards."""
        expected = made.records + NEWCOMERS_RECORDS
        found: list[dict[str, Any]] = []
        usage: list[dict[str, Any]] = []
        sending: list[float] = []
        raw: dict[str, Any] = {}
        after: list[Line] = []
        with workers.node(made.ana, made.listen) as (ana, at):
            for number in range(self.runs):
                self.say(f"first sync of {made.listings:,}, {number + 1} of {self.runs}")
                home = made.newcomer(f"Ben{number}")
                before = ana.ask("usage")["cpu_s"]
                sample = self.sample and number == self.runs - 1
                if sample:
                    ana.ask("sample", on=True)
                with workers.node(home, "/ip4/127.0.0.1/tcp/0") as (ben, _):
                    if sample:
                        ben.ask("sample", on=True)
                    found.append(ben.ask("await", count=expected))
                    if sample:
                        self._keep_samples(made, ana, ben)
                    usage.append(ben.ask("usage"))
                    sending.append(ana.ask("usage")["cpu_s"] - before)
                    if number == self.runs - 1:
                        raw = ben.ask("raw", peer=at["peer"], mib=16, pings=30)
                        if small:
                            self.say("two nodes that know each other")
                            after = list(self._small(made, limits, ana, ben, at["peer"], raw))
        n = made.listings
        wire = found[0]["received"]
        least = limits.sync_seconds(n, n // SIGNED + 1)
        streaming = wire / (raw["mib_s"] * 1024 * 1024)
        aim = SYNC_AIMS.get(n)
        per_record = [one["commit_s"] / n * 1e6 for one in found]
        carried = [one["received"] / one["commit_s"] / 2**20 for one in found]
        yield Line(
            key=f"first-sync-{n}",
            what=f"first sync of {n:,}: HELLO to last commit",
            unit="s",
            aim=aim,
            values=[one["commit_s"] for one in found],
            limit=max(least, streaming),
            note=f"{median(per_record):.0f} µs a record, {wire / 1e6:.1f} MB;"
            f" limit: {'checks and rows' if least > streaming else 'raw stream'}",
        )
        yield Line(
            key=f"sync-share-{n}",
            what=f"first sync of {n:,}: throughput as a share of the raw stream's",
            unit="",
            aim=0.33,
            values=[rate / raw["mib_s"] for rate in carried],
            note=f"{median(carried):.1f} of {raw['mib_s']:.0f} MiB/s; small records, checked,"
            " filed and on disk",
        )
        yield Line(
            key=f"first-sync-text-{n}",
            what=f"first sync of {n:,}: until full text is complete",
            unit="s",
            aim=None if aim is None else 2 * aim,
            values=[one["text_s"] for one in found],
            limit=max(least, streaming) + n / limits.text,
        )
        for until, key in (
            ("last commit", "commit_cpu_s"),
            ("full text is complete", "text_cpu_s"),
        ):
            yield Line(
                key=f"first-sync-{key.partition('_')[0]}-cpu-{n}",
                what=f"first sync of {n:,}: processor time of the receiver until {until}",
                unit="s",
                values=[one[key] for one in found],
                note=f"{median(one[key] for one in found) / n * 1e6:.0f} µs a record",
            )
        yield Line(
            key=f"first-sync-sender-{n}",
            what=f"first sync of {n:,}: processor time of the sender",
            unit="s",
            values=sending,
        )
        yield Line(
            key=f"first-sync-memory-{n}",
            what=f"first sync of {n:,}: most memory of the receiver",
            unit="MB",
            values=[one["peak_mb"] for one in usage],
        )
        if small:
            yield Line(
                key="raw-stream",
                what="raw libp2p stream between the two",
                unit="MiB/s",
                values=[raw["mib_s"]],
            )
            yield Line(
                key="raw-trip",
                what="raw round trip of 81 bytes",
                unit="ms",
                values=raw["trips_ms"],
            )
        yield from after

    def _keep_samples(self, made: Community, ana: Process, ben: Process) -> None:
        for side, process in (("receiver", ben), ("sender", ana)):
            found = process.ask("sample", on=False)
            self.report.sampled[side] = {"records": made.listings, **found}

    def _small(
        self,
        made: Community,
        limits: Limits,
        ana: Process,
        ben: Process,
        peer: str,
        raw: dict[str, Any],
    ) -> Iterator[Line]:
        trip = median(raw["trips_ms"])
        runs = 3 * self.runs
        self._until_equal(ben, peer)
        equal = [ben.ask("sync", peer=peer) for _ in range(runs)]
        n = made.listings
        yield Line(
            key="equal-trips",
            what="equal nodes: round trips",
            unit="",
            aim=1,
            values=[one["round_trips"] for one in equal],
        )
        yield Line(
            key="equal-bytes",
            what="equal nodes: bytes each way",
            unit="B",
            aim=100,
            values=[max(one["sent"], one["received"]) for one in equal],
        )
        yield Line(
            key="equal-ms",
            what=f"equal nodes with {n:,}: HELLO to HELLO",
            unit="ms",
            values=[one["talk_ms"] for one in equal],
            limit=trip,
        )
        fresh = []
        for _ in range(runs):
            ana.ask("append", count=FEW)
            fresh.append(ben.ask("sync", peer=peer))
        yield Line(
            key="few-bytes",
            what=f"{FEW} new among {n:,}: bytes, both ways",
            unit="B",
            aim=8000,
            values=[one["sent"] + one["received"] for one in fresh],
        )
        yield Line(
            key="few-ms",
            what=f"{FEW} new among {n:,}: HELLO to last commit",
            unit="ms",
            aim=15,
            values=[one["commit_ms"] for one in fresh],
            limit=trip * median(one["round_trips"] for one in fresh),
            note=f"{median(one['round_trips'] for one in fresh):.0f} round trips",
        )
        for _ in range(self.runs):
            ana.ask("append", count=LONG, letters=LONG_LETTERS)
        long = [ben.ask("sync", peer=peer)]
        rate = long[0]["received"] / (long[0]["commit_ms"] / 1000) / 2**20
        yield Line(
            key="sync-share-long",
            what=f"sync of {LONG * self.runs} records of {LONG_LETTERS:,} letters: throughput as a"
            " share of the raw stream's",
            unit="",
            aim=0.33,
            values=[rate / raw["mib_s"]],
            note=f"{rate:.1f} of {raw['mib_s']:.0f} MiB/s",
        )
        self.say("publishing")
        yield self._published(limits, ana, ben, trip, runs)
        digests = [ben.ask("digest") for _ in range(3)]
        same = digests[0]["digest"] == ana.ask("digest")["digest"]
        yield Line(
            key="digest",
            what=f"digest of {n:,}",
            unit="ms",
            values=[one["ms"] for one in digests],
            note="the same on both nodes" if same else "DIFFERS between the nodes",
        )

    def _until_equal(self, ben: Process, peer: str) -> None:
        """The teller's certificate and everybody's news are on their way; wait for them."""
        for _ in range(100):
            if ben.ask("sync", peer=peer)["round_trips"] == 1:
                return
            time.sleep(0.1)
        raise NotMeasured("two nodes did not come to hold the same")

    def _published(
        self, limits: Limits, ana: Process, ben: Process, trip: float, runs: int
    ) -> Line:
        taken: list[float] = []
        for number in range(runs + 1):
            said = ana.ask("publish")
            seen = ben.ask("grown", after_ns=said["begun_ns"], seconds=NEW_SECONDS)["at_ns"]
            if seen is None:
                raise NotMeasured(f"a neighbour saw nothing new within {NEW_SECONDS} s")
            if number:  # the first one carries what was appended quietly before
                taken.append((seen - said["begun_ns"]) / 1e6)
            time.sleep(0.2)
        return Line(
            key="publish-seen",
            what="publish to seen on a neighbour",
            unit="ms",
            aim=10,
            values=taken,
            limit=limits.commit_ms + trip / 2,
            note="before the write to after the neighbour's commit",
        )

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
