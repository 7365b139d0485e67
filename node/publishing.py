"""Gossiping what this home has written. A flood of it is left to sync."""

from __future__ import annotations

from collections.abc import Callable

from node import gossip
from node.metrics import SENT, Words
from node.network.links import Network
from protocol.records import LANES
from storage.rows import find_log
from storage.store import Store

FLOOD = 200  # own new records, and
FLOOD_MESSAGES = 4  # gossip messages, above which neighbours are synced with instead


class Publishing:
    """Remembers how far own logs were gossiped. `spread` syncs with every neighbour soon.

    `make_sure` syncs with those whom gossip may not reach yet. `sent` counts messages.
    """

    def __init__(
        self,
        store: Store,
        network: Network,
        spread: Callable[[], None],
        make_sure: Callable[[], None],
        sent: Words,
    ) -> None:
        self._store = store
        self._network = network
        self._spread = spread
        self._make_sure = make_sure
        self._sent = sent
        self._published: dict[int, int] = {}

    def begin(self) -> None:
        """What was written before the node began is left to sync."""
        self._published = {lane: self._own_seq(lane) for lane in LANES.values()}

    async def publish(self) -> None:
        """Gossip own records that were not gossiped yet. LinkError where the network has ended."""
        for lane, seq in list(self._published.items()):
            records = gossip.since(self._store, self._store.device, lane, seq, FLOOD)
            if not records:
                continue
            self._published[lane] = self._own_seq(lane)
            if self._published[lane] != records[-1].header.seq:
                self._spread()
                continue
            messages = list(gossip.batches(records))
            if len(messages) > FLOOD_MESSAGES or not messages:
                self._spread()
                continue
            for message in messages:
                await self.say(message)
            self._make_sure()

    async def say(self, message: bytes) -> None:
        """Gossip one message. LinkError as above."""
        await self._network.publish(message)
        self._sent.add(SENT)

    def _own_seq(self, lane: int) -> int:
        found = find_log(self._store, self._store.device, lane)
        return 0 if found is None else found.head_seq
