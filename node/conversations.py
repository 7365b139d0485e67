"""Sync conversations over streams: the machines of `protocol.sync` meet the network here.

What a peer does wrong ends its conversation with a reason word, and it has to wait; nothing of
what it sent in that step is kept. What we do wrong ourselves is raised.

What a peer asks, and what it answers in vain, comes out of its share (node.allowances); how much of
an author is taken in is `node.admission`'s business. The latter does not hold for a new
home's first sync, in which years come at once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import trio

from node.metrics import BROKEN, FAULT, THROUGH
from node.network.links import MAX_MESSAGE, LinkError, Stream
from node.network.peer_id import device_key_of
from node.peers import Peers
from protocol.errors import Invalid, PeerFault
from protocol.messages import (
    Bye,
    Certificates,
    Hello,
    SegmentOf,
    Side,
    Turn,
    pack,
    unpack,
)
from protocol.sync import Answerer, Asker, same, turn, turned
from storage import certificates, letter_devices
from storage.holdings import StoreHoldings
from storage.rows import known_devices
from storage.store import Store

logger = logging.getLogger("moothall.sync")

IDLE_SECONDS = 30.0  # how long one message may take
PATIENCE_SECONDS = 120.0  # without a new record while we ask
MAX_HELLO = 1024  # bytes
USELESS = 64  # segments without a new record in one conversation
USELESS_A_SECOND = 1024 * 1024  # bytes of answers that brought nothing: names of what is held
SMALL = 8 * 1024  # bytes of an answer that costs too little to wait for
MOST_UNKNOWN = 4096  # logs of devices that no certificate names, in one conversation
AGAIN = 3  # times that a conversation's question may be asked
REMEMBERED = 20_000  # questions of a conversation, for that; it may go on for days

Heard = Callable[[str, int, bytes], None]
"""(peer, height, certificate): what a peer says its newest certificate is."""


def _unheard(peer: str, height: int, certificate: bytes) -> None:
    pass


class Conversation:
    """One sync conversation with a peer over `stream`."""

    def __init__(
        self,
        store: Store,
        stream: Stream,
        peers: Peers,
        kept: Callable[[set[str]], None],
        *,
        heard: Heard | None = None,
    ) -> None:
        self._store = store
        self._stream = stream
        self._peers = peers
        self._heard = heard or _unheard
        self._asking = True
        self._first = certificates.founding(store) is None
        self._members: set[bytes] = set()  # devices that are no mere candidates
        self._unknown = 0  # logs that the peer named of other devices
        self._newcomers = True  # whether the peer may still name others
        self.through = False  # whether we heard all that the peer had
        self._holdings = StoreHoldings(store, stream.peer, kept, self._wanted, self._objects)

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
        begun, ended = trio.current_time(), BROKEN
        try:
            differed = bool(await talk())
            ended = THROUGH
            return differed
        except (Invalid, PeerFault) as error:
            ended = FAULT
            self._peers.fault(peer, error.reason)
            with trio.move_on_after(1):
                await self._say(Bye(error.reason))
            return False
        except LinkError as error:
            logger.debug("conversation with %s ended: %s", peer, error.reason)
            return False
        finally:
            self._peers.metrics.conversation(trio.current_time() - begun, ended)
            await self._stream.aclose()

    async def _start(self) -> bool:
        mine, ours = self._holdings.hello(), letter_devices.own_market_seq(self._store)
        await self._say(mine)
        theirs = await self._greeting()
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
        theirs = await self._greeting()
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

    async def _greeting(self) -> Hello:
        theirs: Hello = await self._hear(Hello)
        self._heard(self._stream.peer, theirs.height, theirs.certificate)
        return theirs

    async def _ask(self, mine: Hello, theirs: Hello) -> None:
        asker = Asker(self._holdings)
        questions = asker.begin(mine, theirs)
        useless, lately = 0, trio.current_time()
        while not asker.done:
            for question in questions:
                await self._say(question)
            frame = await self._receive()
            answer, before = self._unpacked(frame), self.new_records
            await trio.lowlevel.checkpoint()  # the largest take 20 ms to read, and 40 to compare
            if isinstance(answer, SegmentOf):
                await self._await_turn(answer.device)
            questions = asker.receive(answer)
            new = self.new_records - before
            if isinstance(answer, Side) and not self._first:
                self._peers.allowances.owe(self._stream.peer, "objects", len(frame))
            if new:
                lately = trio.current_time()
                self._count(answer, len(frame), new)
            elif trio.current_time() > lately + PATIENCE_SECONDS:
                raise LinkError("too-slow", "the peer brings nothing new")
            if isinstance(answer, SegmentOf) and not new:
                useless += 1  # another peer was quicker, or this one wastes our time
                self._peers.admission.spared(answer.device)  # and not its author's steps
                if useless > USELESS:
                    raise LinkError("nothing-new", "the peer sends what is here already")
            # Between two steps a page or another peer has its turn.
            vain = not (new or self._first or isinstance(answer, (Side, Certificates)))
            if vain and not isinstance(answer, SegmentOf):  # no fault: others may be quicker
                self._spend("useless", len(frame))
            await trio.sleep(len(frame) / USELESS_A_SECOND if vain and len(frame) > SMALL else 0)

    async def _answer(self) -> tuple[int, Hello | None]:
        """Answer questions until the peer hands over: how many; its hello then (None: a bye)."""
        answerer, questions = Answerer(self._holdings), 0
        asked: Counter[bytes] = Counter()
        while True:
            frame = await self._receive()
            self._spend("sync", len(frame))  # before anything is decoded
            if len(asked) >= REMEMBERED:
                asked.clear()
            asked[name := sha256(frame).digest()] += 1
            if asked[name] > AGAIN:
                raise PeerFault("asked-again", "the peer asks what was answered")
            message = unpack(frame)
            match message:
                case Turn():
                    theirs = turned(message)
                    self._heard(self._stream.peer, theirs.height, theirs.certificate)
                    return questions, theirs
                case Bye(reason):
                    return questions if reason == "done" else 0, None
            questions += 1
            for reply in answerer.answer(message):
                packed = pack(reply)
                await trio.sleep(
                    self._peers.allowances.owe(self._stream.peer, "answers", len(packed))
                )
                await self._send(packed)

    def _spend(self, sort: str, size: int) -> None:
        if not self._peers.allowances.take(self._stream.peer, sort, size):
            raise PeerFault("too-fast", "the peer asks, or says in vain, more than it may")

    # How much of an author is taken in

    def _wanted(self, device: bytes) -> bool:
        """Whether more of this device's logs is asked for; quick, a peer may name very many."""
        if self._first:
            return True
        if not self._members:  # certificates came before places
            self._members = known_devices(self._store)
        if device in self._members:
            return self._peers.takes_more_of(device)
        self._unknown += 1
        if self._unknown > MOST_UNKNOWN:
            raise PeerFault("unknown-logs", "the peer names logs of very many unknown devices")
        self._newcomers = self._newcomers and self._peers.may_ask(self._stream.peer, "newcomers")
        return self._newcomers

    def _objects(self, count: int) -> int:
        """How many objects to ask for now; the others in a later conversation."""
        if self._first:
            return count
        take = self._peers.allowances.take
        return sum(take(self._stream.peer, "objects") for _ in range(count))

    async def _await_turn(self, device: bytes) -> None:
        """An author's segments come in one after another; LinkError once there is no more room."""
        if self._first:
            return
        if not self._peers.takes_more_of(device):
            raise LinkError("flood", "an author writes more than is taken in at a time")
        await trio.sleep(self._peers.admission.pause(device))

    def _count(self, answer: Any, size: int, new: int) -> None:
        if isinstance(answer, SegmentOf) and not self._first:
            self._peers.admission.took(answer.device, new, size * new // len(answer.entries))

    def _note_holder(self, ours: int) -> None:
        """The peer lacks nothing of ours: it holds our market log up to this seq."""
        letter_devices.note_holder(self._store, device_key_of(self._stream.peer), ours)

    async def _say(self, message: Any) -> None:
        await self._send(pack(message))

    async def _send(self, frame: bytes) -> None:
        with trio.move_on_after(IDLE_SECONDS) as scope:
            await self._stream.send(frame)
        if scope.cancelled_caught:
            raise LinkError("too-slow", "the peer does not read")

    async def _receive(self, limit: int = MAX_MESSAGE) -> bytes:
        with trio.move_on_after(IDLE_SECONDS) as scope:
            frame = await self._stream.receive(limit)
        if scope.cancelled_caught:
            raise LinkError("too-slow", "the peer does not speak")
        return frame

    async def _hear(self, kind: type[Any]) -> Any:
        message = self._unpacked(await self._receive(MAX_HELLO))
        if not isinstance(message, kind):
            raise PeerFault("unexpected", f"{type(message).__name__} came too early")
        return message

    def _unpacked(self, frame: bytes) -> Any:
        """What a peer answers; LinkError `bye` if it ends the conversation instead."""
        message = unpack(frame)
        if isinstance(message, Bye):
            raise LinkError("bye", f"the peer ended: {message.reason}")
        return message
