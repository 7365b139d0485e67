"""Two real nodes that talk: first sync, what they do afterwards, and pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks import community, workers
from benchmarks.community import Community
from benchmarks.machine import Limits
from benchmarks.report import Line, Report
from benchmarks.workers import NotMeasured, Process

NEWCOMERS_RECORDS = 3  # enrolment, join and profile in a fresh home
SIGNED = community.TOGETHER  # records to a signature
SYNC_AIMS = {10_000: 0.6, 100_000: 5.0}  # seconds
SHARE = 0.33  # of what a bare stream carries in the same run
FEW = 10  # new listings in a small sync
LONG, LONG_LETTERS = 400, 10_000  # records with the longest description
PHOTOS, PHOTO_BYTES = 90, 300 * 1024  # in all runs; less than a neighbour may have at once
NEW_SECONDS = 10  # how long a neighbour may take to see something
MIB = 1024 * 1024


@dataclass(kw_only=True)
class Nodes:
    """Measures them, each size `runs` times."""

    report: Report
    limits: Limits
    runs: int
    sample: bool
    say: Callable[[str], None]

    def lines(self, made: Community, *, small: bool) -> Iterator[Line]:
        """First sync, and with `small` what two nodes do afterwards."""
        expected = made.records + NEWCOMERS_RECORDS
        found: list[dict[str, Any]] = []
        usage: list[dict[str, Any]] = []
        sending: list[float] = []
        streams: list[dict[str, Any]] = []
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
                    streams.append(ben.ask("raw", peer=at["peer"], mib=16, pings=30))
                    if small and number == self.runs - 1:
                        self.say("two nodes that know each other")
                        trip = median(streams[-1]["trips_ms"])
                        after = list(self._small(made, ana, ben, at["peer"], trip))
        n = made.listings
        wire = found[0]["received"]
        least = self.limits.sync_seconds(n, n // SIGNED + 1)
        bare = self.limits.parsed_seconds(n, n // SIGNED + 1)
        raw = [one["mib_s"] for one in streams]
        streaming = wire / (median(raw) * MIB)
        aim = SYNC_AIMS.get(n)
        per_record = [one["commit_s"] / n * 1e6 for one in found]
        carried = [one["received"] / one["commit_s"] / MIB for one in found]
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
        best = wire / bare / MIB / median(raw)
        why = "limit: signatures, hashes, decoding and encoding in a library, bare rows"
        yield _share(f"sync-share-{n}", f"first sync of {n:,}", carried, raw, why, best)
        yield Line(
            key=f"first-sync-text-{n}",
            what=f"first sync of {n:,}: until full text is complete",
            unit="s",
            aim=None if aim is None else 2 * aim,
            values=[one["text_s"] for one in found],
            limit=max(least, streaming) + n / self.limits.text,
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
                values=raw,
            )
            yield Line(
                key="raw-trip",
                what="raw round trip of 81 bytes",
                unit="ms",
                values=streams[-1]["trips_ms"],
            )
        yield from after

    def _keep_samples(self, made: Community, ana: Process, ben: Process) -> None:
        for side, process in (("receiver", ben), ("sender", ana)):
            found = process.ask("sample", on=False)
            self.report.sampled[side] = {"records": made.listings, **found}

    def _small(
        self,
        made: Community,
        ana: Process,
        ben: Process,
        peer: str,
        trip: float,
    ) -> Iterator[Line]:
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
        yield self._long(ana, ben, peer)
        yield self._photos(ana, ben, peer)
        self.say("publishing")
        yield self._published(ana, ben, trip, runs)
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

    def _long(self, ana: Process, ben: Process, peer: str) -> Line:
        """Records whose bytes are mostly one long text."""
        self.say("long records")
        rates, raw = [], []
        for _ in range(self.runs):
            ben.ask("settled")
            raw.append(ben.ask("raw", peer=peer, mib=16, pings=1)["mib_s"])
            ana.ask("append", count=LONG, letters=LONG_LETTERS)
            one = ben.ask("sync", peer=peer)
            if not one["commit_ms"]:
                raise NotMeasured("another conversation brought the long records")
            rates.append(one["received"] / one["commit_ms"] * 1000 / MIB)
        what = f"sync of {LONG} records of {LONG_LETTERS:,} letters"
        return _share("sync-share-long", what, rates, raw, "checked, filed and on disk")

    def _photos(self, ana: Process, ben: Process, peer: str) -> Line:
        """Pictures, which are most of what a community's nodes hold."""
        self.say("pictures")
        count = max(1, PHOTOS // self.runs)
        rates, raw = [], []
        for _ in range(self.runs):
            ben.ask("settled")
            ana.ask("append", count=count, photo_bytes=PHOTO_BYTES)
            ben.ask("sync", peer=peer)
            ben.ask("settled")
            raw.append(ben.ask("raw", peer=peer, mib=16, pings=1)["mib_s"])
            found = ben.ask("photos", size=PHOTO_BYTES)
            if found["here"] < count:
                raise NotMeasured(f"only {found['here']} of {count} pictures came")
            rates.append(count * PHOTO_BYTES / found["ms"] * 1000 / MIB)
        what = f"{count} pictures of {PHOTO_BYTES // 1024} KiB from a neighbour"
        return _share("photo-share", what, rates, raw, "asked for, checked, on disk")

    def _published(self, ana: Process, ben: Process, trip: float, runs: int) -> Line:
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
            limit=self.limits.commit_ms + trip / 2,
            note="before the write to after the neighbour's commit",
        )


def _share(
    key: str,
    what: str,
    rates: list[float],
    raw: list[float],
    note: str,
    limit: float | None = None,
) -> Line:
    """How much of a bare stream, measured beside each, something carries; both in MiB/s."""
    return Line(
        key=key,
        what=f"{what}: throughput as a share of the raw stream's",
        unit="",
        aim=SHARE,
        values=[rate / beside for rate, beside in zip(rates, raw, strict=True)],
        limit=limit,
        note=f"{median(rates):.1f} of {median(raw):.0f} MiB/s; {note}",
    )
