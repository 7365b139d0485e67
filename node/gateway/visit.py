"""One request as a page sees it: who is reading, in which language, and how to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from governance.charter import Charter
from node import telling, welcome
from node.gateway import languages
from node.gateway.context import Gateway
from node.gateway.login import cookie_name
from node.gateway.templating import environment
from node.gateway.words import Words
from node.gateway.xmltext import xml_text
from node.home import Home
from node.trade import inbox
from protocol.errors import MoothallError
from storage.store import Store

HTML = "text/html; charset=utf-8"
_WORDS = "moothall.words"  # where a request keeps its language
Audience = Literal["desk", "shop", "setup"]
Floor = Literal["market", "hall"]  # a moot hall has the assembly above and the market below
Menu = Mapping[Floor, Sequence[tuple[str, Callable[[Words], str]]]]
LONGEST_QUERY = 500  # characters of an address that a page's own links carry on


class Problem(Exception):
    """A page can't be shown; `text` tells the reader why, `title` heads that page.

    `reason` is a word or two for programs; what HTTP calls the status where none is given.
    """

    def __init__(self, status: int, title: str, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.title = title
        self.text = text
        self.reason = reason or HTTPStatus(status).phrase.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request to one of the apps. `menu`: path and label of its main pages, by floor."""

    gateway: Gateway
    request: Request
    audience: Audience
    menu: Menu = field(default_factory=lambda: {"market": (), "hall": ()})

    @property
    def store(self) -> Store:
        """What pages read."""
        return self.gateway.store

    @property
    def home(self) -> Home:
        """The owner's home, to be written to; there is none for guests."""
        assert self.audience == "desk", "a guest's page asked for the home"  # noqa: S101
        assert self.gateway.home is not None, "no home yet"  # noqa: S101
        return self.gateway.home

    @property
    def session(self) -> str:
        """This login's cookie, checked by the guard; empty where nobody is logged in."""
        return self.request.cookies.get(cookie_name(self.request.headers.get("host", "")), "")

    @property
    def words(self) -> Words:
        """The reader's language."""
        scope = self.request.scope
        if _WORDS not in scope:  # a page asks for every text
            accepted = self.request.headers.get("accept-language", "")
            chosen = self.request.cookies.get(languages.COOKIE, "")
            scope[_WORDS] = languages.choose(accepted, chosen)
        words: Words = scope[_WORDS]
        return words

    @property
    def guests(self) -> bool:
        """Whether only what everyone may see is to be shown."""
        return self.audience == "shop"

    def require_charter(self) -> None:
        """Problem while nothing of the community is here."""
        _ = self.charter

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

    def done(self, path: str, sentence: str = "") -> Response:
        """Lead on to a page of ours that shows `sentence` once: the answer to a form."""
        if sentence:
            self.gateway.said.say(self.session, sentence)
        return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})

    def form_token(self) -> str:
        """For one form of this page."""
        return (self.gateway.guest_forms if self.guests else self.gateway.sent).token()

    def render(
        self, template: str, /, *, status: int = 200, bare: bool = False, **values: object
    ) -> Response:
        """The template as a page. `bare` leaves out everything that is read from the store."""
        bare = bare or self.gateway.home is None
        charter = None if bare else self.gateway.facts.charter()
        said = [] if self.guests or bare else self.gateway.said.take(self.session)
        html = (
            environment(self.words)
            .get_template(template)
            .render(
                values,
                audience=self.audience,
                bare=bare or charter is None,
                community=charter.name if charter else "",
                followed=charter is not None and charter.guests.see_listings,
                decisions_followed=charter is not None and charter.guests.see_members,
                owner="" if bare else self.gateway.name(),
                path=self.request.url.path,
                here=self._here(status),
                languages=languages.LANGUAGES,
                menu={
                    floor: [(path, label(self.words)) for path, label in pages]
                    for floor, pages in self.menu.items()
                },
                said=said,
                trouble=None if self.guests or bare else self._trouble(),
                next_step=self._next_step(),
                awaited=None if bare else self._awaited(),
                inbox_count=0 if bare else self._inbox_count(),
                form_token=self.form_token,
            )
        )
        return self.document(xml_text(html).encode(), HTML, status=status)

    def _trouble(self) -> str | None:
        """Why nothing can be written at the moment."""
        trouble = self.store.trouble
        return None if trouble is None else telling.trouble(trouble.reason, self.words.gettext)

    def _next_step(self) -> tuple[int, int] | None:
        """Which of the first steps in a new home is next, of how many; None once all are taken."""
        if self.audience != "desk" or self.gateway.home is None:
            return None
        steps = welcome.remaining(self.store)
        return (welcome.number(steps[0]), welcome.ALL) if steps else None

    def _awaited(self) -> Mapping[str, Sequence[Mapping[str, Any]]] | None:
        """Votes that wait for the owner and what is decided about them; None where nothing does.

        Every page says it, and the page that checks the store must open on a damaged one.
        """
        if self.audience != "desk" or self.gateway.home is None:
            return None
        try:
            found = self.gateway.facts.waiting(self.gateway.owner)
        except MoothallError:
            return None
        return found if found["votes"] or found["concerning"] else None

    def _inbox_count(self) -> int:
        """How many things are in the owner's inbox; the same holds for it."""
        if self.audience != "desk" or self.gateway.home is None:
            return 0
        home = self.gateway.home
        try:
            return self.gateway.facts.inbox(lambda: len(inbox.items(home)))
        except MoothallError:
            return 0

    def _here(self, status: int) -> str:
        """Where this very page can be read again, for links that lead back to it; or nothing.

        A page about a problem holds no address: what is hidden and what never was look the same.
        """
        if status != 200 or self.request.method == "POST":
            return ""
        url = self.request.url
        return f"{url.path}?{url.query}" if 0 < len(url.query) < LONGEST_QUERY else url.path

    def document(self, body: bytes, media_type: str, *, status: int = 200) -> Response:
        """Something whole to read: a page, a feed, an answer of the API.

        A guest's program keeps it and asks whether it is still the same, which costs a few bytes.
        """
        if not self.guests:
            return Response(body, status, {"Cache-Control": "no-store"}, media_type)
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"}
        if status != 200:
            return Response(body, status, headers, media_type)
        tag = f'W/"{sha256(body).hexdigest()[:20]}"'
        headers["ETag"] = tag
        known = self.request.headers.get("if-none-match", "")
        if tag in (part.strip() for part in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(body, status, headers, media_type)
