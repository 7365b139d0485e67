"""How the owner of this node knows the maker of a listing, in one sentence.

It tells who invited whom, so only those who may see members read it.
"""

from __future__ import annotations

from markupsafe import Markup

from governance.acquaintance import Way, way
from node.gateway.visit import Visit


def sentence(visit: Visit, maker: bytes) -> Markup:
    """The sentence as HTML; empty for who may not see members, or when the maker is unknown."""
    members = visit.gateway.facts.members()
    owner = visit.gateway.owner
    if not visit.shows_members or maker not in members or owner not in members:
        return Markup("")
    if visit.audience == "desk" and maker == owner:
        return Markup("{}").format(visit.words.gettext("This is your own."))
    found = way({each.person: each.inviter for each in members.values()}, owner, maker)
    names = {
        key: Markup("<bdi>{}</bdi>").format(_name(visit, person))
        for key, person in _people(found, owner, maker).items()
    }
    text = _texts(visit)[None if found is None else (len(found.up), len(found.down))]
    return Markup(text) % {**names, "community": visit.charter.name}


def _people(found: Way | None, owner: bytes, maker: bytes) -> dict[str, bytes]:
    """Who is who in the sentences: `a` is the owner, `z` the maker, the others stand between."""
    if found is None:
        return {"a": owner, "z": maker}
    between = [person for person in (*found.up, *found.down) if person != maker]
    return {"a": owner, "z": maker, **dict(zip("bc", between, strict=False))}


def _texts(visit: Visit) -> dict[tuple[int, int] | None, str]:
    """By how many invitations lead up from the owner, and then down to the maker."""
    t = visit.words.gettext
    return {
        (0, 0): t("This is %(a)s's own."),
        (0, 1): t("%(a)s invited %(z)s."),
        (0, 2): t("%(a)s invited %(b)s, who invited %(z)s."),
        (0, 3): t("%(a)s invited %(b)s, who invited %(c)s, who invited %(z)s."),
        (1, 0): t("%(z)s invited %(a)s."),
        (2, 0): t("%(z)s invited %(b)s, who invited %(a)s."),
        (3, 0): t("%(z)s invited %(c)s, who invited %(b)s, who invited %(a)s."),
        (1, 1): t("%(z)s was invited by %(b)s, as %(a)s was."),
        (1, 2): t("%(b)s invited %(a)s, and %(c)s too, who invited %(z)s."),
        (2, 1): t("%(c)s invited %(z)s, and %(b)s too, who invited %(a)s."),
        None: t("Both %(a)s and %(z)s are members of %(community)s."),
    }


def _name(visit: Visit, person: bytes) -> str:
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)
