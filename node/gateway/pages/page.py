"""What a page is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from node.gateway.visit import Audience, Visit

BOTH: frozenset[Audience] = frozenset({"desk", "shop"})
DESK: frozenset[Audience] = frozenset({"desk"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A path, and what answers there. `public`: a desk's page that needs no login."""

    path: str  # in Starlette's notation
    name: str
    endpoint: Callable[[Visit], Awaitable[Response]]  # runs in the node's thread, like its store
    audience: frozenset[Audience]
    public: bool = False
