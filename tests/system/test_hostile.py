"""A member with a hostile program (mallory.py) among real nodes: the others go on, and know why."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.people import Person, agree, settle, village

PROJECT = Path(__file__).resolve().parents[2]
MEMORY_MB = 300
ENDING = 20.0  # seconds


class Hostile:
    """Mallory's process, which attacks one node."""

    def __init__(self, home: Path, target: Person) -> None:
        with home.with_suffix(".hostile").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.system.mallory"),
                    *(str(home), target.ready["addresses"][0]),
                ],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.peer = self._read()["ready"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "Mallory's process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, do: str, **more: str) -> dict[str, Any]:
        """Give an order; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> None:
        """Let it end by itself, or kill it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextlib.contextmanager
def hostile(mallory: Person, target: Person) -> Iterator[Hostile]:
    """Mallory's node ends; the hostile program takes its place."""
    mallory.stop()
    program = Hostile(mallory.home, target)
    try:
        yield program
    finally:
        program.end()


def memory_mb(person: Person) -> float:
    """The memory of somebody's node, by /proc."""
    assert person.node is not None
    info = Path(f"/proc/self/fdinfo/{person.node._handle}").read_text()
    pid = next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:"))
    size = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(size) * os.sysconf("SC_PAGE_SIZE") / 1e6


def faults(person: Person) -> set[tuple[str, str]]:
    """(who, reason word) of all that `status` names."""
    return {(each["who"], each["reason"]) for each in person.do("status")["faults"]}


@pytest.mark.parametrize(
    ("attack", "reason"),
    [("frames", "too-large"), ("wants", "asked-again"), ("slow", "too-many-streams")],
)
def test_what_a_hostile_member_does_is_named_and_the_others_go_on(
    tmp_path: Path, attack: str, reason: str
) -> None:
    with village(tmp_path, "Ana", "Ben", "Mallory") as (ana, ben, mallory):
        settle(ana, ben, mallory)
        with hostile(mallory, ben) as program:
            program.ask("start", attack=attack)
            ben.until(lambda: (program.peer, reason) in faults(ben), f"{reason} is named")

            ana.do("listing", "add", "--title", "Bread", "--mode", "give")
            ben.until(lambda: "Bread" in ben.titles(), "an honest listing came")

            assert program.ask("stop")["struck"] > 0
        assert memory_mb(ben) < MEMORY_MB
        assert "Bread" in ben.page()
        log = (tmp_path / "ben.log").read_text()
        assert f"{program.peer} has to wait 30 s: {reason}" in log
        agree(ana, ben)
        assert ben.do("verify")["faults"] == []


def test_tiny_records_by_the_hundred_are_the_same_everywhere_in_the_end(tmp_path: Path) -> None:
    """What came too fast comes by sync, once Mallory's home is run by an honest program."""
    with village(tmp_path, "Ana", "Ben", "Mallory") as (ana, ben, mallory):
        settle(ana, ben, mallory)
        with hostile(mallory, ben) as program:
            program.ask("start", attack="tiny")
            ana.do("listing", "add", "--title", "Bread", "--mode", "give")
            ben.until(lambda: "Bread" in ben.titles(), "an honest listing came")
            ben.until(lambda: "Tiny" in ben.titles(), "some of the flood came")
            assert program.ask("stop")["struck"] > 0
        assert memory_mb(ben) < MEMORY_MB

        mallory.start()
        agree(ana, ben, mallory)
        assert ana.do("verify")["faults"] == []


def test_claimed_years_and_forks_are_shown_for_what_they_are(tmp_path: Path) -> None:
    """Claimed years are only shown; a fork ends its log alike everywhere."""
    with village(tmp_path, "Ana", "Ben", "Mallory") as (ana, ben, mallory):
        settle(ana, ben, mallory)
        with hostile(mallory, ben) as program:
            program.ask("start", attack="years")
            years = {"Of 1970", "Of 2200", "Of the last year"}
            ana.until(lambda: years <= ana.titles(), "all claimed years came")
            program.ask("stop")
            for person in (ana, ben):
                assert all(year in person.page() for year in years)

            program.ask("start", attack="forks")
            for person in (ana, ben):
                person.until(lambda p=person: p.do("status")["forks"], "the fork is known")  # type: ignore[misc]
            ana.do("listing", "add", "--title", "Bread", "--mode", "give")
            ben.until(lambda: "Bread" in ben.titles(), "an honest listing came")
            program.ask("stop")
        agree(ana, ben)
        assert not {"Here", "There"} & (ana.titles() | ben.titles())
        assert ana.do("status")["forks"] == ben.do("status")["forks"]
