"""How a handler is given a stream, the same for every kind of network.

What goes wrong in a handler is logged and ends its stream; nothing is raised but cancellation.
"""

from __future__ import annotations

import logging
from typing import Protocol

from node.network.links import Handler, LinkError, Stream
from protocol.errors import MoothallError

logger = logging.getLogger("moothall.network")


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
        level = logging.DEBUG if done else logging.INFO
        logger.log(level, "stream with %s ended: %s", stream.peer, error.reason)
    except MoothallError as error:
        logger.info("stream with %s given up: %s", stream.peer, error.reason)
    except Exception as error:
        logger.warning(
            "stream with %s failed: %s", stream.peer, type(error).__name__, exc_info=True
        )
    finally:
        await (stream.aclose() if done else stream.abort())


def refuse(peer: str, what: str, reason: str) -> None:
    """Say in the log what was refused to whom, in one line."""
    level = logging.DEBUG if reason == "stranger" else logging.INFO  # each newcomer is one at first
    logger.log(level, "refused %s to %s: %s", what, peer, reason)
