"""What the gateway needs from the node, and the facts that many pages share.

Pages read views and fill templates; nothing here or there writes. The store's connection belongs
to the thread that runs the node, so everything is read inline, in that thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from node.gateway.facts import Facts
from node.gateway.login import LoginTokens, Sessions
from protocol.errors import Refused
from storage.store import Store


@dataclass(kw_only=True)
class Gateway:
    """One node's web side, shared by its desk and its shop window.

    `status` is asked on every visit to the desk's front page, so it has to be cheap: of what it
    gives, only `peers`, the number of neighbours in touch, is read so far.
    """

    store: Store
    name: Callable[[], str]  # what this node's owner is called
    status: Callable[[], Mapping[str, object]]
    secret: bytes  # of this home: signs the desk's cookie
    desk_hosts: set[str] = field(default_factory=set)  # Host headers that the desk answers to
    monotonic: Callable[[], float] = time.monotonic
    login_tokens: LoginTokens = field(default_factory=LoginTokens)
    sessions: Sessions = field(init=False)
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret that signs the desk's cookie needs 16 bytes or more")
        self.sessions = Sessions(self.secret, self.store.now_ms)
        self.facts = Facts(self.store, self.monotonic)

    def desk_is_at(self, address: str) -> None:
        """The desk answers at this "127.0.0.1:PORT": allow that Host and `localhost:PORT`.

        Raises Refused `desk-address` for any other address: nobody else may come near a desk.
        """
        host, _, port = address.rpartition(":")
        if host != "127.0.0.1":
            raise Refused(
                "desk-address",
                f"A desk listens on 127.0.0.1 alone, not on {host}; nothing was started. "
                "For others there is the shop window.",
            )
        self.desk_hosts.update({f"127.0.0.1:{port}", f"localhost:{port}"})
        if port == "80":
            self.desk_hosts.update({"127.0.0.1", "localhost"})

    def login_link(self, address: str) -> str:
        """A link that logs its owner in at the desk, once."""
        return f"http://{address}/login/{self.login_tokens.issue()}"
