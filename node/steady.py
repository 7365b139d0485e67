"""Work that goes on as long as the node does, whatever happens to it.

A full or failing disk, or an error nobody foresaw, ends the one piece of work that met it, and that
begins again a little later; it never takes the rest of the node along.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Awaitable, Callable, Iterator

import trio

from node.loudness import loudness
from protocol.errors import StoreError

logger = logging.getLogger("moothall.node")

RETRY_SECONDS = 5.0
TOLD_SECONDS = 600.0  # between two lines about the same work and the same kind of error


async def keep_on(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` until it returns or is cancelled; begun again where an error ends it.

    `what` is its name in the log.
    """
    told: dict[type[Exception], float] = {}
    ended = False
    while not ended:
        try:
            await work()
            ended = True
        except* Exception as group:  # noqa: BLE001 - `_complain` logs it
            for kind, error in {type(each): each for each in _each(group)}.items():
                now = trio.current_time()
                loud = told.get(kind, -math.inf) + TOLD_SECONDS <= now
                told[kind] = now if loud else told[kind]
                _complain(what, error, loud=loud)
        if not ended:
            await trio.sleep(RETRY_SECONDS)


def _complain(what: str, error: Exception, *, loud: bool) -> None:
    level = logging.ERROR if loud else logging.DEBUG
    match error:
        case StoreError():
            logger.log(min(level, loudness(error)), "%s: waits for the store: %s", what, error)
        case OSError() | sqlite3.Error():
            logger.log(level, "%s: waits: %s", what, error)
        case _:
            name = type(error).__name__
            logger.log(level, "%s: begins again after %s", what, name, exc_info=error)


def _each(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error
