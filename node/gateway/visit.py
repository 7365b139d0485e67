"""One request as a page sees it: who is reading, in which language, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from governance.charter import Charter
from node.gateway import words as languages
from node.gateway.context import Gateway
from node.gateway.templating import environment
from node.gateway.words import Words
from storage.store import Store

Audience = Literal["desk", "shop"]


class Problem(Exception):
    """A page can't be shown; `text` tells the reader why, `title` heads that page."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.title = title
        self.text = text


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to one of the two apps."""

    gateway: Gateway
    request: Request
    audience: Audience

    @property
    def store(self) -> Store:
        """What pages read."""
        return self.gateway.store

    @property
    def words(self) -> Words:
        """The reader's language."""
        return languages.choose(self.request.headers.get("accept-language", ""))

    @property
    def guests(self) -> bool:
        """Whether only what everyone may see is to be shown."""
        return self.audience == "shop"

    @property
    def charter(self) -> Charter:
        """The charter in force. Problem while nothing of the community is here."""
        charter = self.gateway.facts.charter()
        if charter is None:
            t = self.words.gettext
            raise Problem(
                503,
                t("Nothing here yet"),
                t(
                    "This node has not heard from its community yet. It goes on trying by itself; "
                    "look again in a while."
                ),
            )
        return charter

    @property
    def shows_listings(self) -> bool:
        """Whether this reader may see any listing."""
        return not self.guests or self.charter.guests.see_listings

    @property
    def shows_members(self) -> bool:
        """Whether this reader may see profiles and who belongs."""
        return not self.guests or self.charter.guests.see_members

    def require_listings(self) -> None:
        """Problem unless this reader may see listings."""
        if not self.shows_listings:
            t = self.words.gettext
            raise Problem(
                403,
                t("For members only"),
                t("This community shows its listings to its members only."),
            )

    def require_members(self) -> None:
        """Problem unless this reader may see members; said before anybody is looked up."""
        if not self.shows_members:
            t = self.words.gettext
            raise Problem(
                403,
                t("For members only"),
                t("This community shows to guests who made a thing, and no more about its people."),
            )

    def render(
        self, template: str, /, *, status: int = 200, bare: bool = False, **values: object
    ) -> Response:
        """The template as a page. `bare` leaves out everything that is read from the store."""
        charter = None if bare else self.gateway.facts.charter()
        html = (
            environment(self.words)
            .get_template(template)
            .render(
                values,
                audience=self.audience,
                bare=bare or charter is None,
                community=charter.name if charter else "",
                owner="" if bare else self.gateway.name(),
                path=self.request.url.path,
            )
            .encode("utf-8", "replace")  # a lone surrogate in a stranger's text
        )
        if self.audience == "desk":
            return HTMLResponse(html, status, {"Cache-Control": "no-store"})
        return self._revalidated(html, status)

    def _revalidated(self, html: bytes, status: int) -> Response:
        """A guest's browser keeps a page and asks whether it is still the same: a few bytes."""
        headers = {"Cache-Control": "private, no-cache"}
        if status != 200:
            return HTMLResponse(html, status, headers)
        tag = f'W/"{sha256(html).hexdigest()[:20]}"'
        headers["ETag"] = tag
        known = self.request.headers.get("if-none-match", "")
        if tag in (part.strip() for part in known.split(",")):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(html, status, headers)
