"""What one member's connections may cost: streams, bytes that wait, gossip that is read.

Members are served every protocol, so a hostile one reaches all of the library. Here the library is
kept from taking in whatever comes: a peer that sends more than its pace is read more slowly, which
the transport's windows hand back to it, and nothing of it piles up on our side.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

import trio
from google.protobuf.message import DecodeError
from libp2p.abc import INetStream
from libp2p.exceptions import ParseError
from libp2p.io.exceptions import IncompleteReadError, IOException, MessageTooLarge
from libp2p.network.connection.exceptions import RawConnError
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2

from node.bucket import Bucket
from node.network.libp2p_framing import abort
from node.network.links import MAX_GOSSIP, LinkError

logger = logging.getLogger("moothall.network")

Fault = Callable[[str, str], None]
"""(peer, reason): what a peer did wrong below any protocol of ours."""

STREAMS = 96  # of one member at a time; a relay holds one for each peer behind it
CHUNK = 64 * 1024  # bytes read at a time
MOST_PREFIX = 10  # bytes of a varint
MAX_RPC = 4 * MAX_GOSSIP  # bytes of one gossip frame
MOST_SAID = 100  # things of one sort that are read of one frame,
MOST_TOGETHER = 500  # messages,
MOST_OFFERED = 1000  # messages that it offers, and
MOST_ASKED = 64  # messages that it asks for; what is beyond these is left
# Gossip of one peer. A message costs about a millisecond whatever is in it, a signature alone a
# tenth of that; so do the frames that carry none. An honest neighbour passes on 300 in a burst and
# 30 a second (links.PASSED). After the first few, those of a burst are taken so far apart that most
# of the time is left to others. It is a little more than the node looks at (node.allowances), which
# so learns of who sends too much.
MESSAGES = 500
MESSAGES_A_SECOND = 50
AT_ONCE = 50
AT_ONCE_A_SECOND = 100
BYTES = 4 * 1024 * 1024
BYTES_A_SECOND = 1024 * 1024
ASKED_COST = MAX_GOSSIP  # bytes that a message counts which is asked for, as it is sent whole
JOINED_COST = 1024 * 1024  # and joining the topic, which has all sent that was sent lately
MOST_PACED = 1000  # peers


class Members:
    """Places for the streams that members open."""

    def __init__(self) -> None:
        self._open: Counter[ID] = Counter()

    @contextmanager
    def place(self, peer: ID) -> Iterator[None]:
        """Hold a place; LinkError `too-many-streams` if there is none."""
        # H26: a connection may have any number of streams open, each with buffers and a task. Goes
        # when the library limits them.
        if self._open[peer] >= STREAMS:
            raise LinkError("too-many-streams", "This member has too many streams open.")
        self._open[peer] += 1
        try:
            yield
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]


class Pace:
    """How fast each peer's gossip is read, all its streams together."""

    def __init__(self) -> None:
        self._buckets: dict[ID, tuple[Bucket, Bucket, Bucket]] = {}

    async def wait(self, peer: ID, *, messages: int = 0, size: float = 0) -> None:
        """Return when so many messages and bytes of the peer's may be read."""
        now = trio.current_time()
        if peer not in self._buckets:
            if len(self._buckets) >= MOST_PACED:
                self._buckets.clear()
            self._buckets[peer] = (
                Bucket(size=AT_ONCE, rate=AT_ONCE_A_SECOND, now=now),
                Bucket(size=MESSAGES, rate=MESSAGES_A_SECOND, now=now),
                Bucket(size=BYTES, rate=BYTES_A_SECOND, now=now),
            )
        at_once, in_all, sizes = self._buckets[peer]
        await trio.sleep(
            max(at_once.owe(messages, now), in_all.owe(messages, now), sizes.owe(size, now))
        )


async def read_frames(
    stream: INetStream,
    topic: str,
    pace: Pace,
    fault: Fault,
    take: Callable[[ID, rpc_pb2.RPC], Awaitable[None]],
) -> None:
    """Hand each gossip frame of a stream to `take`, at the peer's pace, until the stream ends.

    Each frame has been waited for as one message; `take` waits for any more in it.
    """
    # H25: the library reads frames of a megabyte as fast as they come and starts a task for every
    # message in them, thousands at once, before anything is checked; one frame may also ask for the
    # same message ten thousand times, and gets it as often in one piece, and one that joins or
    # leaves topics as often stops the node for half a minute. Goes when it bounds them all.
    peer, frames = stream.muxed_conn.peer_id, _Frames(stream)
    try:
        while True:
            frame = await frames.next()
            await pace.wait(peer, messages=1, size=len(frame))
            rpc = _in_short(frame, topic)
            asked = sum(len(each.messageIDs) for each in rpc.control.iwant)
            if asked or rpc.subscriptions:
                size = asked * ASKED_COST + len(rpc.subscriptions) * JOINED_COST
                await pace.wait(peer, size=size)
            await take(peer, rpc)
            await trio.lowlevel.checkpoint()  # whoever has a frame to read is next
    except MessageTooLarge:
        fault(str(peer), "too-large")
    except (DecodeError, ParseError):
        fault(str(peer), "bad-message")
    except (IOException, RawConnError) as error:
        logger.debug("gossip stream of %s ended: %s", peer, type(error).__name__)
        return
    await abort(stream)


class _Frames:
    """The gossip frames of a stream: a varint of the size each, then as many bytes."""

    # The library reads the varint byte by byte, with several turns of the event loop for each.

    def __init__(self, stream: INetStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def next(self) -> bytes:
        """The next frame; ParseError or MessageTooLarge, or what the stream raises at its end."""
        size = at = 0
        while True:
            await self._fill(at + 1)
            size |= (self._buffer[at] & 0x7F) << (7 * at)
            at += 1
            if self._buffer[at - 1] < 0x80:
                break
            if at == MOST_PREFIX:
                raise ParseError("a gossip frame without a size")
        if size > MAX_RPC:
            raise MessageTooLarge(f"a gossip frame of {size} bytes")
        await self._fill(at + size)
        frame = bytes(self._buffer[at : at + size])
        del self._buffer[: at + size]
        return frame

    async def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            more = await self._stream.read(CHUNK)
            if not more:
                raise IncompleteReadError("the gossip stream ended within a frame")
            self._buffer += more


def _in_short(frame: bytes, topic: str) -> rpc_pb2.RPC:
    """What a frame says, as an honest neighbour says it: each thing once, and on the one topic."""
    said = rpc_pb2.RPC()
    said.ParseFromString(frame)
    if (
        len(said.publish) <= MOST_TOGETHER
        and not said.subscriptions
        and not said.HasField("control")
    ):
        return said
    # A copy, since what is parsed takes fifty times the bytes, until all of the frame is done with.
    short = rpc_pb2.RPC(publish=said.publish[:MOST_TOGETHER])
    joining = [each for each in said.subscriptions[:MOST_SAID] if each.topicid == topic]
    short.subscriptions.extend(joining[-1:])
    control = said.control
    grafts = [each for each in control.graft[:MOST_SAID] if each.topicID == topic]
    short.control.graft.extend(grafts[-1:])
    prunes = [each for each in control.prune[:MOST_SAID] if each.topicID == topic]
    for prune in prunes[-1:]:  # without the peers that it names; we dial by address cards
        short.control.prune.add(topicID=topic, backoff=prune.backoff)
    offers = [each.messageIDs for each in control.ihave[:MOST_SAID] if each.topicID == topic]
    if offered := _first(MOST_OFFERED, offers):
        short.control.ihave.add(topicID=topic, messageIDs=offered)
    if asked := _first(MOST_ASKED, [each.messageIDs for each in control.iwant[:MOST_SAID]]):
        short.control.iwant.add(messageIDs=asked)
    return short


def _first(most: int, names: Iterable[Iterable[bytes]]) -> list[bytes]:
    """So many different names."""
    return list(islice(dict.fromkeys(chain.from_iterable(names)), most))
