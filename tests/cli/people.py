"""People with homes who use the `moothall` command: in this process where that is quick enough.

`Person.call` runs the command's own `main` with its output caught, `Person.process` the installed
program. Both give the same `Answer`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node import home as homes
from node.cli.main import main
from node.home import Home
from protocol.invitation import read_link
from storage.database import set_meta
from storage.holdings import StoreHoldings
from tests.pulling import pull

COMMAND = str(Path(sys.executable).parent / "moothall")
ADDRESS = "/ip4/127.0.0.1/tcp/4001"
SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """Standard output, which must be exactly one JSON object on one line."""
        assert self.out.count("\n") == 1, self
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def reason(self) -> str:
        """The reason word of an error, once its form is checked."""
        assert self.out == "", self
        error = json.loads(self.err)
        assert set(error) == {"error", "message"}
        assert error["message"].endswith((".", "!", ":", "?")), error
        assert "\n" not in error["message"]
        return str(error["error"])


def call(*arguments: str) -> Answer:
    """Run a command in this process."""
    before = os.umask(0)
    os.umask(before)
    out, err = _stream(), _stream()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(list(arguments))
    except SystemExit as end:
        code = end.code
    finally:
        os.umask(before)
    assert isinstance(code, int)
    return Answer(code=code, out=_read(out), err=_read(err))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _read(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def environment(**more: str) -> dict[str, str]:
    """The environment without what this machine says about Moothall."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MOOTHALL_")}
    return {**kept, "PYTHONWARNINGS": "error", **more}


def process(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> Answer:
    """Run the installed program to its end."""
    done = subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        encoding=(env or {}).get("PYTHONIOENCODING", "utf-8"),
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        env=env or environment(),
        **options,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


class Person:
    """Somebody with a home."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    def call(self, *arguments: str) -> Answer:
        """Any command, as it is."""
        return call("--home", str(self.folder), *arguments)

    def do(self, *arguments: str) -> dict[str, Any]:
        """A command that must succeed; its JSON answer."""
        answer = self.call("--json", *arguments)
        assert answer.code == 0, answer
        assert answer.err == "", answer
        return answer.data

    def refused(self, *arguments: str, code: int = 1) -> str:
        """A command that must be refused; its reason word."""
        answer = self.call("--json", *arguments)
        assert answer.code == code, answer
        return answer.reason

    def text(self, *arguments: str) -> str:
        """What a command that must succeed shows to people."""
        answer = self.call(*arguments)
        assert answer.code == 0, answer
        return answer.out

    def found(self, *options: str) -> dict[str, Any]:
        """Found Elm Street."""
        return self.do("found", "Elm Street", "--person", self.name, "--no-passphrase", *options)

    def add(self, title: str = "Bread", *options: str) -> dict[str, Any]:
        """Add a listing, to sell unless the options say otherwise; the listing."""
        mode = () if "--mode" in options else ("--mode", "sell")
        listing: dict[str, Any] = self.do("listing", "add", "--title", title, *mode, *options)[
            "listing"
        ]
        return listing

    def file(self, name: str, text: str | bytes) -> str:
        """A file beside the home."""
        path = self.folder.parent / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    @contextlib.contextmanager
    def home(self) -> Iterator[Home]:
        """The home itself, for what no command does."""
        with contextlib.closing(homes.open_home(self.folder)) as home:
            yield home


def invited(host: Person, guest: Person, passphrase: str | None = None) -> None:
    """Make the guest's home by an invitation of the host's, without any network."""
    with host.home() as home:
        set_meta(home.store.db, "addresses", json.dumps([ADDRESS]))
    link = read_link(host.do("invite")["link"])
    homes.join_by(guest.folder, link, guest.name, passphrase).close()


def meet(one: Person, other: Person) -> None:
    """Sync two homes until nothing is new, by the same machines that nodes use."""
    with one.home() as a, other.home() as b:
        for _ in range(2):
            pull(StoreHoldings(a.store, "b"), StoreHoldings(b.store, "a"))
            pull(StoreHoldings(b.store, "a"), StoreHoldings(a.store, "b"))
