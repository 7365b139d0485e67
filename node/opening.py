"""Opening letters in the background, and what a node does by itself about them.

The Diffie-Hellmans go on in a worker thread, a few boxes at a time, and nothing here hurries:
pages and sync come first. Then those who wrote the letters are told that they were received, and
one's own new devices are given the keys of older ones.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence

import trio

from node import post
from node.events import Events
from node.home import Home
from node.loudness import loudness
from node.post import Letter
from protocol.errors import MoothallError, Refused
from protocol.keys import Signer
from protocol.sealing import Opener
from storage import letter_devices, letters
from storage.database import FAST
from storage.letters import MESSAGES, ORDER

logger = logging.getLogger("moothall.node")

STEP = 50  # boxes that are opened between two looks at what else waits: about 10 ms
PAUSE = 0.05
PATIENCE = 40  # pauses before a step is taken all the same
RETRY_SECONDS = 5.0  # after the store was busy or full
SEEN_SECONDS = 1.0  # what came until then is acknowledged together
SEEN_AGAIN_SECONDS = 14.0  # and then this long nothing more


class Opening:
    """Opens what is pending for this home. `busy` says whether records are coming in.

    `came` hears of orders about which letters are new, whoever wrote them; `wrote` that there are
    letters of one's own, so that it is soon known who holds them. `keys_for` gives the letters that
    other persons' new devices should be able to open.
    """

    def __init__(
        self,
        home: Home,
        device: Signer,
        events: Events,
        busy: Callable[[], bool],
        *,
        came: Callable[[frozenset[bytes]], None],
        wrote: Callable[[], None],
        keys_for: Callable[[frozenset[bytes]], Mapping[bytes, Sequence[Letter]]],
    ) -> None:
        self._home = home
        self._store = home.store
        self._opener = Opener(device, home.store.community)
        self._events = events
        self._busy = busy
        self._came = came
        self._wrote = wrote
        self._keys_for = keys_for
        self._news = trio.Event()
        self._new_devices = True
        self._unanswered = trio.Event()
        self._told = letters.newest(self._store)
        self._one_at_a_time = trio.Lock()

    def news(self, *, devices: bool) -> None:
        """Something may have come or been written; `devices`: a new device, too."""
        self._new_devices |= devices
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._open)
            nursery.start_soon(self._acknowledge)

    async def catch_up(self) -> int:
        """Open all that is pending now; how many sealed records were tried."""
        tried = 0
        while step := await self._step():
            tried += step
        return tried

    async def _open(self) -> None:
        while True:
            self._news = trio.Event()
            try:
                while True:
                    for _ in range(PATIENCE):  # records come first, but not for ever
                        if not self._busy():
                            break
                        await trio.sleep(PAUSE)
                    if not await self._step():
                        break
                    await trio.sleep(0.005)
                self._hand_keys()
            except Refused as error:  # this home may write nothing any more
                logger.debug("no keys are handed on: %s", error)
            except (MoothallError, sqlite3.Error) as error:
                logger.log(loudness(error), "letters wait: %s", error)
                await trio.sleep(RETRY_SECONDS)
                continue
            await self._news.wait()

    async def _step(self) -> int:
        """Open a few; how many were tried."""
        async with self._one_at_a_time:
            some = letters.pending(self._store, STEP)
            if some:
                key = self._home.letters_key()
                found = await trio.to_thread.run_sync(
                    letters.opened, self._opener, self._store.community, key, some
                )
                with self._store.transaction(sync=FAST):
                    letters.file(self._store, key, self._home.person, found)
            self._tell()
            return len(some)

    def _tell(self) -> None:
        """Say what is new in threads, opened here or by a command of this home."""
        newest = letters.newest(self._store)
        if newest == self._told:
            return
        new = letters.since(self._store, self._told)
        self._told = newest
        for person, sort in dict.fromkeys((each.person, each.sort) for each in new if each.fresh):
            about = "message" if sort == MESSAGES else "order"
            self._events.tell("letter", person=person.hex(), about=about)
            self._unanswered.set()
        if any(each.person == self._home.person for each in new):
            self._wrote()
        orders = frozenset(each.thread for each in new if each.sort == ORDER)
        if orders:
            self._came(orders)

    async def _acknowledge(self) -> None:
        while True:
            self._unanswered = trio.Event()
            try:
                post.acknowledge(self._home)
            except Refused as error:
                logger.debug("receipt of letters is not told: %s", error)
            except (MoothallError, sqlite3.Error) as error:
                logger.log(loudness(error), "receipt of letters is not told yet: %s", error)
                await trio.sleep(RETRY_SECONDS)
                continue
            await trio.sleep(SEEN_AGAIN_SECONDS)
            await self._unanswered.wait()
            await trio.sleep(SEEN_SECONDS)

    def _hand_keys(self) -> None:
        """Devices that are new here get the keys of what was written before they came."""
        if not self._new_devices:
            return
        new = letter_devices.new_readers(self._store)
        persons = frozenset(person for _, person in new)
        older = dict(self._keys_for(persons - {self._home.person}))
        if self._home.person in persons:
            older[self._home.person] = post.all_letters(self._home)
        for person, letters_of in sorted(older.items()):
            post.share(self._home, letters_of, person)
        if new:
            letter_devices.note_readers(self._store, [device for device, _ in new])
        self._new_devices = False
