"""What the rules say, as a page says it: in the reader's language, with names for people.

A sentence of the rules keeps its values apart (`governance.saying`). Here each value is written as
the reader's language writes it, a person gets their name and a listing its title; in a page every
value stands by itself, so that a name in another script turns nothing around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from markupsafe import Markup, escape

from governance.effects.words import ListingId, PersonId
from governance.saying import Amount, Percent, Said, Span, spoken
from node.gateway.visit import Visit
from protocol.errors import NotFound, Term
from storage.views.listing_queries import get

Sentence: TypeAlias = Markup  # a sentence as HTML, escaped
Labels: TypeAlias = Mapping[str, str]  # option id -> what it is called
_BETWEEN = re.compile(r"(, | > | → |=|>)")  # what may stand between the options of one value


def sentence(visit: Visit, what: Said, labels: Labels | None = None) -> Sentence:
    """A sentence as HTML; everything in it is escaped."""
    values = {name: _html(visit, value, labels or {}) for name, value in what.values.items()}
    text = escape(visit.words.gettext(what.text))
    return text % values if values else text


def plain(visit: Visit, what: Said, labels: Labels | None = None) -> str:
    """The same as text, for programs that read no HTML."""
    return spoken(what, visit.words.gettext, lambda value: shown(visit, value, labels or {}))


def shown(visit: Visit, value: object, labels: Labels) -> str:
    """One value of a sentence in the reader's language."""
    words = visit.words
    match value:
        case Amount(amount, currency):
            return words.money(amount, currency)
        case Percent(bps):
            return words.percent(bps)
        case Span(seconds):
            return words.duration(seconds)
        case PersonId():
            person = bytes.fromhex(value)
            return words.person(visit.gateway.facts.names().get(person, ""), person)
        case ListingId():
            return title_of(visit, value)
        case bool():
            return words.gettext("yes") if value else words.gettext("no")
        case int():
            return words.number(value)
        case Term():
            return words.gettext(value)
        case str():
            return _labelled(value, labels)
    return str(value)


def title_of(visit: Visit, listing: str) -> str:
    """What a listing is called, by its id in hex; a few digits where it is not here or hidden."""
    try:
        offer = get(visit.store, bytes.fromhex(listing))
    except (NotFound, ValueError):
        return _unknown(visit, listing)
    if visit.guests and offer.listing.audience != "everyone":
        return _unknown(visit, listing)
    return offer.listing.title


def _unknown(visit: Visit, listing: str) -> str:
    return visit.words.gettext("a listing that is not here (%(id)s)") % {"id": listing[:8]}


def _html(visit: Visit, value: object, labels: Labels) -> Markup:
    if isinstance(value, Said):
        return sentence(visit, value, labels)
    text = shown(visit, value, labels)
    if isinstance(value, str) and not isinstance(value, Term):
        return Markup("<bdi>{}</bdi>").format(text)
    return escape(text)


def _labelled(text: str, labels: Labels) -> str:
    """A value with its options by name, where it is made of options alone; else as it is."""
    if not labels:
        return text
    parts = _BETWEEN.split(text)
    if all(part in labels for part in parts[::2]):
        return "".join(labels.get(part, part) for part in parts)
    return text
