"""An assembly in the village: Ana counts, Ben votes too, Eva is new and looks on.

A vote opens at once, lasts a week, and takes effect two days after; ballots can be changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from governance.templates import template
from node import teller
from node.assembly import casting, proposing
from node.gateway.apps import desk_app, shop_app
from node.gateway.context import Gateway
from tests.gateway.village import DAY, DESK, OPEN, Person, Village

DAY_S = 86_400
TIMES = {
    "open_s": 7 * DAY_S,
    "min_open_s": 0,
    "challenge_s": DAY_S,
    "delay_s": DAY_S,
}


class Floor(Village):
    """A village with quick rules. `methods`: kind of proposal -> voting method; `more`: charter."""

    def __init__(
        self,
        folder: Path,
        *,
        methods: dict[str, str] | None = None,
        notice_s: int = 0,
        **more: Any,
    ) -> None:
        charter: Any = template("makers-market")
        times = {**TIMES, "notice_s": notice_s}
        rules = {kind: {**rule, **times} for kind, rule in charter["rules"].items()}
        for kind, method in (methods or {}).items():
            rules[kind]["method"] = method
        short = {"expel_notice_s": 0, "expel_hearing_s": 0, "appeal_s": 3 * DAY_S}
        membership = {**charter["membership"], **short}
        super().__init__(folder, {**OPEN, "rules": rules, "membership": membership, **more})

    def act(self, days: float = 0) -> None:
        """Time goes by, everybody syncs, and Ana's node does what is due."""
        self.now += int(days * DAY)
        self.catch_up()
        teller.act(self.ana.store, self.ana.device)
        self.catch_up()

    def propose(self, who: Person, kind: str, title: str = "A question", **more: Any) -> str:
        """Write a proposal and put it to the vote; its id."""
        fields = {"text": "", "effect": {}, "options": [], **more}
        made = proposing.propose(self.home(who), kind=kind, title=title, **fields)
        self.act()
        return str(made["proposal"])

    def ask(self, who: Person, *options: str) -> str:
        """Ask for advice among these options, A, B and so on."""
        named = list(zip("ABCDEFGHIJKLMNOPQRST", options, strict=False))
        return self.propose(who, "advice", effect={"type": "advice"}, options=named)

    def vote(self, who: Person, proposal: str, choice: str, reason: str = "") -> None:
        """Cast a ballot, and let Ana's node hold it."""
        casting.cast(self.home(who), proposal, choice, reason=reason)
        self.act()


@asynccontextmanager
async def desk_of(gateway: Gateway) -> Iterator[httpx.AsyncClient]:  # type: ignore[misc]
    """The owner of this gateway's home, logged in."""
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        assert (await client.get(gateway.login_link(DESK))).status_code == 303
        yield client


@asynccontextmanager
async def guest_of(gateway: Gateway) -> Iterator[httpx.AsyncClient]:  # type: ignore[misc]
    """Somebody at this gateway's shop window."""
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client
