"""Server-sent events for the desk: texts that a page keeps fresh while somebody looks at it.

A stream sends what has changed, at most once a second, and a comment when nothing did for a while.
It ends with the node, with the home, or with its reader; a login may hold only so many.
Format: HTML Standard, 9.2 (server-sent events).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from node.events import Event, Events

A_SESSION, IN_ALL = 10, 40  # streams at a time
PAUSE_SECONDS = 1.0  # between two messages
LOOK_SECONDS = 4.0  # how long what makes no event may stay unseen, beside the pause
COMMENT_SECONDS = 15.0
AGAIN_MS = 2000  # after which a browser whose stream broke off asks again

Texts = Callable[[], Mapping[str, str] | None]  # by name; None: there is nothing to tell any more


class Streams:
    """The streams that are open, by login."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def take(self, session: str) -> bool:
        """Whether this login may open one more; it counts as open then."""
        if self._open[session] >= A_SESSION or self._open.total() >= IN_ALL:
            return False
        self._open[session] += 1
        return True

    def release(self, session: str) -> None:
        """One of its streams has ended."""
        self._open[session] -= 1
        self._open += Counter()  # forgets those that have none

    def __len__(self) -> int:
        return self._open.total()


class Stream(Response):
    """The answer that goes on until its reader goes, or until `texts` gives None."""

    def __init__(self, streams: Streams, session: str, events: Events, texts: Texts) -> None:
        super().__init__(
            media_type="text/event-stream; charset=utf-8", headers={"Cache-Control": "no-store"}
        )
        del self.headers["content-length"]
        self._streams, self._session = streams, session
        self._events, self._texts = events, texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell, as long as somebody listens and one more is allowed."""
        if not self._streams.take(self._session):
            await Response(status_code=204)(scope, receive, send)  # a browser asks no more then
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_until_gone, receive, nursery.cancel_scope)
                await self._tell(send)
                await send({"type": "http.response.body", "body": b""})
                nursery.cancel_scope.cancel()
        finally:
            self._streams.release(self._session)

    async def _tell(self, send: Send) -> None:
        known: Mapping[str, str] = {}
        last = trio.current_time()
        await _put(send, f"retry: {AGAIN_MS}\n\n")
        with self._events.listen() as events:
            while True:
                texts = self._texts()
                if texts is None:
                    return
                news = {name: text for name, text in texts.items() if known.get(name) != text}
                if news:
                    await _put(send, f"data: {json.dumps(news)}\n\n")
                    known, last = texts, trio.current_time()
                elif trio.current_time() - last >= COMMENT_SECONDS:
                    await _put(send, ": nothing new\n\n")
                    last = trio.current_time()
                await trio.sleep(PAUSE_SECONDS)
                with trio.move_on_after(LOOK_SECONDS):
                    await events.receive()
                _forget(events)


def _forget(events: trio.MemoryReceiveChannel[Event]) -> None:
    """What happened meanwhile is seen by looking, once for all of it."""
    try:
        while True:
            events.receive_nowait()
    except trio.WouldBlock:
        return


async def _put(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _until_gone(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
