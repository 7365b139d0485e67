"""What the desk's front page says about the community's decisions before anything else.

Each is a calm line with a page that says more. To add one, write a function and put it in _ALL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node import recalling, tellers, telling
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit

_QUARTER_MS = 900_000  # how long a line may be late: what waits has waited for hours


@dataclass(frozen=True, slots=True)
class Notice:
    """A line, and the page that says more: its path and what the link to it is called."""

    text: Sentence | str
    path: str
    label: str


def notices(visit: Visit) -> list[Notice]:
    """All that are to be said now."""
    return [found for look in _ALL if (found := look(visit)) is not None]


def _waiting(visit: Visit) -> Notice | None:
    """Decisions wait for tellers who are away.

    A node that is in touch with nobody can't know, and says that it is alone.
    """
    if not visit.gateway.node.touch():
        return None
    quarter = visit.gateway.clock() // _QUARTER_MS
    found = visit.gateway.facts.kept(("tellers", quarter), lambda: tellers.waiting(visit.store))
    if found is None:
        return None
    return Notice(sentence(visit, found), "/tellers", visit.words.gettext("See the tellers"))


def _recall(visit: Visit) -> Notice | None:
    """The tellers cheat, or do nothing: the members may want to replace them."""
    quarter = visit.gateway.clock() // _QUARTER_MS
    found = visit.gateway.facts.kept(("recall", quarter), lambda: recalling.reasons(visit.store))
    if not found:
        return None
    text = sentence(visit, recalling.REASONS[found[0]])
    return Notice(text, "/recall", visit.words.gettext("Replace the tellers"))


def _elect(visit: Visit) -> Notice | None:
    """It is time to elect tellers; whoever they are goes on until then."""
    found = tellers.elect(visit.store)
    if found is None:
        return None
    return Notice(sentence(visit, found), "/tellers", visit.words.gettext("See the tellers"))


def _differ(visit: Visit) -> Notice | None:
    """Somebody's node names another newest certificate, or all are of one branch."""
    said = telling.comparison(visit.store, visit.gateway.node.compared(), visit.words.gettext)
    return Notice(said[0], "/network", visit.words.gettext("See who is in touch")) if said else None


_ALL: tuple[Callable[[Visit], Notice | None], ...] = (_recall, _differ, _waiting, _elect)
