"""The teller's duties in a running node: done whenever something changed, and at deadlines."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import trio

from node import gossip, teller
from protocol.keys import Signer
from storage.store import Store

TELLER_SECONDS = 30.0


class Duties:
    """Acts for the teller, if this device is one. `kept` is told what it wrote, `publish` gossips
    the records among it, and `say` one message; `acted` is awaited after every look.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        *,
        kept: Callable[[set[str]], None],
        publish: Callable[[], Awaitable[None]],
        say: Callable[[bytes], Awaitable[None]],
        acted: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._signer = signer
        self._say = say
        self._kept = kept
        self._publish = publish
        self._acted = acted
        self._wake = trio.Event()
        self._caught_up = False

    def catch_up(self) -> None:
        """A sync conversation came to its good end. Before that one of several tellers says
        nothing: where a home was put back from a copy, others still hold what it has said since.
        """
        if not self._caught_up:
            self._caught_up = True
            self.wake()

    def wake(self) -> None:
        """Something changed that may make something due."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; errors are raised, and it may be begun again after them."""
        while True:
            self._wake = trio.Event()
            began = self._store.now_ms() / 1000
            try:
                await self._act()
                pause = self._until_next_look(began)
            finally:  # who was removed is cut off whatever this teller cannot do
                await self._acted()
            with trio.move_on_after(pause):
                await self._wake.wait()

    async def _act(self) -> None:
        acted = teller.act(self._store, self._signer, speaks=self._caught_up)
        if acted:
            words = {"gov"}  # which wakes us: more may be due
            words |= {"certificate"} if acted.certificates else set()
            words |= {"side"} if acted.words else set()
            self._kept(words)
        if acted.records:
            await self._publish()
        for word in acted.words:
            if (message := gossip.teller_message(word)) is not None:
                await self._say(message)
        for certificate in acted.certificates:
            await self._say(gossip.certificate_message(certificate.travel()))

    def _until_next_look(self, since: float) -> float:
        """Seconds. Only a teller acts by the clock; others have nothing to do until news comes."""
        if not teller.has_duties(self._store):
            return math.inf
        deadline = teller.next_look(self._store, since, speaks=self._caught_up)
        return TELLER_SECONDS if deadline is None else min(TELLER_SECONDS, deadline)
