"""A proposal in short, as lists show it: what it is, where it stands, what is asked of the reader.

Nothing is counted here, so that a page of many costs little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.certified import OPEN, WITHDRAWN, Certified, Vote
from governance.charter_parts import KINDS
from governance.effects.registry import EFFECTS
from governance.methods.registry import METHODS
from governance.opening import rule_for
from node.assembly import mine, phases
from node.assembly.finding import Found
from node.assembly.phases import moment
from node.assembly.words import Names
from node.status import rfc3339
from storage import assembly as held
from storage.store import Store


def summary(
    store: Store, state: Certified, found: Found, me: bytes | None, names: Names
) -> dict[str, Any]:
    """What a list says of a proposal."""
    plain = {
        "proposal": found.record.hex(),
        "kind": found.kind,
        "title": found.title,
        "author": None if found.author is None else found.author.hex(),
        "name": names.get(found.author or b"", ""),
        "made": None if found.made_ms is None else rfc3339(found.made_ms),
    }
    if found.vote is None:
        return plain | _draft(store, state, found, me, names)
    return plain | _vote(store, state, found, found.vote, me, names)


def _vote(
    store: Store, state: Certified, found: Found, vote: Vote, me: bytes | None, names: Names
) -> dict[str, Any]:
    last = vote.round
    ballot = None
    if me is not None and last is not None and vote.phase == OPEN:
        ballot = mine.cast(store, vote, last, me)
    may = me is not None and mine.why_not(store, state, found, me, ballot) is None
    return {
        "status": phases.status(store, vote),
        "phase": vote.phase,
        "reason": phases.reason(vote),
        "class": vote.amendment,
        "method": vote.rule.method,
        "form": METHODS[vote.rule.method].form,
        "effect": effect_json(vote.effect),
        "options": options_json(vote.options, vote.effect, names),
        "electorate": phases.electorate(state, vote),
        "opens": moment(phases.opens(vote)),
        "closes": moment(phases.closes(vote)),
        "until": moment(phases.until(vote)),
        "due": moment(phases.due(vote)),
        "round": "" if last is None else last.name,
        "outcome": phases.outcome(vote),
        "winners": list(vote.winners),
        "may_vote": may,
        "voted": ballot is not None,
        "safe": None if ballot is None else ballot.safe,
        "concerns_me": me is not None and me in mine.concerned(state, found),
    }


def _draft(
    store: Store, state: Certified, found: Found, me: bytes | None, names: Names
) -> dict[str, Any]:
    effect = {} if found.said is None else found.said.effect
    options: Sequence[Any] = () if found.said is None else found.said.options
    withdrawn = taken_back(store, found)
    rule = rule_for(state, found.said.kind) if found.said and found.said.kind in KINDS else None
    status = WITHDRAWN if withdrawn else phases.DRAFT
    aside = mine.concerned(state, found)
    return {
        "status": status,
        "phase": status,
        "reason": phases.TAKEN_BACK if withdrawn else None,
        "class": "",  # takes long to find out, see `reading.proposal`
        "method": "" if rule is None else rule.method,
        "form": "" if rule is None else METHODS[rule.method].form,
        "effect": effect_json(effect),
        "options": options_json(options, effect, names),
        "electorate": len(state.members() - set(aside)),
        "opens": None,
        "closes": None,
        "until": None,
        "due": None,
        "round": "",
        "outcome": None,
        "winners": [],
        "may_vote": False,
        "voted": False,
        "safe": None,
        "concerns_me": me is not None and me in aside,
    }


def taken_back(store: Store, found: Found) -> bool:
    """Whether its author wrote that they take it back."""
    return any(
        motion.person == found.author for motion in held.motions(store, "withdraw", found.record)
    )


def effect_json(effect: Mapping[str, Any]) -> dict[str, Any]:
    """An effect as a member would write it; {} for one that this program does not know."""
    sort = EFFECTS.get(str(effect.get("type")))
    return {} if sort is None else dict(sort.show(effect))


def options_json(
    options: Iterable[Sequence[str]], effect: Mapping[str, Any], names: Names
) -> list[dict[str, Any]]:
    """Options with what they stand for: a person, a listing, or their text alone."""
    persons, listings = _meant(effect, "candidates"), _meant(effect, "listings")
    found = []
    for option, text in options:
        each: dict[str, Any] = {"id": option, "text": text}
        if option in persons:
            each |= {"person": persons[option].hex(), "name": names.get(persons[option], "")}
        if option in listings:
            each["listing"] = listings[option].hex()
        found.append(each)
    return found


def _meant(effect: Mapping[str, Any], key: str) -> dict[str, bytes]:
    value = effect.get(key)
    if not isinstance(value, dict):
        return {}
    return {option: each for option, each in value.items() if isinstance(each, bytes)}
