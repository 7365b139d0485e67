"""The `moothall` command without the second that Python takes to import it.

`run` and `start` have a server of this test process fork: it holds the command's modules imported,
and its child calls the command's own `main` as the installed program does, in a process of its
own. What such a child can't show (that the program is installed, that a cold start works) is shown
where `people.COMMAND` is started: the nodes of the README's tour, the demo, the front door.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TextIO

PROJECT = Path(__file__).resolve().parents[2]
LARGEST = 128 * 1024  # bytes of a request
ENDING = 10.0  # seconds
CLONE_NEWNET = 0x40000000  # of linux/sched.h


class Place(NamedTuple):
    """Where a command runs, if not simply on this machine; `tests.hosts` makes such places."""

    wrapper: tuple[str, ...]  # what the server that forks is started by
    network: str = ""  # path of the network namespace to enter; that of the server without one


HERE = Place(())


class Process:
    """A command that runs: what is needed of `subprocess.Popen`."""

    def __init__(self, said: socket.socket, stdout: TextIO | None) -> None:
        self._said = said
        self._code: int | None = None
        self.stdout = stdout
        _, (self._handle,), _, _ = socket.recv_fds(said, 64, 1)

    def wait(self, seconds: float) -> int:
        """The exit code, negative for a signal; TimeoutError."""
        if self._code is None:
            self._said.settimeout(seconds)
            self._code = int(self._said.recv(64) or -signal.SIGKILL)
            self._said.close()
            os.close(self._handle)
        return self._code

    def send_signal(self, number: int) -> None:
        """Nothing, if it has ended."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    stderr: int,
    stdout: int | None = None,
    *,
    build: str = "moothall",
    folder: Path = PROJECT,
    place: Place = HERE,
) -> Process:
    """Run a command; its output can be read from `stdout`, unless that names another file.

    `build` is the module of another program that takes the same commands; it runs in `folder`.
    """
    reading = None
    writing = stdout
    if writing is None:
        ours, writing = os.pipe()
        reading = open(ours, encoding="utf-8")  # noqa: PTH123, SIM115 - the caller closes it
    said, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asked = [[build, *arguments], dict(environment), str(folder), place.network]
    files = [writing, stderr, told.fileno()]
    socket.send_fds(_server(place.wrapper), [json.dumps(asked).encode()], files)
    told.close()
    if stdout is None:
        os.close(writing)
    return Process(said, reading)


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    seconds: float,
    *,
    build: str = "moothall",
    folder: Path = PROJECT,
    place: Place = HERE,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; TimeoutError."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        files = err.fileno(), out.fileno()
        process = start(arguments, environment, *files, build=build, folder=folder, place=place)
        try:
            code = process.wait(seconds)
        except TimeoutError:
            process.kill()
            raise
        out.seek(0)
        err.seek(0)
        said, complained = out.read().decode(), err.read().decode()
    return subprocess.CompletedProcess(list(arguments), code, said, complained)


@cache
def _server(wrapper: tuple[str, ...]) -> socket.socket:
    """Where to ask. The server ends, with all that it has started, when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = subprocess.Popen(
        [*wrapper, sys.executable, "-m", "tests.system.commands", str(theirs.fileno())],
        cwd=PROJECT,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is for the tests, which end what they started
    )
    theirs.close()

    def end() -> None:
        ours.close()
        server.wait(ENDING)

    atexit.register(end)
    return ours


# The server


def _load() -> None:
    """Import what commands import when they are called, so that their processes need not."""
    import node

    for module in pkgutil.walk_packages(node.__path__, "node."):
        importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # nobody copies these pages just to count references


def _serve(asked: socket.socket) -> list[str]:
    """Fork whenever asked to; returns only in a child: its program, and the arguments for it."""
    waiting = selectors.DefaultSelector()
    waiting.register(asked, selectors.EVENT_READ)
    children: dict[int, tuple[int, socket.socket]] = {}  # pidfd -> (id, where its end is told)
    while True:
        for key, _ in waiting.select():
            if key.fd in children:
                waiting.unregister(key.fd)
                pid, said = children.pop(key.fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.close(key.fd)
                with said, contextlib.suppress(OSError):  # whoever asked may not care any more
                    said.send(str(code).encode())
                continue
            request, files, _, _ = socket.recv_fds(asked, LARGEST, 3)
            if not request:
                for pid, _ in children.values():
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            pid = os.fork()
            if pid == 0:
                waiting.close()
                asked.close()
                for _, said in children.values():
                    said.close()
                return _become(json.loads(request), [*files, *children])
            child, said = os.pidfd_open(pid), socket.socket(fileno=files.pop())
            children[child] = pid, said
            waiting.register(child, selectors.EVENT_READ)
            with contextlib.suppress(OSError):
                socket.send_fds(said, [b"begun"], [child])
            for file in files:
                os.close(file)


def _become(request: Any, files: list[int]) -> list[str]:
    arguments, environment, folder, network = request
    os.chdir(folder)
    if network:
        _enter(network)
    os.dup2(files[0], 1)
    os.dup2(files[1], 2)
    # Those of the server asked once what kind of files they are; these are others.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    return [str(each) for each in arguments]


def _enter(network: str) -> None:
    """Move this process to a network namespace; `os.setns` comes with Python 3.12."""
    with Path(network).open("rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"can't enter {network}")


if __name__ == "__main__":
    _load()
    sys.argv = _serve(socket.socket(fileno=int(sys.argv[1])))
    if sys.argv[0] == "moothall":
        from node.cli.main import main

        main()
    else:
        runpy.run_module(sys.argv[0], run_name="__main__")
