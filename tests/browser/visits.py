"""What to look at: every registered page in each of its apps, and some states a page may be in.

A page that is added to the registry is visited without a line here. Its path parameters are
filled in by their names from `World.ids`; only a parameter that holds something new needs a line
there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from node.gateway.pages.registry import PAGES

# "new": of a community that was just founded; "stranger": at the desk's address without a login.
App = Literal["desk", "shop", "setup", "new desk", "new shop", "stranger"]
APPS: tuple[App, ...] = ("desk", "shop", "setup")


def fill(path: str, ids: Mapping[str, str]) -> str:
    """A path with ids for its `{names}`."""

    def look_up(found: re.Match[str]) -> str:
        name = found[1]
        if name not in ids:
            raise KeyError(
                f"{path}: no sample for {{{name}}}; add one to `World.ids` in "
                "tests/browser/world.py"
            )
        return ids[name]

    return re.sub(r"{(\w+)(?::\w+)?}", look_up, path)


@dataclass(frozen=True, slots=True)
class Visit:
    """An address of an app, with `{names}` for ids, and the status it has to answer with."""

    app: App
    path: str
    status: int = 200

    def fill(self, ids: Mapping[str, str]) -> str:
        """The address with the world's ids. KeyError tells where to add what is missing."""
        return fill(self.path, ids)

    def __str__(self) -> str:
        return f"{self.app} {self.path}"


# One page in states that its plain address does not show.
STATES = (
    Visit("shop", "/listing/{arabic}"),
    Visit("shop", "/listing/{long}"),
    Visit("shop", "/listing/{expired}"),
    Visit("shop", "/listing/{newcomers}"),
    Visit("shop", "/listing/{withdrawn}", 410),
    Visit("shop", "/listing/{members_only}", 404),
    Visit("desk", "/listing/{members_only}"),
    Visit("desk", "/listing/{withdrawn}", 410),
    Visit("desk", "/offer/{draft}"),
    Visit("shop", "/member/{emoji}"),
    Visit("desk", "/member/{contested}"),
    Visit("desk", "/member/{left}"),
    Visit("shop", "/search?q=bread&max=4.00&mode=sell&sort=price"),
    Visit("shop", "/search?q=nothing-like-it"),
    Visit("shop", "/search?page=-1&min=much&mode=steal"),
    Visit("shop", "/search?page=2"),
    Visit("shop", "/join?i={secret}"),
    Visit("shop", "/join?i=not-an-invitation", 400),
    Visit("desk", "/assembly/{star}"),
    Visit("desk", "/assembly/{irv}"),
    Visit("desk", "/assembly/{expulsion}"),
    Visit("desk", "/assembly/{picked}"),
    Visit("desk", "/orders/{asked}"),
    Visit("desk", "/orders/{done}"),
    Visit("desk", "/orders/{got}"),
    Visit("desk", "/orders/{bought}"),
    Visit("desk", "/orders/{wondered}"),
    Visit("desk", "/orders/{hosted}"),
    Visit("desk", "/orders/no-such-order", 404),
    Visit("desk", "/reviews/{got}"),
    Visit("desk", "/listing/{listing}/order", 409),
    Visit("new desk", "/orders"),
    Visit("new desk", "/inbox"),
    Visit("shop", "/listing/{stool}/order"),
    Visit("shop", "/listing/{expired}/order", 403),
    Visit("shop", "/o/{offered_key}"),
    Visit("shop", "/o/{fresh_key}?done=placed"),
    Visit("shop", "/o/{waiting_key}?done=waiting"),
    Visit("shop", "/o/not-a-key", 404),
    Visit("shop", "/no-such-page", 404),
    Visit("desk", "/no-such-page", 404),
    Visit("new shop", "/"),
    Visit("new shop", "/search"),
    Visit("new desk", "/"),
    Visit("new desk", "/invitations"),
    Visit("stranger", "/", 403),
    Visit("stranger", "/login/a-link-that-was-used", 403),
)


def visits() -> list[Visit]:
    """Every page that is HTML, in each of its apps; then the states above."""
    found = [
        Visit(app, page.path + (f"?{query.lstrip('?')}" if query else ""))
        for page in PAGES
        if page.html
        for app in APPS
        if app in page.audience
        for query in page.examples
    ]
    return [*found, *STATES]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that is sent, since what follows is a page too. What is not filled in is emptied."""

    app: App
    path: str
    button: str
    status: int = (
        422  # of the page that follows: this one with what is wrong, unless said otherwise
    )
    texts: Mapping[str, str] = field(default_factory=dict)  # by label
    ticks: int = 0  # how many of its boxes
    file: Path | None = None

    def __str__(self) -> str:
        return f"{self.app} {self.path}, {self.button}"


IMPORTS = Path(__file__).resolve().parents[1] / "fixtures" / "import"
ASKED = {"Options": "Friday", "Title": "Which day?"}
FORMS = (
    Sent("setup", "/found", "Found the community"),
    Sent("setup", "/take", "Join the community"),
    Sent("desk", "/offer", "Publish"),
    Sent("desk", "/offer", "Preview", 200, {"Title": "Bread " * 30}),
    Sent("desk", "/mine", "Show what changes", 200, {"Category": "gifts"}, ticks=3),
    Sent("desk", "/profile", "Save the profile"),
    Sent("desk", "/settings/leave", "Leave the community"),
    Sent("desk", "/assembly/new?kind=fees", "Put it to the members"),
    Sent("desk", "/assembly/new?kind=advice", "Preview", 200, ASKED),
    Sent("desk", "/listing/{theirs}/order", "Order it"),
    Sent("desk", "/listing/{theirs}/order", "Show what it comes to", 200, {"How many": "2"}),
    Sent("desk", "/orders/{asked}", "Send"),
    Sent("desk", "/import", "Look at it"),
    Sent("desk", "/import", "Look at it", 200, {"Currency": "EUR"}, file=IMPORTS / "etsy.csv"),
)
