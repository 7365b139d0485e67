"""People with homes and running nodes, driven by the `moothall` command and HTTP alone.

Nothing here imports the project. A test waits for what a node says (its event lines), never for
time to pass; `SAFETY` only ends a test that would hang.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.system import commands

SAFETY = 60.0
COMMAND = str(Path(sys.executable).parent / "moothall")
LOOPBACK = ("--listen", "/ip4/127.0.0.1/tcp/0", "--desk", "127.0.0.1:0", "--shop", "127.0.0.1:0")


class Failed(AssertionError):
    """A command that should have worked did not."""


class Person:
    """Somebody with a home; `start` runs their node."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.home = folder / name.lower()
        self.node: commands.Process | None = None
        self.ready: dict[str, Any] = {}
        self.secret: Path | None = None  # a file with the passphrase, where there is one
        self.build = "moothall"  # or the module of another program, for the node
        self.tool = "moothall"  # the same for commands
        self.options = LOOPBACK  # how the node runs, unless `start` is told otherwise
        self.place = commands.HERE
        self._events: queue.Queue[str] = queue.Queue()  # lines; an empty one at the end
        self._log = folder / f"{name.lower()}.log"

    def command(self, *arguments: str) -> list[str]:
        """The command line for this home."""
        return [COMMAND, "--home", str(self.home), "--json", *arguments]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        line = self.command(*arguments)[1:]
        environment = self._environment()
        return commands.run(line, environment, SAFETY, build=self.tool, place=self.place)

    def do(self, *arguments: str) -> dict[str, Any]:
        """Run a command that must succeed; its JSON answer."""
        done = self.call(*arguments)
        if done.returncode != 0:
            raise Failed(f"{self.name}: {' '.join(arguments)}: {done.returncode} {done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, *arguments: str, code: int = 1) -> dict[str, Any]:
        """Run a command that must be refused; its JSON error."""
        done = self.call(*arguments)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == ""
        error: dict[str, Any] = json.loads(done.stderr.strip().splitlines()[-1])
        return error

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MOOTHALL_")}
        named = {"MOOTHALL_PASSPHRASE_FILE": str(self.secret)} if self.secret else {}
        return {**kept, **named}

    def start(self, *options: str) -> Person:
        """Run the node and wait for its first line."""
        self.launch(*options)
        self.begun()
        return self

    def launch(self, *options: str) -> None:
        """Run the node; then comes `begun`."""
        self._launch("run", options)

    def begin(self, *options: str) -> str:
        """Start with no home: the link to the pages that make one. Then comes `begun`."""
        self._launch("start", options)
        return str(self._line()["setup"])

    def begun(self) -> None:
        """Wait for the line that says that the node runs."""
        self.ready = self._line()

    def _launch(self, command: str, options: tuple[str, ...]) -> None:
        with self._log.open("a") as log:
            line = self.command(command, *(options or self.options))[1:]
            self.node = commands.start(
                line, self._environment(), log.fileno(), build=self.build, place=self.place
            )
        self._events = queue.Queue()
        self._reader = threading.Thread(
            target=read_lines, args=(self.node, self._events), daemon=True
        )
        self._reader.start()

    def _line(self) -> dict[str, Any]:
        line = self._events.get(timeout=SAFETY)
        assert line, f"{self.name}'s node ended: {self._log.read_text()}"
        told: dict[str, Any] = json.loads(line)
        return told

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.node is not None
        self.node.kill()
        self.node.wait(SAFETY)
        self._reader.join(SAFETY)
        self.node = None

    def stop(self) -> int:
        """SIGINT; the exit code."""
        assert self.node is not None
        self.node.send_signal(signal.SIGINT)
        code = self.node.wait(SAFETY)
        self._reader.join(SAFETY)
        self.node = None
        return code

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """The condition's first true value, looked at again whenever the node tells something."""
        deadline = time.monotonic() + SAFETY
        while True:
            if found := condition():
                return found
            if not self._news(deadline):
                raise Failed(
                    f"{self.name}: never saw that {what}; status {self.call('status').stdout}; "
                    f"log: {self._log.read_text()[-2000:]}"
                )

    def _news(self, deadline: float) -> bool:
        """Wait for the node to tell something, and take all that it has told; False at the end."""
        try:
            line = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            while line:
                line = self._events.get_nowait()
        except queue.Empty:
            return time.monotonic() < deadline
        return False

    def event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            found = self._line()
            if found["event"] == name:
                return found

    def page(self, path: str = "") -> str:
        """A page of the shop window, as a guest sees it."""
        with urllib.request.urlopen(self.ready["shop"] + path.lstrip("/"), timeout=SAFETY) as got:
            text: str = got.read().decode()
            return text

    def log(self) -> str:
        """What the node has written about itself, over all its runs."""
        return self._log.read_text()

    def digest(self) -> str:
        """What `status` shows as the digest."""
        return str(self.do("status")["digest"])

    def members(self) -> dict[str, str]:
        """Name -> status, from `member list`."""
        return {each["name"]: each["status"] for each in self.do("member", "list")["members"]}

    def titles(self, *words: str) -> set[str]:
        """Titles found by `search`, or all that are listed."""
        found = (
            self.do("search", *words) if words else self.do("listing", "list", "--limit", "9999")
        )
        return {each["title"] for each in found["listings"]}


def read_lines(node: commands.Process, lines: queue.Queue[str]) -> None:
    """Put what it prints into a queue, and an empty line at the end: a thread's work."""
    assert node.stdout is not None
    for line in node.stdout:
        lines.put(line)
    node.stdout.close()
    lines.put("")  # the node has ended


@contextlib.contextmanager
def village(folder: Path, *names: str) -> Iterator[list[Person]]:
    """People of these names; every node still running at the end is ended by its own id."""
    people = [Person(name, folder) for name in names]
    try:
        yield people
    finally:
        for person in people:
            if person.node is not None:
                person.kill()


def found(*people: Person, charter: Path | None = None) -> None:
    """Invite and let in everybody after the first; all nodes run and see each other as members."""
    founder, *others = people
    rules = ("--charter", str(charter)) if charter else ()
    founder.do("found", "Riverside", "--person", founder.name, "--no-passphrase", *rules)
    founder.start()
    for other in others:
        link = founder.do("invite")["link"]
        other.do("join", link, "--person", other.name, "--no-passphrase")
        other.start()
    _meet(people)


def _meet(people: Sequence[Person]) -> None:
    wanted = {person.name: "member" for person in people}
    for person in people:
        person.until(lambda p=person: p.members() == wanted, "everybody is a member")  # type: ignore[misc]


def settle(*people: Person, charter: Path | None = None) -> None:
    """As `found`, for tests of what comes later: the homes are copies of some founded before."""
    rules = charter.read_text() if charter else ""
    homes = _homes(tuple(person.name for person in people), rules)
    for person in people:
        shutil.copytree(homes / person.home.name, person.home)
        person.start()
    _meet(people)
    agree(*people)  # so they have found each other


@cache
def _homes(names: tuple[str, ...], rules: str) -> Path:
    """Homes of members who have met, made once in a process; nobody runs them."""
    folder = Path(tempfile.mkdtemp(prefix="moothall-homes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    charter = folder / "charter.json"
    charter.write_text(rules)
    with village(folder, *names) as people:
        found(*people, charter=charter if rules else None)
        agree(*people)
        for person in people:
            assert person.stop() == 0
    return folder


def agree(*people: Person) -> str:
    """Wait until all digests are equal; that digest."""
    first, *others = people
    for person in others:
        person.until(lambda p=person: p.digest() == first.digest(), "the digests agree")  # type: ignore[misc]
    return first.digest()
