"""The shop window of a running node, which its owner may switch on, move and switch off.

Whether it is on, and where, is kept in the home (`shop`), so a restart changes nothing; where it
was last is kept even while it is off (`shop_at`), so that it comes back at the same address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from node.gateway.serve import serve
from node.home import Home
from protocol.errors import Refused
from storage.database import get_meta, set_meta

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from trio_typing import TaskStatus


class ShopWindow:
    """Serves `app` in `nursery`, at one `address` at a time: "HOST:PORT", None when off."""

    def __init__(self, home: Home, app: ASGIApp, nursery: trio.Nursery) -> None:
        self.address: str | None = None
        self._home = home
        self._app = app
        self._nursery = nursery
        self._scope = trio.CancelScope()
        self._ended = trio.Event()

    async def switch_on(self, host: str, port: int, *, keep: bool = True) -> str:
        """Serve there, and nowhere else; "HOST:PORT" with the port that 0 became. Without `keep`
        it stands in for the place that is kept, for now.

        Refused `port-in-use` or `bad-address`; then it goes on where it was.
        """
        before = self.address
        await self._end()
        try:
            self.address = await self._nursery.start(self._serve, host, port)
        except Refused:
            if before is not None:
                old_host, _, old_port = before.rpartition(":")
                self.address = await self._nursery.start(
                    self._serve, old_host.strip("[]"), int(old_port)
                )
            raise
        for key in ("shop", "shop_at") if keep else ("shop",):
            if get_meta(self._home.store.db, key) != self.address:  # the disk may be full
                set_meta(self._home.store.db, key, self.address)
        return self.address

    async def switch_off(self) -> None:
        """Serve no longer; guests find nothing from here on."""
        set_meta(self._home.store.db, "shop", "")
        await self._end()

    async def _serve(
        self, host: str, port: int, *, task_status: TaskStatus[str] = trio.TASK_STATUS_IGNORED
    ) -> None:
        ended = self._ended = trio.Event()
        try:
            with trio.CancelScope() as self._scope:
                await serve(self._app, host, port, task_status=task_status)
        finally:
            ended.set()

    async def _end(self) -> None:
        if self.address is not None:
            self.address = None
            self._scope.cancel()
            await self._ended.wait()
