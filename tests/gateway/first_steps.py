"""A first run as a browser meets it, with everything real but the network."""

from __future__ import annotations

from pathlib import Path

import httpx

from node import home as homes
from node.gateway.apps import desk_app, setup_app
from node.gateway.context import Alone, Gateway
from node.gateway.first_run import FirstRun
from node.gateway.switch import Switch
from storage.database import set_meta
from tests.gateway.village import DESK

ADDRESSES = '["/ip4/192.0.2.1/tcp/4001"]'


class Beginning:
    """Somebody's first run; `client` is logged in, `run_node` does what the command does then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.node = Alone()
        self.switch = Switch()
        self.gateway = Gateway(secret=b"0123456789abcdef0123456789abcdef")
        self.gateway.desk_is_at(DESK)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.switch),
            base_url=f"http://{DESK}",
            timeout=10,
        )
        self._set_up()

    def _set_up(self) -> None:
        self.first = self.gateway.first_run = FirstRun(self.folder, self.switch)
        self.switch.turn_to(setup_app(self.gateway))

    async def log_in(self) -> httpx.Response:
        return await self.client.get(self.gateway.login_link(DESK))

    async def run_node(self) -> homes.Home:
        """The home that was made, run by a node that listens but meets nobody."""
        home = await self.first.home()
        home.told = lambda: None
        set_meta(home.store.db, "addresses", ADDRESSES)
        self.gateway.begin(home, self.node)
        self.switch.turn_to(desk_app(self.gateway))
        return home

    async def take_away(self) -> None:
        """The home that was given up is gone, and another can be made."""
        await self.first.given_up()
        home = self.gateway.home
        assert home is not None
        home.close()
        homes.unmake(home)
        self.gateway.end()
        self._set_up()

    async def end(self) -> None:
        await self.client.aclose()
        if self.gateway.home is not None:
            self.gateway.home.close()
