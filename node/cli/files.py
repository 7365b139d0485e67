"""Texts that a command takes from a file or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from protocol.errors import NotFound, Refused


def read_text(name: str) -> str:
    """The text in a file; `-` is standard input."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise NotFound("no-file", f"{name} can't be read ({error.strerror}).") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeError as error:
        raise Refused("bad-file", f"{name} is not UTF-8 text. Nothing was written.") from error
