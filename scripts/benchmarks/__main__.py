"""`scripts/bench`: measure, print one table or one JSON object, leave nothing behind."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks.lines import Bench
from benchmarks.report import Report

PARTS = (
    "sync",
    "small",
    "pages",
    "readers",
    "commands",
    "assembly",
    "letters",
    "settling",
    "network",
    "idle",
    "hostile",
)


def main() -> int:
    """0 when everything could be measured, whatever came out; 1 when something could not."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, _end)
    quiet = asked.quiet or asked.json
    sizes = tuple(asked.listings or ((10_000,) if asked.quick else (10_000, 100_000)))
    folder = Path(tempfile.mkdtemp(prefix="moothall-bench-"))
    report = Report()
    try:
        complete = Bench(
            report=report,
            folder=folder,
            sizes=sizes,
            runs=asked.runs,
            quick=asked.quick,
            parts=frozenset(asked.only or PARTS),
            sample=asked.profile,
            say=(lambda text: None) if quiet else _progress,
        ).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if asked.json:
        report.print_json()
    else:
        report.print_table()
    return 0 if complete else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures how fast Moothall is here, beside what this machine can do at all."
        " It judges nothing: the exit code is 0 whenever it could measure. Homes are made in a"
        " temporary folder; nothing leaves this machine.",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only 10,000 listings; no readers, ten nodes, hostile member or idle node",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quiet", action="store_true", help="do not say how far it is")
    parser.add_argument("--runs", type=_some, default=3, metavar="N", help="first syncs of a size")
    parser.add_argument(
        "--listings",
        type=_some,
        action="append",
        metavar="N",
        help="this size instead; can be given several times",
    )
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="only this part; can be given several times"
    )
    parser.add_argument(
        "--profile", action="store_true", help="sample both sides of the last first sync"
    )
    return parser.parse_args()


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
