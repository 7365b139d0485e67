"""One address, two applications after each other: the first-run pages, then the desk.

Who asks while neither is there, since the node is only just starting, waits for a moment and
notices nothing.
"""

from __future__ import annotations

import trio
from starlette.types import ASGIApp, Receive, Scope, Send


class Switch:
    """An ASGI app that hands every request to the app it is turned to."""

    def __init__(self, app: ASGIApp | None = None) -> None:
        self._app = app
        self._turned = trio.Event()

    def turn_to(self, app: ASGIApp) -> None:
        """From here on this app answers, also those who wait."""
        self._app = app
        self._turned.set()
        self._turned = trio.Event()

    def hold(self) -> None:
        """From here on requests wait for the next app; those under way go on."""
        self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as soon as there is somebody to answer."""
        while self._app is None:
            await self._turned.wait()
        await self._app(scope, receive, send)
