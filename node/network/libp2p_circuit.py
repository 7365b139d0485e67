"""A circuit: one connection's bytes on a stream through a relay, and the messages that ask for it.

The wire format is circuit relay v2 and DCUtR as libp2p specifies them; the library's protobufs are
used and its classes are not (docs/decisions.md says why). The relay sees ciphertext: what runs over
a circuit is secured end to end by the same Noise handshake as over TCP.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import trio
from libp2p.custom_types import TProtocol
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.relay.circuit_v2.pb.circuit_pb2 import HopMessage, Status, StopMessage
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from libp2p.utils.varint import encode_varint_prefixed, read_varint_prefixed_bytes_limited

from node.network.libp2p_framing import abort
from node.network.libp2p_wire import Wire
from node.network.links import LinkError

if TYPE_CHECKING:
    from libp2p.abc import INetStream
    from libp2p.io.abc import Reader
    from libp2p.network.stream.net_stream import NetStream

logger = logging.getLogger("moothall.network")

HOP = TProtocol("/libp2p/circuit/relay/0.2.0/hop")  # asked of a relay
STOP = TProtocol("/libp2p/circuit/relay/0.2.0/stop")  # a relay's, to whom it is asked for
DCUTR = TProtocol("/libp2p/dcutr")

MESSAGE_BYTES = 4096  # the standard's limit
CHUNK = 64 * 1024
CLOSE_SECONDS = 1.0

Message = TypeVar("Message", HopMessage, StopMessage, HolePunch)
Answer = TypeVar("Answer", HopMessage, StopMessage)
Linger = Callable[["NetStream"], None]


async def write(stream: INetStream, message: HopMessage | StopMessage | HolePunch) -> None:
    """Send one message of these protocols."""
    await stream.write(encode_varint_prefixed(message.SerializeToString()))


async def read(stream: INetStream, kind: type[Message]) -> Message:
    """The next message, not a byte more; raises whatever the stream or the parser raises."""
    data = await read_varint_prefixed_bytes_limited(cast("Reader", stream), MESSAGE_BYTES)
    message = kind()
    message.ParseFromString(data)
    return message


async def agreed(stream: INetStream, kind: type[Answer]) -> Answer:
    """The answer to a request, if it is "OK"; LinkError `relay-refused` with its word else."""
    answer = await read(stream, kind)
    if answer.type != kind.STATUS or answer.status != Status.OK:
        word = Status.Name(answer.status) if answer.status in Status.values() else "nonsense"
        raise LinkError("relay-refused", f"The relay said {word}.")
    return answer


def circuit_wire(stream: INetStream, relay: str, relay_address: str, linger: Linger) -> Wire:
    """What a connection through `relay` runs over. All behind one relay count as one sender."""
    return Wire(
        _Carrier(cast("NetStream", stream), linger),
        address=f"{relay_address}/p2p/{relay}/p2p-circuit",
        place=f"relay:{relay}",
        relay=relay,
    )


class _Carrier(ReadWriteCloser):
    """A stream in place of a socket: reads and writes end as soon as it is closed or broken."""

    def __init__(self, stream: NetStream, linger: Linger) -> None:
        self._stream = stream
        self._linger = linger
        self._buffer = bytearray()
        self._over = False
        self._waits: set[trio.CancelScope] = set()

    async def read(self, n: int | None = None) -> bytes:
        while not self._buffer:
            self._check()
            with trio.CancelScope() as wait:
                self._waits.add(wait)
                try:
                    self._buffer += await self._stream.read(CHUNK)
                except Exception as error:
                    self._end()
                    raise ConnectionClosedError("the circuit ended") from error
                finally:
                    self._waits.discard(wait)
        size = len(self._buffer) if n is None else n
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    async def write(self, data: bytes) -> None:
        self._check()
        with trio.CancelScope() as wait:
            self._waits.add(wait)
            try:
                await self._stream.write(data)
            except Exception as error:
                self._end()
                raise ConnectionClosedError("the circuit ended") from error
            finally:
                self._waits.discard(wait)
        self._check()

    async def close(self) -> None:
        if self._stream.is_closed:
            self._end()
            return
        self._end()
        with trio.CancelScope(shield=True), trio.move_on_after(CLOSE_SECONDS):
            try:
                await self._stream.close()  # an end, so that what was said before arrives
            except Exception as error:
                logger.debug("closing a circuit failed: %s", error, exc_info=True)
            else:
                self._linger(self._stream)
                return
        await abort(self._stream)

    def get_remote_address(self) -> tuple[str, int] | None:
        return None

    def _check(self) -> None:
        if self._over:
            raise ConnectionClosedError("the circuit was closed")

    def _end(self) -> None:
        self._over = True
        for wait in self._waits:
            wait.cancel()
