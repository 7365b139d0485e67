"""Answering HTTP on a port, inside the caller's nursery.

Uses Hypercorn's trio worker, a connection at a time, so that what one visitor's connection does
wrong ends that connection and nothing else. Nothing is logged about a request but what failed.
"""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app

from node.gateway.limits import CONNECTIONS, counted
from protocol.errors import Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from trio_typing import TaskStatus

logger = logging.getLogger("moothall.gateway")

GOODBYE_SECONDS = 1.0  # for connections to end by themselves once we are cancelled
MAX_CONNECTIONS = 512  # more wait in the listening queue
HEADER_BYTES = 64 * 1024  # a query of 10,000 characters, escaped, still reaches its page
SILENCE_SECONDS = 30  # a visitor who sends nothing of a request for so long is let go
STALLED_SECONDS = 30  # so is one who takes no PIECE of the answer in that time
PIECE = 64 * 1024  # bytes


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until cancelled; then end within GOODBYE_SECONDS and a little.

    Reports "HOST:PORT" as started once connections are accepted; `port` 0 takes a free one.
    Raises Refused `port-in-use` or `bad-address` before that if it can't listen there.
    """
    listeners = await _bind(host, port)
    try:
        address = _address(listeners[0])
        server = _Server(app)
        async with trio.open_nursery() as nursery:
            for listener in listeners:
                nursery.start_soon(server.accept, listener)
            task_status.started(address)
    finally:
        with trio.CancelScope(shield=True):
            for listener in listeners:
                await listener.aclose()


class _Server:
    """The connections of one app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = wrap_app(cast(Any, app), 0, "asgi")
        self._config = _config()
        self._context = WorkerContext(None)
        self._room = trio.CapacityLimiter(MAX_CONNECTIONS)
        self._held: Counter[str] = Counter()  # connections by address, as `counted` names them

    async def accept(self, listener: trio.SocketListener) -> None:
        """Take connections until cancelled, then wait for the last of them, though not long."""
        streams: set[trio.SocketStream] = set()
        async with trio.open_nursery() as connections:
            try:
                while True:
                    await self._take(listener, streams, connections)
            finally:
                connections.start_soon(_close_later, streams)

    async def _take(
        self,
        listener: trio.SocketListener,
        streams: set[trio.SocketStream],
        connections: trio.Nursery,
    ) -> None:
        ticket = object()
        await self._room.acquire_on_behalf_of(ticket)
        try:
            stream = await listener.accept()
        except BaseException as error:
            self._room.release_on_behalf_of(ticket)
            if not isinstance(error, OSError) or error.errno not in _SHORTAGE:
                raise
            logger.warning("no new connection for now: %s", error.strerror)
            await trio.sleep(0.1)
            return
        address = _visitor(stream)
        if address is not None and self._held[address] >= CONNECTIONS:
            stream.socket.close()
            self._room.release_on_behalf_of(ticket)
            return
        streams.add(stream)
        connections.start_soon(self._converse, stream, streams, ticket, address)

    async def _converse(
        self,
        stream: trio.SocketStream,
        streams: set[trio.SocketStream],
        ticket: object,
        address: str | None,
    ) -> None:
        """One visitor. What goes wrong with them ends here."""
        self._held.update([address] if address else [])
        try:
            state = ConnectionState({})
            await _Connection(self._app, self._config, self._context, state, cast(Any, stream))
        except* Exception as errors:  # noqa: BLE001 - a server lives on, whatever a visitor does
            logger.info("a connection failed: %s", _names(errors))
        finally:
            stream.socket.close()  # when cancelled, Hypercorn may leave it open
            self._room.release_on_behalf_of(ticket)
            streams.discard(stream)
            if address is not None:
                self._held[address] -= 1
                self._held += Counter()  # forgets those that hold none


class _Connection(TCPServer):
    """Hypercorn's, which ends when its visitor has hung up, and neither before nor long after.

    A visitor who waits for an answer may be silent for as long as that takes; one who has a
    request to finish may not, and one who takes nothing of an answer is let go.

    It speaks HTTP/1.1 alone. Hypercorn would change to HTTP/2 for any visitor who asks, where a
    connection holds a hundred answers in memory for as long as nobody takes them.
    """

    async def _read_data(self) -> None:
        self.protocol.protocol._check_protocol = _stay  # type: ignore[union-attr, method-assign]
        while True:
            try:
                with trio.move_on_after(SILENCE_SECONDS) as patience:
                    data = await self.stream.receive_some(PIECE)
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                break
            if patience.cancelled_caught:
                if self._answering():
                    continue
                break
            await self.protocol.handle(RawData(bytes(data)))
            if not data:
                break
        await self.protocol.handle(Closed())
        await self.idle_task.stop()

    def _answering(self) -> bool:
        """Whether a whole request is here, so that it is our turn."""
        connection = getattr(self.protocol.protocol, "connection", None)
        return getattr(connection, "their_state", None) in (h11.DONE, h11.MUST_CLOSE)

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        whole = memoryview(event.data)
        async with self.send_lock:
            try:
                for start in range(0, len(whole), PIECE):
                    # Shielded, so that an answer that has begun is finished when the node ends.
                    with trio.fail_after(STALLED_SECONDS, shield=True):
                        await self.stream.send_all(whole[start : start + PIECE])
            except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
                await self.stream.aclose()
                await self.protocol.handle(Closed())


async def _stay(_: h11.Request) -> None:
    """In place of Hypercorn's look at whether a request asks for HTTP/2."""


def _visitor(stream: trio.SocketStream) -> str | None:
    """Whose connection this is; None for this machine's own, or when it has ended already."""
    try:
        return counted(stream.socket.getpeername()[0])
    except OSError:
        return None


async def _close_later(streams: set[trio.SocketStream]) -> None:
    """Close what is still open after a moment.

    Hypercorn shields its sending from cancellation, so a visitor who does not read would hold us
    up for good.
    """
    with trio.CancelScope(shield=True):
        deadline = trio.current_time() + GOODBYE_SECONDS
        while streams and trio.current_time() < deadline:
            await trio.sleep(0.02)
        for stream in list(streams):
            stream.socket.close()


_SHORTAGE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED}


async def _bind(host: str, port: int) -> Sequence[trio.SocketListener]:
    """Listening sockets; they queue visitors from here on."""
    if host == "localhost":  # it may stand for two addresses; with port 0 they would differ
        host = "127.0.0.1"
    try:
        return await trio.open_tcp_listeners(port, host=host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                "port-in-use",
                "Another program already listens on %(address)s; nothing was started. End it, or "
                "choose another port.",
                address=f"{host}:{port}",
            ) from error
        why = (error.strerror or str(error)).lower()
        raise Refused(
            "bad-address",
            "Can't listen on %(address)s (%(why)s); nothing was started. Choose another address.",
            address=f"{host}:{port}",
            why=why,
        ) from error


def _address(listener: trio.SocketListener) -> str:
    name = listener.socket.getsockname()
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _config() -> Config:
    config = Config()
    config.errorlog = None  # its messages would name paths and visitors
    config.accesslog = None
    config.include_server_header = False
    config.h11_max_incomplete_size = HEADER_BYTES
    return config


def _names(errors: BaseExceptionGroup[BaseException]) -> str:
    names: set[str] = set()
    for error in errors.exceptions:
        inner = isinstance(error, BaseExceptionGroup)
        names.add(_names(error) if inner else type(error).__name__)  # type: ignore[arg-type]
    return ", ".join(sorted(names))
