"""A newcomer's node at the door: it asks to be let in until it is."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import trio

from node import joining
from node.events import Events
from node.home import Home
from node.network.links import LinkError, Network
from protocol import lobby
from protocol.lobby import Answer

logger = logging.getLogger("moothall.node")

KNOCK_SECONDS = 5.0
AGAIN_SECONDS = 60.0  # after an answer that will hardly change


class Knocking:
    """Knocks at those whom the invitation names; `sync` talks with who has opened.

    `answered` is told whatever the lobby says.
    """

    def __init__(
        self,
        home: Home,
        network: Network,
        events: Events,
        *,
        sync: Callable[[str], Awaitable[object]],
        answered: Callable[[Answer], None],
    ) -> None:
        self._home = home
        self._network = network
        self._events = events
        self._sync = sync
        self._answered = answered
        self._last: Answer | None = None
        self._alone = False  # that nobody is there is said once

    async def run(self) -> None:
        """Work until this home is in, or was cancelled."""
        while self._home.standing() == "waiting":
            try:
                peer, answer = await joining.knock(self._home, self._network)
                news, self._last = answer != self._last, answer
                self._answered(answer)
                if not answer.reason:
                    await self._sync(peer)
                    if self._home.standing() != "waiting":
                        return
                elif news:
                    self._tell(answer)
            except LinkError as error:
                level = logging.DEBUG if self._alone else logging.INFO
                logger.log(level, "not let in yet: %s", error)
                self._alone = True
            final = self._last is not None and self._last.reason in lobby.FINAL
            await trio.sleep(AGAIN_SECONDS if final else KNOCK_SECONDS)

    def _tell(self, answer: Answer) -> None:
        further = joining.is_further(self._home)
        told = joining.sentence(answer, self._home.person, further=further)
        logger.warning("Not let in: %s", told)
        self._events.tell("refused", reason=answer.reason, message=told)
