"""The owner's socket from a command's side, against a stand-in for the node."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from node import control
from protocol.errors import MoothallError, Refused, StoreError, Unreachable
from storage.own import Draft

SECONDS = 30


@contextmanager
def node(path: Path, *answers: bytes) -> Iterator[list[Any]]:
    """Something that listens there, notes one request a connection and answers with these."""
    heard: list[Any] = []
    listening = socket.socket(socket.AF_UNIX)
    with control.short(path) as name:
        listening.bind(name)
    listening.listen(1)

    def serve() -> None:
        for answer in answers:
            line, _ = listening.accept()
            with line, line.makefile("rb") as file:
                heard.append(json.loads(file.readline()))
                line.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heard
        thread.join(SECONDS)
    finally:
        listening.close()


def test_where_no_node_runs_the_answer_is_none(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"

    assert control.ask(path, {"do": "status"}) is None
    assert control.append(path, [Draft("leave", {})]) is None
    control.poke(path)
    with pytest.raises(Unreachable, match="moothall run"):
        next(control.watch(path))


def test_a_socket_left_by_a_killed_node_is_no_node(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"
    with node(path):
        pass

    assert path.exists()
    assert control.ask(path, {"do": "status"}) is None


@pytest.mark.parametrize("folder", ["home", "a home with spaces", "deep/" + "x" * 200 + "/y" * 50])
def test_a_node_is_found_in_any_folder(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "node.sock"
    path.parent.mkdir(parents=True)

    with node(path, b'{"peers": 3}\n') as heard:
        assert control.ask(path, {"do": "status"}) == {"peers": 3}

    assert heard == [{"do": "status"}]


def test_what_the_node_refuses_is_refused_here(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"

    with (
        node(path, b'{"error": "log-ended", "message": "It has forked."}\n'),
        pytest.raises(Refused, match="It has forked") as caught,
    ):
        control.append(path, [Draft("leave", {})])

    assert caught.value.reason == "log-ended"


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b'{"ids": ', b"\xff\n"])
def test_a_node_that_ends_or_talks_nonsense_is_unreachable(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "node.sock"

    with node(path, answer), pytest.raises(Unreachable) as caught:
        control.append(path, [Draft("leave", {})])

    assert caught.value.reason == "node-silent"


def test_events_come_one_by_one_until_the_node_ends(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"

    with node(path, b'{"event": "fork"}\n{"event": "record"}\n{"event": "pe') as heard:
        events = list(control.watch(path))

    assert events == [{"event": "fork"}, {"event": "record"}]
    assert heard == [{"do": "watch"}]


def test_more_than_a_node_takes_in_one_go_is_written_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "MAX_LINE", 1000)

    with node(tmp_path / "node.sock"):
        assert control.append(tmp_path / "node.sock", [Draft("leave", {"x": "y" * 2000})]) is None


def test_commands_take_turns_and_a_killed_one_ends_its_turn(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from node import control\n"
        "with control.turn(Path(sys.argv[1])):\n    print('mine', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "mine\n"
    had: list[str] = []

    def wait() -> None:
        with control.turn(tmp_path):
            had.append("now")

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert had == []
    other.kill()
    waiting.join(SECONDS)

    assert had == ["now"]
    other.wait(SECONDS)
    other.stdout.close()
    assert (tmp_path / control.TURN).stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == [control.TURN]


def test_a_turn_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, control.turn(tmp_path / "none"):
        pass

    assert isinstance(caught.value, MoothallError)
    assert caught.value.reason == "read-only"


def test_a_sealed_home_asks_its_node_for_what_opens_letters(tmp_path: Path) -> None:
    path, key = tmp_path / "node.sock", b"k" * 32

    assert control.letters_key(path) is None
    assert control.open_letters(path) is None
    with node(path, json.dumps({"key": key.hex()}).encode() + b"\n", b'{"opened": 3}\n') as heard:
        assert control.letters_key(path) == key
        assert control.open_letters(path) == 3

    assert heard == [{"do": "letters-key"}, {"do": "open-letters"}]
