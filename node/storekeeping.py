"""A home that can't be written to: said now and then, and tried again until it can be.

Whatever fails to write notes it in the store (`Store.trouble`) and goes on without; here is the one
place that tells the owner, and that finds out when it is over. Meanwhile the node serves what it
holds and asks for nothing that it could not keep.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from pathlib import Path

import trio

from node import telling
from node.events import Events
from protocol.errors import StoreError
from storage.database import set_meta
from storage.store import Store, Trouble

logger = logging.getLogger("moothall.node")

LOOK_SECONDS = 5.0
TOLD_SECONDS = 600.0  # between two lines in the log
ROOM = 1024 * 1024  # bytes that have to fit before it counts as mended


class Storekeeping:
    """Looks after the store of a running node. `mended` is called when it can be written again."""

    def __init__(
        self, store: Store, folder: Path, events: Events, *, mended: Callable[[], None]
    ) -> None:
        self._store = store
        self._folder = folder
        self._events = events
        self._mended = mended
        self._told = -math.inf
        self._open = False  # whether the owner was told of a trouble, and not yet of its end

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await trio.sleep(LOOK_SECONDS)
            trouble = self._store.trouble
            if trouble is None:
                continue
            self._tell(trouble)
            if self._can_write():
                self._store.trouble = None
                self._tell_end()
                self._mended()

    def _tell(self, trouble: Trouble) -> None:
        if trio.current_time() < self._told + TOLD_SECONDS:
            return  # a disk that is nearly full has room for one thing and not for the next
        self._told, self._open = trio.current_time(), True
        logger.error("%s", telling.trouble(trouble.reason))
        self._events.tell("store", reason=trouble.reason)

    def _tell_end(self) -> None:
        if self._open:
            self._open = False
            logger.warning("%s", telling.trouble(None))
            self._events.tell("store", reason=None)

    def _can_write(self) -> bool:
        """Whether there is room for more than a line, and the store takes it."""
        try:
            _take_room(self._folder / "room")
            with self._store.transaction():
                set_meta(self._store.db, "written", str(self._store.now_ms()))
        except (OSError, StoreError) as error:
            logger.debug("the home can't be written to yet: %s", error)
            return False
        return True


def _take_room(file: Path) -> None:
    """Write ROOM bytes and give them back; OSError where that is not possible."""
    try:
        with file.open("wb") as written:
            written.write(bytes(ROOM))
            written.flush()
            os.fsync(written.fileno())
    finally:
        file.unlink(missing_ok=True)
