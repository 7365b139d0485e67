"""What a page is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from node.gateway.forms import Form
from node.gateway.visit import Audience, Floor, Visit
from node.gateway.words import Words

BOTH: frozenset[Audience] = frozenset({"desk", "shop"})
DESK: frozenset[Audience] = frozenset({"desk"})
SHOP: frozenset[Audience] = frozenset({"shop"})
SETUP: frozenset[Audience] = frozenset({"setup"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A path, and what answers there. Endpoints run in the node's thread, like its store."""

    path: str  # in Starlette's notation; a parameter is named for what it holds, as {listing}
    name: str
    endpoint: Callable[[Visit], Awaitable[Response]]  # GET and HEAD; changes nothing
    audience: frozenset[Audience]
    post: Callable[[Visit, Form], Awaitable[Response]] | None = None  # guests': on theirs alone
    upload: int = 0  # bytes of files that a post may bring
    public: bool = False  # a desk's page that needs no login
    secret: bool = False  # nobody keeps its address or content, or finds it by searching
    html: bool = True  # False for a feed, a picture, a redirect
    menu: Callable[[Words], str] | None = None  # what the menu of its floor calls it
    floor: Floor = "market"
    examples: tuple[str, ...] = ("",)  # queries that show the page in its different states
