"""Checking the store, and building its views again, while the node goes on.

Both run in a thread of their own with a connection of their own. A check reads one moment's state.
While the views are built again nothing else can be written: the node's own connection then says so
at once instead of waiting in the node's only thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trio

from node.home import DATABASE, Home, now_ms
from protocol.errors import MoothallError, Refused, StoreError
from storage import verify as verifying
from storage.database import friendly
from storage.store import Store, open_store

if TYPE_CHECKING:
    from storage.verify import Progress

logger = logging.getLogger("moothall.node")

CHECK, REBUILD = "check", "rebuild"
MOST_FAULTS = 100  # that are kept to be shown


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What is under way or was done last. `work`: "check", "rebuild", or empty before the first."""

    work: str = ""
    running: bool = False
    done: int = 0
    total: int = 0
    at_ms: int = 0  # when it ended
    faults: tuple[StoreError, ...] = ()
    failed: MoothallError | None = None  # why it could not be done


class Checkup:
    """One piece of such work at a time, in `nursery`."""

    def __init__(self, home: Home, nursery: trio.Nursery) -> None:
        self.state = State()
        self._home = home
        self._nursery = nursery

    def start(self, work: str) -> None:
        """Begin; Refused `busy` while something is under way."""
        if self.state.running:
            raise Refused("busy", "A check is under way already; wait until it has ended.")
        self.state = State(work=work, running=True)
        self._nursery.start_soon(self._run, work)

    async def _run(self, work: str) -> None:
        timeout = self._home.store.db.execute("PRAGMA busy_timeout").fetchone()[0]
        if work == REBUILD:
            self._home.store.db.execute("PRAGMA busy_timeout = 0")
        try:
            faults = await trio.to_thread.run_sync(self._in_thread, work, abandon_on_cancel=True)
        except MoothallError as error:
            self.state = replace(self.state, running=False, failed=error, at_ms=now_ms())
        except Exception as error:  # however damage shows itself, the node goes on
            logger.error("%s: %s", work, type(error).__name__, exc_info=True)
            failed = StoreError(
                "damaged",
                "This ended early at something that can't be read (%(kind)s); nothing was changed. "
                "Make a copy of the home before anything else; your neighbours hold what you "
                "published.",
                kind=type(error).__name__,
            )
            self.state = replace(self.state, running=False, failed=failed, at_ms=now_ms())
        else:
            self.state = replace(self.state, running=False, faults=faults, at_ms=now_ms())
            if work == REBUILD and self._home.told is not None:
                self._home.told()  # the full text has to be indexed again, too
        finally:
            self._home.store.db.execute(f"PRAGMA busy_timeout = {timeout}")

    def _in_thread(self, work: str) -> tuple[StoreError, ...]:
        with friendly():
            path, device = self._home.path / DATABASE, self._home.device
            store = open_store(path, device=device, now_ms=now_ms)
            try:
                return _WORK[work](store, self._progress)
            finally:
                store.close()

    def _progress(self, done: int, total: int) -> None:
        """Called in the thread; ends it when the node ends."""
        trio.from_thread.check_cancelled()
        self.state = replace(self.state, done=done, total=total)


def _check(store: Store, progress: Progress) -> tuple[StoreError, ...]:
    store.db.execute("BEGIN")  # what others write meanwhile does not look like a fault
    _, faults = verifying.verify(store, progress)
    return tuple(faults[:MOST_FAULTS])


def _rebuild(store: Store, progress: Progress) -> tuple[StoreError, ...]:
    verifying.rebuild(store, progress)
    return ()


_WORK: dict[str, Callable[[Store, verifying.Progress], tuple[StoreError, ...]]] = {
    CHECK: _check,
    REBUILD: _rebuild,
}
