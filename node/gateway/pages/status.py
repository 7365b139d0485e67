"""`/status`: how this node is, in words: who is in touch, what is kept, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from node import status as states
from node import telling
from node.events import Event
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.home import DATABASE
from node.telling import Neighbour
from storage import certificates, fork_proofs
from storage.rows import standing_of
from storage.store import Store
from storage.views import members


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour in a list; `path` is empty while nobody knows whose node it is."""

    name: str
    path: str
    ago: str


@dataclass(frozen=True, slots=True)
class Fork:
    """A log with two versions; from entry `seq` on it is kept and not shown."""

    name: str
    path: str
    seq: int
    mine: bool


async def show(visit: Visit) -> Response:
    """All of it, as of now."""
    store, words = visit.store, visit.words
    near = telling.neighbours(store, visit.gateway.node.touch())
    return visit.render(
        "status.html",
        touch=touch_text(words, near),
        near=[_near(words, each) for each in near],
        odd=telling.comparison(store, visit.gateway.node.compared(), words.gettext),
        standing=visit.home.standing(),
        newcomers=members.provisional_count(store),
        kept=_kept(visit),
        height=max(0, certificates.tip(store)[0]),
        forks=[_fork(visit, device, seq) for device, _, seq in fork_proofs.forks(store)],
        faults=[
            (words.iso_moment(at), words.moment(at), telling.who(store, who), _reason(words, why))
            for at, who, why in states.faults(store)
        ],
        events=_events(visit),
    )


def _events(visit: Visit) -> list[tuple[str, str, str, int]]:
    """What happened, newest first; the same again and again is one line that says how often."""
    words, store = visit.words, visit.store
    told = (
        (at, _event(store, words, event))
        for at, event in reversed(visit.gateway.node.events.recent)
    )
    rows = []
    for sentence, group in groupby(told, key=itemgetter(1)):
        times = [at for at, _ in group]
        rows.append((words.iso_moment(times[0]), words.moment(times[0]), sentence, len(times)))
    return rows


def touch_text(words: Words, near: list[Neighbour]) -> str:
    """In how many words the node is in touch: "In touch with 4 neighbours, last heard ..."."""
    if not near:
        return words.gettext("Your node is not in touch with any other at the moment.")
    sentence = words.ngettext(
        "In touch with %(n)s neighbour, last heard %(ago)s.",
        "In touch with %(n)s neighbours, last heard %(ago)s.",
        len(near),
    )
    return sentence % {"n": words.number(len(near)), "ago": words.ago(near[0].seconds)}


def _near(words: Words, each: Neighbour) -> Near:
    if each.person is None:
        return Near(words.gettext("Somebody not known yet"), "", words.ago(each.seconds))
    name = words.person(each.name, each.person)
    return Near(name, member_path(each.person), words.ago(each.seconds))


def _kept(visit: Visit) -> dict[str, Any]:
    """Counts of what lies in this home, and the bytes it takes on disk."""
    (records,) = visit.store.db.execute("SELECT count(*) FROM record").fetchone()
    (pictures,) = visit.store.db.execute("SELECT count(*) FROM blob").fetchone()
    (aside,) = visit.store.db.execute("SELECT count(*) FROM aside").fetchone()
    files = (visit.home.path / f"{DATABASE}{end}" for end in ("", "-wal"))
    return {
        "records": records,
        "pictures": pictures,
        "aside": aside,
        "size": sum(file.stat().st_size for file in files if file.exists()),
    }


def _fork(visit: Visit, device: bytes, seq: int) -> Fork:
    known = standing_of(visit.store, device)
    person = None if known is None else known[1]
    if person is None:
        return Fork(visit.words.gettext("Somebody not known yet"), "", seq, mine=False)
    name = visit.words.person(visit.gateway.facts.names().get(person, ""), person)
    return Fork(name, member_path(person), seq, mine=person == visit.home.person)


def _reason(words: Words, reason: str) -> str:
    """What a neighbour's node did wrong."""
    t = words.gettext
    known = {
        "unreadable": t("sent something that can't be read"),
        "bad-signature": t("sent something with a signature that does not hold"),
        "bad-card": t("sent a false address"),
        "bad-message": t("sent something that is no message"),
        "too-slow": t("took too long to answer"),
    }
    return known.get(reason) or t("broke the rules of the conversation (%(reason)s)") % {
        "reason": reason
    }


def _event(store: Store, words: Words, event: Event) -> str:
    return telling.sentence(store, event, words.gettext)


PAGE = Page(
    path="/status",
    name="status",
    endpoint=show,
    audience=DESK,
    menu=lambda words: words.gettext("Your node"),
    floor="hall",
)
