"""Writing a proposal: refused, with what to change, unless it can be put to the vote as it is.

Its text stays for good, like everything in `gov`; so whoever writes one is told before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from governance.certified import Certified
from governance.effects.registry import EFFECTS
from governance.opening import first_opening
from node import people
from node.assembly import finding
from node.assembly.member import member_state
from node.home import Home
from node.importing.prices import minor_units
from node.market import check_text
from protocol.codec import encode
from protocol.errors import Invalid, Refused, Term
from protocol.kinds.proposal import (
    MAX_OPTION_TEXT,
    MAX_OPTIONS,
    MAX_TEXT,
    MAX_TITLE,
    OPTION_ID,
    STATUS_QUO,
    Proposal,
)
from protocol.records import MAX_BODY, ZERO
from storage.own import Draft
from storage.views import listing_queries

Options = Sequence[tuple[str, str]]


class OfHome:
    """What a member's own words stand for: people, listings, money."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.me = home.person

    def person(self, text: str) -> bytes:
        """A person by id, prefix or name."""
        return people.resolve(self._home, text).person

    def listing(self, text: str) -> bytes:
        """A listing by id or prefix."""
        return listing_queries.resolve(self._home.store, text)

    def money(self, text: str, currency: str) -> int:
        """Minor units of a typed amount."""
        return minor_units(text, currency)


def propose(
    home: Home,
    *,
    kind: str | None,
    title: str,
    text: str,
    effect: Mapping[str, Any],
    options: Options = (),
) -> dict[str, Any]:
    """Write a proposal; `effect` is as a member types it. `problem` says why it waits, if it does.

    Without a `kind` it is the one that such an effect comes under.
    """
    state = member_state(home, Term("propose something"))
    wanted = draft_of(
        home, state, kind=kind, title=title, text=text, effect=effect, options=options
    )
    (record,) = home.append([Draft("proposal", wanted.body())])
    found = finding.get(home.store, finding.state_of(home.store), record)
    problem = None if found.vote is not None else finding.draft(home.store, found).problem
    return {"proposal": record.hex(), "problem": problem}


def draft_of(
    home: Home,
    state: Certified,
    *,
    kind: str | None,
    title: str,
    text: str,
    effect: Mapping[str, Any],
    options: Options,
) -> Proposal:
    """The proposal as it would be written; Refused with what to change."""
    title, text = " ".join(title.split()), text.replace("\r\n", "\n").strip()
    if not title:
        raise Refused("no-title", "A proposal needs a title; nothing was written.")
    check_text(Term("title"), title, MAX_TITLE)
    check_text(Term("text"), text, MAX_TEXT, lines=True)
    name = effect.get("type")
    sort = EFFECTS.get(name) if isinstance(name, str) else None
    if sort is None:
        raise Refused(
            "bad-effect",
            "The effect needs a type, one of %(types)s. Nothing was written.",
            types=", ".join(EFFECTS),
        )
    chosen = kind or sort.kinds[0]
    if chosen not in sort.kinds:
        raise Refused(
            "bad-kind",
            "An effect %(type)s comes under the kind %(kinds)s, not %(kind)s. Nothing was written.",
            type=sort.name,
            kinds=", ".join(sort.kinds),
            kind=chosen,
        )
    wanted = Proposal(
        kind=chosen,
        title=title,
        text=text,
        effect=sort.prepare(effect, state, OfHome(home)),
        options=_options(options),
    )
    if len(encode(wanted.body())) > MAX_BODY:
        raise Refused(
            "too-large",
            "Text, effect and options together are too large for one proposal (16 KiB). "
            "Nothing was written.",
        )
    try:
        first_opening(
            state,
            proposal=ZERO,
            author=home.person,
            kind=wanted.kind,
            effect=wanted.effect,
            options=wanted.options,
            at=0,
        )
    except Invalid as error:
        raise Refused(error.reason, error.text, **error.values) from error
    return wanted


def _options(options: Options) -> tuple[tuple[str, str], ...]:
    if len(options) > MAX_OPTIONS:
        raise Refused(
            "too-many",
            "At most %(limit)s %(things)s fit. Nothing was written.",
            limit=MAX_OPTIONS,
            things=Term("options"),
        )
    kept: dict[str, str] = {}
    for option, said in options:
        text = " ".join(said.split())
        if not OPTION_ID.fullmatch(option) or option == STATUS_QUO:
            raise Refused(
                "bad-option",
                "%(option)s can't name an option: take up to 24 letters, digits, - and _, such as "
                "A or market-hall. The status quo is always there by itself.",
                option=repr(option),
            )
        if option in kept:
            raise Refused("bad-option", "Two options are called %(option)s.", option=repr(option))
        check_text(Term("text of an option"), text, MAX_OPTION_TEXT)
        kept[option] = text
    return tuple(kept.items())
