"""The one file that waits to be imported, between its preview and the word to go on.

It lies in the home, readable by its owner alone, so that it outlives a reload and a restart. Its
`mark` is a hash over its bytes and over how it is to be read: whoever says "import it" names what
they have seen, and another file, or another way to read it, is another mark.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from node.home import Home
from protocol.errors import StoreError

FILE = "pending-import"
MOST_NAME = 100  # characters of what its sender called it


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """How a file is to be read: the arguments of `read_file`, with "" for what is to be found."""

    format: str
    currency: str
    decimal: str
    encoding: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A file that waits."""

    name: str  # what its sender called it
    choices: Choices
    data: bytes
    mark: str  # hexadecimal


def keep(home: Home, name: str, choices: Choices, data: bytes) -> Pending:
    """Let this file wait, instead of any other. StoreError when the home can't be written to."""
    head = {"name": name[:MOST_NAME], "choices": asdict(choices)}
    content = json.dumps(head).encode() + b"\n" + data
    path = home.path / FILE
    fresh = path.with_suffix(".new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        fresh.replace(path)  # whole or not at all
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StoreError(
            "read-only",
            "The home can't be written to, so the file was not kept; nothing was imported.",
        ) from error
    return _read(content)


def waiting(home: Home) -> Pending | None:
    """The file that waits; None when there is none, or what is there is not ours."""
    try:
        return _read((home.path / FILE).read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(home: Home) -> None:
    """Nothing waits any more."""
    Path(home.path / FILE).unlink(missing_ok=True)


def _read(content: bytes) -> Pending:
    head, _, data = content.partition(b"\n")
    said = json.loads(head)
    return Pending(
        name=said["name"],
        choices=Choices(**said["choices"]),
        data=data,
        mark=sha256(content).hexdigest(),
    )
