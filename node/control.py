"""Talking to the running node of this home over its Unix socket (rights 0600).

One JSON object a line. Requests: `{"do": "poke"}`, `{"do": "append", "drafts": [[kind, base64
body], ...]}`, `{"do": "one-time", "places": [[slot, round], ...]}`, `{"do": "peers"}`,
`{"do": "links"}`, `{"do": "move-seat", "alone": false}`, `{"do": "recall", "prev": id, "attempt":
1, "tellers": [[person, device], ...]}`, `{"do": "letters-key"}`, `{"do": "open-letters"}`,
`{"do": "desk"}`, `{"do": "watch"}`. Blocking and small, for commands; the node's side is
`control_server`. When no node runs, the functions say so by None.

What a command reads and then writes in several steps, it does in its `turn`.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from protocol.codec import encode
from protocol.errors import MoothallError, Refused, StoreError, Unreachable
from storage.own import Draft

SECONDS = 30.0
MAX_LINE = 32 * 1024 * 1024  # bytes of one request
MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 107
TURN = "turn.lock"


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other command of this home is in its turn; ends with the process at latest.

    Appending needs no turn, since the store does that in one step; choosing a free invitation or
    comparing a file with what is there does. StoreError when the home can't be written to.
    """
    try:
        handle = os.open(folder / TURN, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            "read-only",
            "%(path)s can't be written to (%(why)s); nothing was changed.",
            path=folder,
            why=error.strerror,
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_running(lock: Path) -> bool:
    """Whether a node holds this home's lock, be it only just starting."""
    if not lock.exists():
        return False
    handle = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _connect(path: Path) -> socket.socket | None:
    if not path.exists():
        return None
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    until = time.monotonic() + SECONDS
    try:
        with short(path) as name:
            while True:
                try:
                    line.connect(name)
                    return line
                except BlockingIOError:  # many commands at once: its queue is full
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.02)
    except OSError:
        line.close()
        return None


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A Unix socket's path holds about 100 bytes; deep homes are reached through /proc/self/fd."""
    if len(bytes(path)) < MAX_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _lines(line: socket.socket) -> Iterator[dict[str, Any]]:
    with line.makefile("r", encoding="utf-8") as file:
        for text in file:
            yield json.loads(text)


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """The node's answer; None when no node runs. The node's refusal is raised as it was there."""
    line = _connect(path)
    if line is None:
        return None
    try:
        with line:
            line.sendall(json.dumps(request).encode() + b"\n")
            answer = next(_lines(line), None)
    except (OSError, ValueError) as error:
        raise Unreachable(
            "node-silent", "The running node did not answer; look at its output."
        ) from error
    if answer is None:
        raise Unreachable("node-silent", "The running node ended before it answered.")
    if "error" in answer:
        raise Refused(answer["error"], answer["message"])
    return answer


def poke(path: Path) -> None:
    """Tell a running node that the store has something new; nothing if none runs."""
    try:
        ask(path, {"do": "poke"})
    except MoothallError:
        return  # the record is on disk; a node that is just ending finds it at its next start


def append(path: Path, drafts: Sequence[Draft]) -> list[bytes] | None:
    """Let the running node sign and append; the ids, or None when no node can."""
    packed = [[d.kind, base64.b64encode(encode(d.body)).decode()] for d in drafts]
    if sum(len(body) + 100 for _, body in packed) > MAX_LINE:
        return None  # more than a node takes in one go
    answer = ask(path, {"do": "append", "drafts": packed})
    return None if answer is None else [bytes.fromhex(each) for each in answer["ids"]]


def one_time(path: Path, places: Sequence[tuple[int, int]]) -> list[bytes] | None:
    """The seeds of one's invitations at (slot, round) from the running node; None if none runs."""
    answer = ask(path, {"do": "one-time", "places": [list(place) for place in places]})
    return None if answer is None else [bytes.fromhex(each) for each in answer["seeds"]]


def letters_key(path: Path) -> bytes | None:
    """What opens the letters in this home's store, from the running node; None if none runs."""
    answer = ask(path, {"do": "letters-key"})
    return None if answer is None else bytes.fromhex(answer["key"])


def open_letters(path: Path) -> int | None:
    """Let the running node open what letters came; how many, or None when no node runs."""
    answer = ask(path, {"do": "open-letters"})
    return None if answer is None else int(answer["opened"])


def desk(path: Path) -> str:
    """A link that opens the desk of the running node, once. Unreachable when no node runs."""
    answer = ask(path, {"do": "desk"})
    if answer is None:
        raise _no_node()
    return str(answer["desk"])


def links(path: Path) -> dict[str, Any]:
    """Who is in touch and how, as `network_view.View.plain`. Unreachable when no node runs."""
    answer = ask(path, {"do": "links"})
    if answer is None:
        raise _no_node()
    return answer


def watch(path: Path) -> Iterator[dict[str, Any]]:
    """The node's events as they happen, until it ends. Unreachable when no node runs."""
    line = _connect(path)
    if line is None:
        raise _no_node()
    with line:
        try:
            line.sendall(b'{"do": "watch"}\n')
            line.settimeout(None)
            yield from _lines(line)
        except (OSError, ValueError):
            return  # a killed node ends in the middle of a line


def _no_node() -> Unreachable:
    return Unreachable("no-node", "No node runs for this home: start one with `moothall run`.")
