"""Sync conversations over streams: the machines of `protocol.sync` meet the network here.

What a peer does wrong ends its conversation with a reason word, and it has to wait; nothing of
what it sent in that step is kept. What we do wrong ourselves is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import trio

from node.network.links import MAX_MESSAGE, LinkError, Stream
from node.network.peer_id import device_key_of
from node.peers import Peers
from protocol.errors import Invalid, PeerFault
from protocol.messages import Bye, Hello, SegmentOf, Turn, pack, unpack
from protocol.sync import Answerer, Asker, same, turn, turned
from storage import letter_devices
from storage.holdings import StoreHoldings
from storage.store import Store

logger = logging.getLogger("moothall.sync")

IDLE_SECONDS = 30.0  # how long one message may take
PATIENCE_SECONDS = 120.0  # without a new record while we ask
MAX_HELLO = 1024  # bytes
USELESS = 64  # segments without a new record in one conversation


class Conversation:
    """One sync conversation with a peer over `stream`."""

    def __init__(
        self, store: Store, stream: Stream, peers: Peers, kept: Callable[[set[str]], None]
    ) -> None:
        self._store = store
        self._stream = stream
        self._peers = peers
        self._asking = True
        self.through = False  # whether we heard all that the peer had
        self._holdings = StoreHoldings(store, stream.peer, kept)

    @property
    def new_records(self) -> int:
        """How many records it brought us."""
        return self._holdings.new_records

    async def start(self) -> bool:
        """Open the conversation: ask, then answer. True when anything differed.

        LinkError when the stream breaks or the peer says goodbye early; after a peer's fault the
        goodbye names it and False is returned.
        """
        return await self._guarded(self._start)

    async def serve(self, *, asking: bool = True) -> bool:
        """Take part in a conversation that the peer opened; without `asking`, only answer."""
        self._asking = asking
        return await self._guarded(self._serve)

    async def _guarded(self, talk: Callable[[], Any]) -> bool:
        peer = self._stream.peer
        try:
            return bool(await talk())
        except (Invalid, PeerFault) as error:
            self._peers.fault(peer, error.reason)
            with trio.move_on_after(1):
                await self._say(Bye(error.reason))
            return False
        except LinkError as error:
            logger.debug("conversation with %s ended: %s", peer, error.reason)
            return False
        finally:
            await self._stream.aclose()

    async def _start(self) -> bool:
        mine, ours = self._holdings.hello(), letter_devices.own_market_seq(self._store)
        await self._say(mine)
        theirs = await self._hear(Hello)
        if same(mine, theirs):
            self.through = True
            self._note_holder(ours)
            return False
        await self._ask(mine, theirs)
        mine, ours = self._holdings.hello(), letter_devices.own_market_seq(self._store)
        await self._say(turn(mine))
        questions, _ = await self._answer()
        if questions or same(mine, theirs):  # else the peer may be asking on another stream
            self._note_holder(ours)
        self.through = True
        return True

    async def _serve(self) -> bool:
        theirs = await self._hear(Hello)
        mine, ours = self._holdings.hello(), letter_devices.own_market_seq(self._store)
        await self._say(mine)
        if same(mine, theirs):
            self.through = True
            self._note_holder(ours)
            return False
        _, now = await self._answer()
        if now is not None:
            self._note_holder(ours)
        if self._asking:
            mine = self._holdings.hello()
            await self._ask(mine, now or mine)
            self.through = True
        await self._say(Bye("done"))
        return True

    async def _ask(self, mine: Hello, theirs: Hello) -> None:
        asker = Asker(self._holdings)
        questions = asker.begin(mine, theirs)
        useless, lately = 0, trio.current_time()
        while not asker.done:
            for question in questions:
                await self._say(question)
            answer, before = await self._hear(), self.new_records
            questions = asker.receive(answer)
            if self.new_records > before:
                lately = trio.current_time()
            elif trio.current_time() > lately + PATIENCE_SECONDS:
                raise LinkError("too-slow", "the peer brings nothing new")
            if isinstance(answer, SegmentOf) and self.new_records == before:
                useless += 1  # another peer was quicker, or this one wastes our time
                if useless > USELESS:
                    raise LinkError("nothing-new", "the peer sends what is here already")
            await trio.lowlevel.checkpoint()  # a page or another peer may have its turn

    async def _answer(self) -> tuple[int, Hello | None]:
        """Answer questions until the peer hands over: how many; its hello then (None: a bye)."""
        answerer, questions = Answerer(self._holdings), 0
        while True:
            frame = await self._receive()
            if not self._peers.may_ask(self._stream.peer):  # before anything is decoded
                raise PeerFault("too-fast", "the peer asks more than it may")
            message = unpack(frame)
            match message:
                case Turn():
                    return questions, turned(message)
                case Bye(reason):
                    return questions if reason == "done" else 0, None
            questions += 1
            for reply in answerer.answer(message):
                await self._say(reply)

    def _note_holder(self, ours: int) -> None:
        """The peer lacks nothing of ours: it holds our market log up to this seq."""
        letter_devices.note_holder(self._store, device_key_of(self._stream.peer), ours)

    async def _say(self, message: Any) -> None:
        with trio.move_on_after(IDLE_SECONDS) as scope:
            await self._stream.send(pack(message))
        if scope.cancelled_caught:
            raise LinkError("too-slow", "the peer does not read")

    async def _receive(self, limit: int = MAX_MESSAGE) -> bytes:
        with trio.move_on_after(IDLE_SECONDS) as scope:
            frame = await self._stream.receive(limit)
        if scope.cancelled_caught:
            raise LinkError("too-slow", "the peer does not speak")
        return frame

    async def _hear(self, kind: type[Any] = object) -> Any:
        message = unpack(await self._receive(MAX_HELLO if kind is Hello else MAX_MESSAGE))
        if kind is not object and isinstance(message, Bye):
            raise LinkError("bye", f"the peer ended: {message.reason}")
        if not isinstance(message, kind):
            raise PeerFault("unexpected", f"{type(message).__name__} came too early")
        if isinstance(message, Bye) and message.reason != "done":
            raise LinkError("bye", f"the peer ended: {message.reason}")
        return message
