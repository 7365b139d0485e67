"""What the gateway needs from the node, and what its pages share.

One `Gateway` lives as long as the process. It may begin without a home: then only the first-run
pages work, until `begin` hands it the home that they made. The store's connection belongs to the
thread that runs the node, so everything is read and written inline, in that thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from node.comparing import NOTHING
from node.events import Events
from node.gateway.facts import Facts
from node.gateway.file_reading import FileReading
from node.gateway.forms import Sent
from node.gateway.guest_forms import GuestForms
from node.gateway.live import Streams
from node.gateway.login import LoginTokens, Sessions
from node.gateway.order_limits import OrderLimits
from node.gateway.said import Said
from node.home import Home, now_ms
from node.metrics import PAGE_SECONDS, Metrics, Timing
from node.network_view import NOWHERE, View
from node.people import own_profile
from protocol.errors import MoothallError, Refused
from protocol.lobby import Answer
from storage.store import Store

if TYPE_CHECKING:
    from node.checkup import Checkup
    from node.gateway.first_run import FirstRun
    from node.gateway.shop_window import ShopWindow


class Running(Protocol):
    """What a page may ask of the running node; cheap, and without waiting but for `bring`."""

    events: Events
    metrics: Metrics
    last_answer: Answer | None  # what the lobby said last to a newcomer

    def connections(self) -> View:
        """Who is in touch and how, and how this node can be reached."""
        ...

    def compared(self) -> Mapping[str, Any]:
        """What others say the newest certificate is, as `comparing.Comparing.result`."""
        ...

    def waiting(self) -> Mapping[str, int]:
        """How much is under way or waits its turn, by what it is."""
        ...

    def touch(self) -> Mapping[str, int]:
        """Who is in touch: peer id -> seconds since it was last heard."""
        ...

    async def bring(self, name: bytes) -> bool:
        """A page shows the picture of this hash: whether it is here, after some seconds at most."""
        ...


class Alone:
    """Stands in for a node that does not run: nobody is in touch and nothing happens."""

    def __init__(self) -> None:
        self.events = Events()
        self.metrics = Metrics()
        self.last_answer: Answer | None = None

    def connections(self) -> View:
        """Nobody, nowhere."""
        return NOWHERE

    def compared(self) -> Mapping[str, Any]:
        """Nobody says anything."""
        return NOTHING

    def waiting(self) -> Mapping[str, int]:
        """Nothing."""
        return {}

    def touch(self) -> Mapping[str, int]:
        """Nobody."""
        return {}

    async def bring(self, name: bytes) -> bool:
        """Nobody brings anything."""
        return False


@dataclass(kw_only=True)
class Gateway:
    """One node's web side, shared by its desk, its shop window and the first-run pages."""

    secret: bytes  # signs the desk's cookies and forms
    home: Home | None = None
    node: Running = field(default_factory=Alone)
    desk_hosts: set[str] = field(default_factory=set)  # Host headers that the desk answers to
    clock: Callable[[], int] = now_ms  # milliseconds since 1970, for the age of logins and forms
    monotonic: Callable[[], float] = time.monotonic
    login_tokens: LoginTokens = field(default_factory=LoginTokens)
    sessions: Sessions = field(init=False)
    sent: Sent = field(init=False)
    guest_forms: GuestForms = field(init=False)
    order_limits: OrderLimits = field(init=False)
    page_seconds: dict[str, Timing] = field(default_factory=dict)  # by app
    said: Said = field(default_factory=Said)
    streams: Streams = field(default_factory=Streams)
    first_run: FirstRun | None = None  # where a command makes the home, or may give it up again
    shop_window: ShopWindow | None = None  # while the node runs, and so is the next
    checkup: Checkup | None = None
    file_reading: FileReading = field(default_factory=FileReading)
    _facts: Facts | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret that signs the desk's cookie needs 16 bytes or more")
        self.sessions = Sessions(self.secret, lambda: self.clock())
        self.sent = Sent(self.secret, lambda: self.clock())
        self.guest_forms = GuestForms(self.secret, lambda: self.clock())
        self.order_limits = OrderLimits(self.monotonic)
        if self.home is not None:
            self.begin(self.home, self.node)

    def answered(self, app: str, seconds: float) -> None:
        """A page of this app began to be answered so long after it was asked for."""
        self.page_seconds.setdefault(app, Timing(PAGE_SECONDS)).add(seconds)

    def begin(self, home: Home, node: Running) -> None:
        """From here on there is a home, and a node that runs it."""
        self.home, self.node = home, node
        self._facts = Facts(home.store, self.monotonic)

    def end(self) -> None:
        """There is no home any more; logins stay good."""
        self.home, self.node, self._facts = None, Alone(), None
        self.shop_window, self.checkup = None, None
        self.file_reading.forget()

    @property
    def store(self) -> Store:
        """What pages read."""
        return self._open.store

    @property
    def facts(self) -> Facts:
        """What nearly every page asks of the store."""
        assert self._facts is not None, "no home yet"  # noqa: S101
        return self._facts

    def name(self) -> str:
        """What this node's owner is called; empty where their own profile can't be read.

        Every page says it, and the page that checks the store must open on a damaged one.
        """
        try:
            return self.facts.own_name(lambda: own_profile(self._open).name)
        except MoothallError:
            return ""

    @property
    def owner(self) -> bytes:
        """This node's owner: their person key."""
        return self._open.person

    @property
    def _open(self) -> Home:
        assert self.home is not None, "no home yet"  # noqa: S101
        return self.home

    def desk_is_at(self, address: str) -> None:
        """The desk answers at this "127.0.0.1:PORT": allow that Host and `localhost:PORT`.

        Raises Refused `desk-address` for any other address: nobody else may come near a desk.
        """
        host, _, port = address.rpartition(":")
        if host != "127.0.0.1":
            raise Refused(
                "desk-address",
                "A desk listens on 127.0.0.1 alone, not on %(host)s; nothing was started. "
                "For others there is the shop window.",
                host=host,
            )
        self.desk_hosts.update({f"127.0.0.1:{port}", f"localhost:{port}"})
        if port == "80":
            self.desk_hosts.update({"127.0.0.1", "localhost"})

    def login_link(self, address: str) -> str:
        """A link that logs its owner in at the desk, once."""
        return f"http://{address}/login/{self.login_tokens.issue()}"
