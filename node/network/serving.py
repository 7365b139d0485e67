"""How a handler is given a stream, the same for every kind of network.

What goes wrong in a handler is logged and ends its stream; nothing is raised but cancellation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from node.network.links import Handler, LinkError, Stream
from protocol.errors import MoothallError

logger = logging.getLogger("moothall.network")

TOLD_SECONDS = 60.0
MOST_TOLD = 100  # lines in that time, since a stranger can have a new peer id each time
# Each newcomer is a stranger at first, and whoever is switched off has no place at a relay.
EVERYDAY = ("stranger", "no_reservation")


class Abortable(Stream, Protocol):
    """A stream that can also be given up."""

    async def abort(self) -> None:
        """End the stream so that the other side sees a fault, not an end; never raises."""
        ...


async def serve(handler: Handler, stream: Abortable) -> None:
    """Let `handler` have the stream, then end it: properly if it returned, else with a fault."""
    done = False
    try:
        await handler(stream)
        done = True
    except LinkError as error:
        done = error.reason == "ended"
        logger.debug("stream with %s ended: %s", stream.peer, error.reason)
    except MoothallError as error:
        logger.info("stream with %s given up: %s", stream.peer, error.reason)
    except Exception as error:
        logger.warning(
            "stream with %s failed: %s", stream.peer, type(error).__name__, exc_info=True
        )
    finally:
        await (stream.aclose() if done else stream.abort())


class Refusals:
    """Says in the log what was refused to whom, in one line, and not again for a while.

    Else whoever is refused could fill the disk by asking. `count` is called with the first word
    of each, which is one of ours.
    """

    def __init__(self) -> None:
        self.count: Callable[[str], None] = _uncounted
        self._told: dict[tuple[str, str], float] = {}  # (peer, reason) -> when it may be said again

    def __call__(self, peer: str, what: str, reason: str) -> None:
        """`what` was refused to `peer`."""
        self.count(what.partition(" ")[0])
        now = monotonic()
        level = logging.DEBUG
        if reason not in EVERYDAY and self._told.get((peer, reason), 0.0) <= now:
            if len(self._told) >= MOST_TOLD:
                self._told = {said: until for said, until in self._told.items() if until > now}
            if len(self._told) < MOST_TOLD:
                self._told[peer, reason] = now + TOLD_SECONDS
                level = logging.INFO
        logger.log(level, "refused %s to %s: %s", what, peer, reason)


def _uncounted(sort: str) -> None:
    pass
