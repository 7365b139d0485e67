"""What was measured, as one table for people or one JSON object for programs."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table. `limit` is what this machine could do at best, in the same unit."""

    key: str  # stable, for programs
    what: str
    unit: str
    values: Sequence[float]  # one a run; empty when it could not be measured
    aim: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    @property
    def ratio(self) -> float | None:
        """How many times the limit the median is."""
        return self.median / self.limit if self.limit and self.values else None

    def data(self) -> dict[str, Any]:
        """For JSON."""
        measured = (
            {"min": min(self.values), "median": self.median, "max": max(self.values)}
            if self.values
            else {"min": None, "median": None, "max": None}
        )
        return {
            "key": self.key,
            "what": self.what,
            "unit": self.unit,
            "aim": self.aim,
            "runs": len(self.values),
            **measured,
            "limit": self.limit,
            "ratio": self.ratio,
            "note": self.note,
        }


@dataclass(kw_only=True)
class Report:
    """Everything that was measured in one run."""

    machine: list[Line] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    sampled: dict[str, Any] = field(default_factory=dict)
    load: Sequence[float] = field(default_factory=lambda: os.getloadavg()[:2])  # at the start

    def data(self) -> dict[str, Any]:
        """For JSON."""
        found = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "on": where(),
            "load": list(self.load),
            "machine": [line.data() for line in self.machine],
            "lines": [line.data() for line in self.lines],
        }
        return {**found, "sampled": self.sampled} if self.sampled else found

    def print_json(self) -> None:
        """One JSON object."""
        print(json.dumps(self.data(), indent=1))

    def print_table(self) -> None:
        """One table, as wide as it needs to be."""
        console = Console(width=150 if not sys.stdout.isatty() else None)
        date = datetime.now(UTC).date().isoformat()
        table = Table(title=f"Moothall on {where()}, {date}", title_justify="left")
        for name in ("what", "aim", "min", "median", "max", "unit", "limit", "ratio", "note"):
            right = name in ("aim", "min", "median", "max", "limit", "ratio")
            table.add_column(name, justify="right" if right else "left", no_wrap=right)
        for part in (self.machine, self.lines):
            for line in part:
                table.add_row(*_cells(line))
            table.add_section()
        console.print(table)
        console.print(
            "limit: what this machine could do at best, measured in the same run;"
            " ratio: median / limit."
        )
        console.print(
            f"At the start {self.load[0]:.1f} other programs wanted a core, on average over a"
            " minute; what they take is missing here."
        )
        if self.sampled:
            _print_sampled(console, self.sampled)


def where() -> str:
    """The machine in a few words."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {_processor()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.machine()


def _cells(line: Line) -> list[str]:
    if not line.values:
        return [line.what, show(line.aim), "-", "-", "-", line.unit, "", "", line.note]
    low, high = min(line.values), max(line.values)
    single = len(line.values) == 1
    return [
        line.what,
        show(line.aim),
        "" if single else show(low),
        show(line.median),
        "" if single else show(high),
        line.unit,
        show(line.limit),
        "" if line.ratio is None else f"{line.ratio:.1f}",
        line.note,
    ]


def show(value: float | None) -> str:
    """A number with three digits that count, at least."""
    if value is None:
        return ""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _print_sampled(console: Console, sampled: dict[str, Any]) -> None:
    for side, found in sampled.items():
        records, seconds = found["records"], found["seconds"]
        console.print(f"\n{side}: {seconds:.2f} s of processor time for {records:,} records")
        for sort, most in (("own", 25), ("within", 60)):
            table = Table(title=sort, title_justify="left")
            table.add_column("function")
            table.add_column("share", justify="right")
            table.add_column("µs a record", justify="right")
            for name, share in list(found[sort].items())[:most]:
                table.add_row(name, f"{share:.1%}", f"{share * seconds / records * 1e6:.1f}")
            console.print(table)
