"""The token with which a program reads `/metrics` of the desk, in a file that only its owner reads.

It opens that one page and nothing else. The file is made when the page is first asked for; whoever
deletes it gets another token with the next question.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

TOKEN = "metrics.token"  # noqa: S105 - a file's name
LONGEST = 200  # characters that are read of it


def token(folder: Path) -> str:
    """The token of the home in this folder, made now if there is none. OSError if it can't be."""
    path = folder / TOKEN
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    with path.open(encoding="ascii") as file:
        return file.read(LONGEST).strip()


def holds(folder: Path, header: str) -> bool:
    """Whether an Authorization header brings the token; takes as long for any that does not."""
    scheme, _, offered = header.partition(" ")
    try:
        kept = token(folder)
    except (OSError, UnicodeError):
        return False
    same = hmac.compare_digest(_hash(offered.strip()), _hash(kept))
    return same and bool(kept) and scheme.lower() == "bearer"


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
