"""Processes that the benchmark starts, asks and ends, each by its own pid."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_SECONDS = 60
ANSWER_SECONDS = 600
GOODBYE_SECONDS = 6


class NotMeasured(Exception):
    """This can't be measured here; the text says why."""


class Process:
    """A process that answers with JSON objects, a line each."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=log.parent,
                start_new_session=True,  # a Ctrl-C is ours to pass on
            )
        self._rest = b""
        self.pid = self._process.pid

    def read(self, seconds: float) -> dict[str, Any]:
        """The next answer; NotMeasured when none comes in time."""
        out = self._process.stdout
        assert out is not None  # noqa: S101 - opened above
        until = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            more = os.read(out.fileno(), 65536) if ready else b""
            if not more:
                what = "ended" if ready else f"did not answer within {seconds:.0f} s"
                raise NotMeasured(f"a process {what}; its last words: {self._last_words()}")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def skip(self) -> None:
        """Leave what it has said by now."""
        while self.says_more(0):
            self.read(ANSWER_SECONDS)

    def says_more(self, seconds: float) -> bool:
        """Whether it says something, or ends, within that time."""
        out = self._process.stdout
        assert out is not None  # noqa: S101 - opened above
        return b"\n" in self._rest or bool(select.select([out], [], [], max(0.0, seconds))[0])

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - opened above
        try:
            pipe.write(json.dumps({"do": do, **more}).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            raise NotMeasured(f"a process ended; its last words: {self._last_words()}") from None
        return self.read(ANSWER_SECONDS)

    def end(self) -> None:
        """End it: politely, and after a while for certain."""
        for sort in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(sort)
                try:
                    self._process.wait(GOODBYE_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _last_words(self) -> str:
        words = self._log.read_text(errors="replace").strip().splitlines()
        return " / ".join(words[-3:]) or "none"


@contextmanager
def node(home: Path, listen: str) -> Iterator[tuple[Process, dict[str, Any]]]:
    """A measured node (`worker`), and what it said first."""
    with started([sys.executable, "-P", "-m", "benchmarks.worker", str(home), listen], home) as it:
        yield it


@contextmanager
def started(command: Sequence[str], home: Path) -> Iterator[tuple[Process, dict[str, Any]]]:
    """A process that says one line when it is ready; ended on leaving."""
    process = Process(command, home.parent / f"{home.name}.log")
    try:
        yield process, process.read(READY_SECONDS)
    finally:
        process.end()


def timed(command: list[str]) -> float:
    """Seconds that a whole process takes; NotMeasured when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise NotMeasured(f"{' '.join(command[1:5])} failed: {said}")
    return seconds


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
