"""A home's turn, waited for without holding up the node."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from node.control import TURN
from node.home import Home
from protocol.errors import Refused, StoreError

PATIENCE = 20.0  # seconds that another command may take
PAUSE = 0.02


@asynccontextmanager
async def turn(home: Home) -> AsyncIterator[None]:
    """Hold the home's turn, as a command does that reads and then writes in several steps.

    Refused `busy` when a command keeps it for more than PATIENCE; StoreError when the home can't
    be written to.
    """
    try:
        handle = os.open(home.path / TURN, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            "read-only",
            "%(path)s can't be written to (%(why)s); nothing was changed.",
            path=home.path,
            why=error.strerror,
        ) from error
    try:
        with trio.move_on_after(PATIENCE) as waiting:
            while not _taken(handle):
                await trio.sleep(PAUSE)
        if waiting.cancelled_caught:
            raise Refused(
                "busy",
                "Another command of yours is still at work here; nothing was changed. Try again "
                "when it is done.",
            )
        home.in_turn = True
        try:
            yield
        finally:
            home.in_turn = False
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
