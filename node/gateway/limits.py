"""How much the guests at one address may ask of the shop window.

Every address has a bucket of tokens; a page costs one, what is cheap to send costs a tenth. A page
that takes long to make costs more, so that no address has more than half a core for itself,
whatever it searches for and however large the community is. The numbers leave room for a classroom
that opens one link at the same moment; whoever asks for more is asked to wait, and costs next to
nothing meanwhile. A holder of IPv6 has a whole /64 to ask from, so that counts as one address.
Memory is bounded: the address that was quiet for longest is forgotten first. No address is written
down anywhere.

An address that holds the key of an order can't be found by trying: each wrong one costs more.

Requests from this very machine are its owner's, or come through a proxy here. They are not counted,
unless the proxy says in X-Forwarded-For whom it asks for. Nobody else is believed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.bucket import Bucket
from node.gateway.context import Gateway
from node.gateway.problems import problem_page
from node.gateway.visit import Problem, Visit

RATE = 20.0  # tokens a second
BURST = 120.0  # tokens that an address may save up: thirty pages with all their pictures
CHEAP = 0.1  # tokens for a file that is sent as it is
CHEAP_PATHS = ("/static/", "/photo/")
WRONG_KEY = 19.0  # tokens more for the address of an order that there is not
KEYED_PATH = "/o/"
PAGE_SECONDS = 0.025  # of making a page that one token pays for; ten times what most pages take
WAIT_SECONDS = 3  # what a guest who asked for too much is told to wait
REMEMBERED = 4096  # addresses, at about 300 bytes
CONNECTIONS = 64  # at a time from one address; a browser opens six


class Guests:
    """The buckets of the addresses that asked last."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def may(self, address: str, cost: float) -> bool:
        """Whether this address had `cost` tokens left; they are spent."""
        now = self._monotonic()
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(size=BURST, rate=RATE, now=now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(address)
        return bucket.take(cost, now)

    def took(self, address: str, seconds: float) -> None:
        """A page for this address was so long in the making."""
        if seconds > PAGE_SECONDS:
            self.owes(address, seconds / PAGE_SECONDS - 1)

    def owes(self, address: str, cost: float) -> None:
        """Something that this address was answered turned out to cost so much more."""
        bucket = self._buckets.get(address)
        if bucket is not None:
            bucket.owe(cost, self._monotonic())

    def __len__(self) -> int:
        return len(self._buckets)


class Limits:
    """ASGI middleware of the shop window: answers 429 to an address that asked for too much."""

    def __init__(self, app: ASGIApp, *, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway
        self._guests = Guests(gateway.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or ask its sender to wait."""
        address = asking(scope) if scope["type"] == "http" else None
        cheap = scope.get("path", "").startswith(CHEAP_PATHS)
        if address is None or self._guests.may(address, CHEAP if cheap else 1.0):
            keyed = scope.get("path", "").startswith(KEYED_PATH)
            timed = send if address is None or cheap else self._timed(address, send, keyed)
            await self._app(scope, receive, timed)
            return
        visit = Visit(self._gateway, Request(scope, receive), "shop")
        t = visit.words.gettext
        problem = Problem(
            429,
            t("One moment, please"),
            t(
                "Very many pages were asked for from your connection in a short time; wait a few "
                "seconds, then load this one again."
            ),
        )
        answer = problem_page(visit, problem, bare=True)
        answer.headers["Retry-After"] = str(WAIT_SECONDS)
        await answer(scope, receive, send)

    def _timed(self, address: str, send: Send, keyed: bool) -> Send:
        """`send`, which notes how long a page was in the making, and a key that opens nothing.

        Nothing is waited for while a page is made, so all of that is this machine's time; how long
        its reader then takes for it is not.
        """
        began = self._gateway.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._guests.took(address, self._gateway.monotonic() - began)
                if keyed and message["status"] == 404:
                    self._guests.owes(address, WRONG_KEY)
            await send(message)

        return noting


def asking(scope: Scope) -> str | None:
    """Whose request this is, as `counted` names them; None for this machine's own."""
    client = scope.get("client")
    address = counted(client[0]) if client else None
    if address is not None or not client:
        return address
    last = Headers(scope=scope).getlist("x-forwarded-for")[-1:]
    return counted(last[0].rpartition(",")[2].strip()) if last else None


def counted(text: str) -> str | None:
    """What an address is counted as: itself, or its /64; None for this machine and for no address.

    `text` may carry a port, as some proxies write it.
    """
    address = _read(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address is None or address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:80`, `::1`, `fe80::1%eth0` or `[::1]:80`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
