"""Where a member's streams of one protocol come in: not while it has to wait, not too often, and
few at a time. Strangers, where they may come in at all, have the lobby's limits instead; a stream
that a member opened just before it was removed finds this shut.
"""

from __future__ import annotations

import logging
from collections import Counter

import trio

from node.network.links import Handler, Stream
from node.peers import Peers

logger = logging.getLogger("moothall.node")

AT_ONCE = 3  # streams of one peer and protocol


class Turnstile:
    """Serves streams of the sort `sort` (node.allowances) with `handler`, each for `seconds`."""

    def __init__(
        self,
        peers: Peers,
        sort: str,
        handler: Handler,
        *,
        seconds: float = float("inf"),
        strangers: bool = False,
    ) -> None:
        self._peers = peers
        self._sort = sort
        self._handler = handler
        self._seconds = seconds
        self._strangers = strangers
        self._inside: Counter[str] = Counter()

    @property
    def inside(self) -> int:
        """How many streams of members are being served."""
        return self._inside.total()

    async def serve(self, stream: Stream) -> None:
        """Serve this stream, or close it without a word."""
        peer = stream.peer
        member = self._peers.may_talk(peer)
        if self._strangers and not member:
            await self._handler(stream)
            return
        if (
            not member
            or self._inside[peer] >= AT_ONCE
            or self._peers.waits(peer)
            or not self._peers.may_ask(peer, self._sort)
        ):
            await stream.aclose()
            return
        self._inside[peer] += 1
        try:
            with trio.move_on_after(self._seconds) as patience:
                await self._handler(stream)
            if patience.cancelled_caught:
                self._peers.note(peer, "too-slow")
        finally:
            self._inside -= Counter([peer])
            await stream.aclose()
