"""Telling of deadlines: an event `due` once for each thing that waits for the owner and ends soon.

What waits is asked of the inbox now and then; nothing is kept, so that a node that begins again
tells what is due once more.
"""

from __future__ import annotations

import logging

import trio

from node.events import Events
from node.home import Home
from node.status import rfc3339
from node.trade import inbox

logger = logging.getLogger("moothall.node")

LOOK_SECONDS = 60.0
SOON_MS = 86_400_000


class Deadlines:
    """Looks at the inbox of a running node."""

    def __init__(self, home: Home, events: Events) -> None:
        self._home = home
        self._events = events
        self._told: set[tuple[str, str, int]] = set()

    async def run(self) -> None:
        """Work until cancelled. What goes wrong is logged and tried again; it ends nothing."""
        while True:
            try:
                self.tell()
            except Exception as error:  # others wrote what is read here
                logger.error("deadlines can't be read: %s", type(error).__name__, exc_info=True)
            await trio.sleep(LOOK_SECONDS)

    def tell(self) -> None:
        """An event `due` {what, id, until} for what ends within a day and was not told."""
        now = self._home.store.now_ms()
        ending = {
            (each.kind, each.id, each.until_ms)
            for each in inbox.items(self._home)
            if each.until_ms is not None and now <= each.until_ms <= now + SOON_MS
        }
        for kind, about, until_ms in sorted(ending - self._told, key=lambda each: each[2]):
            self._events.tell("due", what=kind, id=about, until=rfc3339(until_ms))
        self._told = ending
