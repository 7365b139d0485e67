"""The apps over a world, on ports of loopback, served from a thread of their own.

Beside the world's desk and shop window there are those of a community that was just founded, and
the first-run pages. The stores belong to that thread; others ask for what they need through `Site`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import trio
from starlette.applications import Starlette

from node import network_view
from node.checkup import Checkup
from node.events import Events
from node.gateway.apps import desk_app, setup_app, shop_app
from node.gateway.context import Alone, Gateway
from node.gateway.first_run import FirstRun
from node.gateway.serve import serve
from node.gateway.shop_window import ShopWindow
from node.gateway.switch import Switch
from node.network.links import Link
from node.network.peer_id import peer_id_of
from node.network_view import View
from tests.browser.visits import App
from tests.browser.world import World

SECRET = bytes(range(32))
LOOPBACK = "127.0.0.1"


class Neighbourly(Alone):
    """Stands in for a node that runs: in touch with all others, and with somebody unknown."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.events = Events(lambda: world.now)
        self._devices = [*(home.device for home in world.others), bytes(32)]
        for home in world.others:
            self.events.tell("peer-up", peer=peer_id_of(home.device))
        self.events.tell("record", count=300)
        self.events.tell("certificate", height=3, id="00" * 32)

    def connections(self) -> View:
        """Some dialled, some dialled us, one comes over another's node."""
        peers = [peer_id_of(device) for device in self._devices]
        now, ways = self._world.now, [(False, ""), (True, ""), (True, peers[0])]
        links = [
            Link(peer, "/ip4/192.0.2.7/tcp/4001", *ways[n % 3], 60.0 * n, 10**4 * 7**n, 2000 * n)
            for n, peer in enumerate(peers)
        ]
        rows = network_view.rows(self._world.ana.store, links, now=86_400.0, now_ms=now)
        return replace(
            network_view.NOWHERE,
            rows=tuple(rows),
            known=len(peers),
            addresses=("/ip4/192.0.2.1/tcp/4001/p2p/" + peers[-1],),
            since_ms=now - 86_400_000,
            dialled_ms={network_view.LAN: now - 3_600_000},
            lan={"on": True, "seen": 1, "why": None},
            compared={"peers": len(peers) - 1, "same": len(peers) - 1, "differ": []},
        )

    def touch(self) -> Mapping[str, int]:
        """Peer id -> seconds since it was last heard."""
        return {peer_id_of(device): 20 * n for n, device in enumerate(self._devices)}


@dataclass
class Site:
    """Where the apps answer, as `http://HOST:PORT`, and the ids that fill in their paths."""

    ids: dict[str, str]
    origins: dict[App, str] = field(default_factory=dict)
    issue: dict[App, Callable[[], str]] = field(default_factory=dict)

    def login(self, app: App) -> str | None:
        """A link that logs its owner in, once; None where nobody has to."""
        return self.issue[app]() if app in self.issue else None


@contextmanager
def serving(make: Callable[[Path], World], folder: Path) -> Iterator[Site]:
    """Make a world in `folder` and serve it until the `with` ends."""
    ready: queue.Queue[Site | BaseException] = queue.Queue()
    stop = trio.CancelScope()
    token: list[trio.lowlevel.TrioToken] = []

    async def work() -> None:
        token.append(trio.lowlevel.current_trio_token())
        with closing(make(folder)) as world, closing(World(folder / "new")) as new, stop:
            async with trio.open_nursery() as nursery:
                ready.put(await _serve(world, new, nursery))

    def run() -> None:
        try:
            trio.run(work)
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            ready.put(error)

    thread = threading.Thread(target=run, name="site")
    thread.start()
    site = ready.get()
    if isinstance(site, BaseException):
        thread.join()
        raise site
    try:
        yield site
    finally:
        token[0].run_sync_soon(stop.cancel)
        thread.join()


async def _serve(world: World, new: World, nursery: trio.Nursery) -> Site:
    site = Site(world.ids)
    owned = Gateway(secret=SECRET, home=world.ana, node=Neighbourly(world), clock=lambda: world.now)
    first = Gateway(secret=SECRET, home=new.ana, clock=lambda: new.now)
    nowhere = FirstRun(world.folder / "first run", Switch())
    begun = Gateway(secret=SECRET, clock=lambda: world.now, first_run=nowhere)
    desks: list[tuple[App, Gateway, Callable[[Gateway], Starlette]]] = [
        ("desk", owned, desk_app),
        ("new desk", first, desk_app),
        ("setup", begun, setup_app),
    ]
    for app, gateway, made in desks:
        address = await nursery.start(serve, made(gateway), LOOPBACK, 0)
        gateway.desk_is_at(address)
        site.origins[app] = f"http://{address}"
        site.issue[app] = partial(gateway.login_link, address)
    shops: list[tuple[App, Gateway, World]] = [
        ("shop", owned, world),
        ("new shop", first, new),
    ]
    for app, gateway, community in shops:
        window = gateway.shop_window = ShopWindow(community.ana, shop_app(gateway), nursery)
        gateway.checkup = Checkup(community.ana, nursery)
        site.origins[app] = f"http://{await window.switch_on(LOOPBACK, 0)}"
    site.origins["stranger"] = site.origins["desk"]
    return site
