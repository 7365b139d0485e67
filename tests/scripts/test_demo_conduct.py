"""How the demo behaves when things go wrong, with a stand-in for the moothall command."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 40  # a safety limit, nothing is measured


class Started:
    """A demo under way, and the folder of its homes."""

    def __init__(self, folder: Path, moothall: Path, fault: str, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, HERE / "run_demo.py", moothall, "--dir", folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env={**os.environ, "STAND_IN_FAULT": fault, "PYTHONUNBUFFERED": "1"},
        )

    def until(self, words: str) -> None:
        """Read on until a line with these words."""
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(f"the demo ended without saying {words!r}")

    def end(self) -> tuple[int, str]:
        """Its exit code and the rest of what it said."""
        said, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said

    def nodes_left(self) -> list[str]:
        """Whose node is still running."""
        return [pid.parent.name for pid in self.folder.glob("*/pid") if lives(pid.read_text())]


def lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    moothall = tmp_path / "moothall"
    moothall.write_text(f"#!/bin/sh\nexec '{sys.executable}' -I '{HERE / 'stand_in.py'}' \"$@\"\n")
    moothall.chmod(0o755)
    all_started: list[Started] = []

    def start_one(fault: str = "", *options: str) -> Started:
        all_started.append(Started(tmp_path / "three homes", moothall, fault, *options))
        return all_started[-1]

    yield start_one
    for started in all_started:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.communicate(timeout=SECONDS)
        started.process.stdout.close()


def test_the_demo_fills_three_nodes_looks_at_evas_shop_and_leaves_nothing_running(start):
    started = start("", "--once")

    code, said = started.end()

    assert code == 0, said
    assert "shows what Ana imported" in said
    assert f"/login/{'x' * 40}" in said  # whole, to be copied
    assert len(list(started.folder.glob("*/pid"))) == 3
    assert started.nodes_left() == []


def test_a_refused_listing_ends_the_demo_with_the_command_and_what_it_said(start):
    started = start("refuse", "--once")

    code, said = started.end()

    assert code == 1
    assert "listing add --title 'Linen apron" in said
    assert "Not today." in said
    assert "Traceback" not in said
    assert started.nodes_left() == []


def test_a_node_that_dies_ends_the_demo_with_its_last_words(start):
    started = start("die", "--once")

    code, said = started.end()

    assert code == 1
    assert "Ben's node ended by itself" in said
    assert "Ben's disk is full." in said
    assert started.nodes_left() == []


def test_a_node_deaf_to_the_signal_is_killed_and_named(start):
    started = start("linger", "--once")

    code, said = started.end()

    assert code == 1
    assert "Ben's node did not end within 1 s and was killed." in said
    assert started.nodes_left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_being_browsed_ends_cleanly_by_signal(start, number):
    started = start()
    started.until("Ctrl-C ends the demo")
    assert sorted(started.nodes_left()) == ["ana", "ben", "eva"]

    started.process.send_signal(number)
    code, said = started.end()

    assert code == 0, said
    assert "no node is left running" in said
    assert started.nodes_left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_stopped_midway_leaves_no_node_behind(start, number):
    started = start("deaf", "--once")
    started.until("they join and start their nodes")

    started.process.send_signal(number)
    code, said = started.end()

    assert code == 128 + number
    assert "Stopped before the demo was complete." in said
    assert started.nodes_left() == []


def test_the_demo_does_not_begin_in_a_folder_with_something_in_it(start, tmp_path):
    (tmp_path / "three homes").mkdir()
    (tmp_path / "three homes" / "letter.txt").touch()

    code, said = start("", "--once").end()

    assert code == 1
    assert "is not an empty folder" in said
