"""The network as the rest of the node sees it: streams of framed messages between known peers.

Two implementations: `libp2p_host.Libp2pNetwork` (the real one) and the in-memory network of the
tests (latency, loss, partitions, trio's mock clock). Nothing here imports libp2p.

Rules of this file:
- A peer is named by its peer id as text (`12D3KooW...`), which the transport has proved.
- A message is one `bytes`, at most MAX_MESSAGE; framing is the implementation's business.
- Whatever goes wrong with one stream raises `LinkError` there, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import trio

from node.network.company import Company
from protocol.errors import MoothallError

if TYPE_CHECKING:
    # libp2p brings old stubs for trio, which hide trio's own types and lack this one.
    from trio_typing import TaskStatus

MAX_MESSAGE = 512 * 1024  # bytes in one framed message
MAX_GOSSIP = 64 * 1024  # bytes in one gossiped batch
# Gossip that a node passes on, its own counted with it: within what each neighbour takes from one
# peer (node.allowances), or whoever floods has those blamed who only carry it. Sync does the rest.
PASSED = 300  # messages in a burst
PASSED_A_SECOND = 30
PASSED_EACH = 100  # of those, messages that one node published
PASSED_EACH_A_SECOND = 10

LOBBY_STREAMS_EACH = 3  # streams of strangers at a time from one address
LOBBY_STREAMS = 20  # and in all
LOBBY_BYTES = 64 * 1024  # in one stranger's stream, both ways together
LOBBY_SECONDS = 10.0  # for one stranger's stream

JOIN = "/moothall/join/1"
SYNC = "/moothall/sync/1"
BLOB = "/moothall/blob/1"


class LinkError(MoothallError):
    """This stream or dial failed or ended; the peer may be gone. Nothing else is affected."""


class Link(NamedTuple):
    """One open connection with a peer, as its owner sees it."""

    peer: str  # peer id
    address: str  # multiaddress of the other end, without the peer's own /p2p/ID; "" if unknown
    inbound: bool  # the peer dialled us
    relay: str  # peer id of the relay it goes through; "" when it is direct
    since: float  # when it opened, on trio's clock
    received: int  # bytes, as they came from the wire
    sent: int


class Stream(Protocol):
    """A two-way stream of whole messages with one peer."""

    @property
    def peer(self) -> str:
        """The peer id proved by the transport's handshake."""
        ...

    async def send(self, message: bytes) -> None:
        """Send one message, waiting while the peer's window is full; LinkError if it is gone."""
        ...

    async def receive(self, limit: int = MAX_MESSAGE) -> bytes:
        """The next message; LinkError with reason `ended` at the end of the stream.

        A length prefix above `limit` raises LinkError `too-large` before anything is buffered.
        """
        ...

    async def aclose(self) -> None:
        """Close both directions; never raises, never blocks for more than a moment."""
        ...


Handler = Callable[[Stream], Awaitable[None]]
GossipCheck = Callable[[str, bytes], Awaitable[bool]]
"""(peer that handed it to us, message) -> whether to pass it on; total and quick."""


class Gate(Protocol):
    """Who may talk. Called often; must be quick and must not raise."""

    def __call__(self, peer: str) -> bool:
        """True for a member or provisional member; strangers only get the JOIN protocol."""
        ...


class Network(Protocol):
    """One node's place on the network."""

    peer_id: str

    @property
    def addresses(self) -> list[str]:
        """Own multiaddresses, each ending in `/p2p/<peer_id>`; empty before `run` has started."""
        ...

    def peers(self) -> list[str]:
        """Peer ids connected now."""
        ...

    def links(self) -> list[Link]:
        """Open connections; a peer may have two for a moment."""
        ...

    def traffic(self) -> tuple[int, int]:
        """Bytes received and sent in this life, on connections that have ended, too."""
        ...

    def relaying(self) -> dict[str, Any]:
        """`offers` (whether this node relays), `reserved_at` (peer ids of relays), `reserved`
        (members with a place here), `serving` (circuits).
        """
        ...

    def on_addresses(self, changed: Callable[[], None]) -> None:
        """Called when `addresses` changed while running, as a relay's slot came or went."""
        ...

    def handle(self, protocol: str, handler: Handler) -> None:
        """Serve `protocol`. Call before `run`. The handler's faults end its stream only."""
        ...

    def on_gossip(self, check: GossipCheck) -> None:
        """Called for each gossiped message of another node. Call before `run`."""
        ...

    def on_peer(self, changed: Callable[[str, bool], None]) -> None:
        """Called with (peer id, up) when a peer's first connection opens or its last closes."""
        ...

    def on_fault(self, said: Callable[[str, str], None]) -> None:
        """Called with (peer id, reason word) for what a member does wrong below any protocol."""
        ...

    def on_refused(self, count: Callable[[str], None]) -> None:
        """Called with a word of ours for each refusal to a peer below any protocol."""
        ...

    def consult(self, company: Company) -> None:
        """Who knows what peers are to each other. Call before `run`."""
        ...

    async def run(
        self,
        listen: Sequence[str],
        *,
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Listen and serve until cancelled; started once the addresses are bound.

        Raises LinkError `port-in-use` or `bad-address` when an address can't be used. When
        cancelled it closes its ports within 3 seconds.
        """
        ...

    async def connect(self, peer: str, addresses: Sequence[str]) -> None:
        """Be connected to `peer`, trying the addresses one by one; LinkError if none answers."""
        ...

    async def disconnect(self, peer: str) -> None:
        """Close every connection with `peer`; never raises."""
        ...

    async def open(self, peer: str, protocol: str) -> Stream:
        """A new stream to a connected peer; LinkError if it can't be had."""
        ...

    async def publish(self, message: bytes) -> None:
        """Gossip one batch of at most MAX_GOSSIP bytes, Invalid above that.

        A hint: it may be lost, and never raises LinkError.
        """
        ...

    async def refresh(self, peer: str) -> None:
        """Say that the gate may have changed its answer about `peer`; never raises.

        A connected peer that has become a member is introduced to gossip, one that no longer is
        a member is disconnected. Without a call the gate decides at the next stream or message.
        """
        ...
