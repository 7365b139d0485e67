"""Filling the full text of listings in the background, so that a first sync need not wait."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

import trio

from node.loudness import loudness
from protocol.errors import StoreError
from storage.database import FAST
from storage.store import Store
from storage.views import listing_text

logger = logging.getLogger("moothall.node")

PAUSE = 0.05
PATIENCE = 40  # pauses before a step is taken all the same
RETRY_SECONDS = 5.0  # after the store was busy or full
STEP = 250  # listings whose text is indexed in one go: about 10 ms


class Indexing:
    """Indexes while nothing else is waiting; `busy` says whether records are coming in."""

    def __init__(self, store: Store, busy: Callable[[], bool]) -> None:
        self._store = store
        self._busy = busy
        self._news = trio.Event()

    def news(self) -> None:
        """There may be something to index."""
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._news = trio.Event()
            while True:
                for _ in range(PATIENCE):  # records come first, but not for ever
                    if not self._busy():
                        break
                    await trio.sleep(PAUSE)
                try:
                    if not listing_text.behind(self._store):
                        break
                    with self._store.transaction(sync=FAST):
                        done = listing_text.index_some(self._store, STEP)
                except (StoreError, sqlite3.Error) as error:
                    logger.log(loudness(error), "the full text waits: %s", error)
                    await trio.sleep(RETRY_SECONDS)
                    continue
                if not done:
                    break
                await trio.sleep(0.005)
            await self._news.wait()
