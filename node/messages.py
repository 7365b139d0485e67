"""Messages between members: who wrote with whom, what about, and how far each has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from node import market, people, post
from node.home import Home
from node.post import MESSAGES, ORDER, Letter
from node.status import rfc3339
from protocol.errors import NotFound, Refused, Term
from protocol.letters.message import MAX_TEXT, Message
from storage.views import listing_queries, profiles
from storage.views.members import Member

SHORTEST = 8  # digits of an id


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """The messages with one person; `newest` is the last of them."""

    person: bytes
    name: str
    letters: int
    unread: int
    newest: Letter


def send(home: Home, member: Member, text: str, about: bytes | None = None) -> Letter:
    """Write to somebody; Refused when they, or the words, can't be written to or sent."""
    said = text.strip("\n")
    market.check_text(Term("message"), said, MAX_TEXT, lines=True)
    if not said.strip():
        raise Refused("empty", "There is nothing in this message; nothing was sent.")
    sent = post.by_id(home, post.write(home, member.person, said, about=about))
    assert sent is not None  # noqa: S101 - it was just written
    return sent


def topic(home: Home, text: str) -> bytes:
    """The order or the listing with this id, or with the first 8 digits or more of it."""
    wanted = text.strip().lower()
    orders = [each.id for each in post.threads(home) if each.sort == ORDER]
    found = [each for each in orders if len(wanted) >= SHORTEST and each.hex().startswith(wanted)]
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=text,
        )
    if found:
        return found[0]
    try:
        return listing_queries.resolve(home.store, text)
    except NotFound as error:
        raise NotFound(
            "no-topic", "There is no order and no listing %(text)s here.", text=text
        ) from error


def conversations(home: Home) -> list[Conversation]:
    """With everybody, the one with the newest message first."""
    names = profiles.names(home.store)
    found = []
    for each in post.threads(home):
        newest = post.by_id(home, each.newest) if each.sort == MESSAGES else None
        if newest is not None:
            found.append(
                Conversation(
                    person=each.id,
                    name=names.get(each.id, ""),
                    letters=each.letters,
                    unread=each.unread,
                    newest=newest,
                )
            )
    return found


def conversation(home: Home, person: bytes) -> list[Letter]:
    """The messages with a person, oldest first."""
    return post.thread(home, person, MESSAGES)


def count(home: Home, person: bytes) -> int:
    """How many messages there are with a person."""
    wanted = (MESSAGES, person)
    return sum(each.letters for each in post.threads(home) if (each.sort, each.id) == wanted)


def find(home: Home, text: str) -> Letter:
    """A message by its id, or the first 8 digits or more of it."""
    found = post.find(home, text)
    if found.kind != "message":
        raise NotFound("no-letter", "That letter is part of an order: `moothall order show`.")
    return found


def resolve(home: Home, text: str) -> Member:
    """Whom a message is to go to; Refused for oneself."""
    found = people.resolve(home, text)
    if found.person == home.person:
        raise Refused("oneself", "That is yourself; nothing was sent.")
    return found


def subject(home: Home, about: bytes) -> tuple[str, str]:
    """(`order`, "") or (`listing`, its title); ("", "") for what is not here."""
    try:
        return "listing", listing_queries.get(home.store, about).listing.title
    except NotFound:
        known = any(each.sort == ORDER and each.id == about for each in post.threads(home))
        return ("order", "") if known else ("", "")


def data(home: Home, letter: Letter) -> dict[str, Any]:
    """A message as commands answer it. `delivery` is of one's own, null of others'."""
    said: Message = letter.body
    delivery = post.delivery_of(home, letter) if letter.mine else None
    return {
        "id": letter.id.hex(),
        "from": letter.person.hex(),
        "to": said.to.hex(),
        "mine": letter.mine,
        "text": said.text,
        "about": None if said.about is None else said.about.hex(),
        "reply": None if said.reply is None else said.reply.hex(),
        "at": rfc3339(letter.written_ms),
        "received": rfc3339(letter.received_ms),
        "unread": letter.unread,
        "delivery": None
        if delivery is None
        else {"state": delivery.state, "nodes": delivery.nodes},
    }
