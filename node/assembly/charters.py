"""The charter's versions, the values with how they were decided, offices, picks and spendings.

Everything here is certified, so it is the same on every node, and guests may be shown it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from governance.certified import Certified, Version
from governance.charter_diff import change_json, differences, in_words
from governance.effects.elect import OFFICES, TELLER
from governance.opening import charter_of
from governance.roll import MEMBER
from governance.saying import Said
from node.assembly.choices import tally_of
from node.assembly.finding import SHORTEST, state_of, titles
from node.assembly.phases import moment
from node.assembly.words import Names, person_json
from node.status import rfc3339
from protocol.codec import Plain
from protocol.errors import NotFound
from storage import certificates
from storage.store import Store
from storage.views import profiles


def charter(store: Store) -> dict[str, Any]:
    """The charter in force, who holds its offices, and what brought it."""
    state = state_of(store)
    newest = state.versions[-1]
    return {
        **charter_of(newest).to_data(),
        "hash": newest.hash.hex(),
        "version": newest.number,
        "since": _since(store, newest),
        "proposal": None if newest.proposal is None else newest.proposal.hex(),
        "officers": {each["office"]: each["holders"] for each in offices(store)["offices"]},
    }


def charter_history(store: Store) -> dict[str, Any]:
    """Every version from the founding one on, with what it changed."""
    state = state_of(store)
    named = titles(store)
    versions = []
    for before, version in zip((None, *state.versions), state.versions, strict=False):
        versions.append(
            {
                "version": version.number,
                "hash": version.hash.hex(),
                "since": _since(store, version),
                "height": max(version.height, 0),
                "proposal": None if version.proposal is None else version.proposal.hex(),
                "title": named.get(version.proposal or b"", ""),
                "changes": [] if before is None else list(_changes(_Between(before, version))),
            }
        )
    return {"versions": versions}


class _Between:
    """Two versions, the same as two others with the same hashes."""

    def __init__(self, before: Version, after: Version) -> None:
        self.before, self.after = before, after
        self._key = (before.hash, after.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Between) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=512)  # comparing two charters takes milliseconds, and pages show them all
def _changes(between: _Between) -> tuple[Said, ...]:
    found = differences(charter_of(between.before), charter_of(between.after))
    return tuple(in_words(each) for each in found)


def charter_diff(store: Store, first: str, second: str | None = None) -> dict[str, Any]:
    """What differs between two versions; `second` is the one in force if it is not named."""
    state = state_of(store)
    before = _version(state, first)
    after = state.versions[-1] if second is None else _version(state, second)
    changes = []
    for each in differences(charter_of(before), charter_of(after)):
        changes.append({**change_json(each), "text": in_words(each)})
    return {"from": before.number, "to": after.number, "changes": changes}


def _version(state: Certified, text: str) -> Version:
    """The version with this number, or whose hash begins like this."""
    wanted = text.strip().lower()
    for each in state.versions:
        if wanted == str(each.number):
            return each
    found = [each for each in state.versions if each.hash.hex().startswith(wanted)]
    if len(wanted) < SHORTEST or not found:
        raise NotFound(
            "no-version",
            "There is no version %(version)s of the charter; they are counted from 1 to %(most)s.",
            version=text,
            most=len(state.versions),
        )
    return found[-1]  # the same text can come back into force


def _since(store: Store, version: Version) -> str | None:
    if version.height >= 0:
        return moment(version.at)
    founding = certificates.founding(store)
    return None if founding is None else rfc3339(founding.header.time_ms)


def values(store: Store) -> dict[str, Any]:
    """Each value with how it came and changed: those in force first, then the retired ones."""
    state = state_of(store)
    named = titles(store)
    found: dict[str, dict[str, Any]] = {}
    held: Mapping[str, Mapping[str, Any]] = {}
    for version in state.versions:
        now: dict[str, Mapping[str, Any]] = {each["id"]: each for each in _values_of(version.data)}
        for id_, what in _changed(held, now):
            value = now.get(id_)
            entry = found.setdefault(id_, {"id": id_, "changes": []})
            entry["retired"] = value is None
            if value is not None:
                entry |= {"text": value["text"], "rationale": value["rationale"]}
            told = "founded" if version.proposal is None else what
            entry["changes"].append(_change(store, state, version, told, value, named))
            entry |= {key: entry["changes"][-1][key] for key in ("at", "proposal")}
        held = now
    for entry in found.values():
        entry["since"] = entry.pop("at")
    order = {id_: number for number, id_ in enumerate(held)}
    listed = sorted(found.values(), key=lambda e: (e["retired"], order.get(e["id"], 0)))
    return {"values": listed}


def _values_of(data: Mapping[str, Plain]) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], data["values"])


def _changed(
    before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """(id, what became of it) for every value that a version adds, amends or retires."""
    for id_, value in now.items():
        if id_ not in before:
            yield id_, "added"
        elif before[id_] != value:
            yield id_, "amended"
    for id_ in before:
        if id_ not in now:
            yield id_, "retired"


def _change(
    store: Store,
    state: Certified,
    version: Version,
    what: str,
    value: Mapping[str, Any] | None,
    named: Mapping[bytes, str],
) -> dict[str, Any]:
    return {
        "version": version.number,
        "at": _since(store, version),
        "what": what,
        "text": None if value is None else value["text"],
        "rationale": None if value is None else value["rationale"],
        "proposal": None if version.proposal is None else version.proposal.hex(),
        "title": named.get(version.proposal or b"", ""),
        "outcome": _numbers(state, version.proposal),
    }


def _numbers(state: Certified, proposal: bytes | None) -> dict[str, Any] | None:
    """How a passed vote was decided."""
    vote = None if proposal is None else state.votes.get(proposal)
    last = None if vote is None else vote.round
    if vote is None or last is None or last.result is None:
        return None
    return {
        "method": vote.rule.method,
        "ballots": last.result["ballots"],
        "electorate": len(last.voters),
        "tally": tally_of(vote, last),
    }


def offices(store: Store) -> dict[str, Any]:
    """Who holds which office; whoever has left the roll holds it no more."""
    state = state_of(store)
    names = profiles.names(store)
    rules = cast(dict[str, dict[str, Any]], state.charter["offices"])
    found = []
    for office in OFFICES:
        by_vote = state.officers.get(office)
        holders = () if by_vote is None else by_vote.persons
        if office == TELLER:
            holders = tuple(dict.fromkeys(seat.person for seat in state.tellers))
        # A seat may have gone to somebody since that vote: then it is not by that vote.
        elected = by_vote is not None and set(holders) <= set(by_vote.persons)
        since = by_vote.at if by_vote is not None and elected else None
        found.append(
            {
                "office": office,
                "seats": rules[office]["seats"],
                "term_s": rules[office]["term_s"],
                "holders": [
                    person_json(person, names) for person in holders if _is_member(state, person)
                ],
                "since": moment(since),
                "until": None if since is None else moment(since + rules[office]["term_s"]),
                "proposal": by_vote.proposal.hex() if by_vote is not None and elected else None,
            }
        )
    return {"offices": found}


def holders(store: Store) -> dict[bytes, list[str]]:
    """Person -> the offices that they hold; nobody before the first sync."""
    found: dict[bytes, list[str]] = {}
    if certificates.current(store) is None:
        return found
    for each in offices(store)["offices"]:
        for holder in each["holders"]:
            found.setdefault(bytes.fromhex(holder["person"]), []).append(each["office"])
    return found


def _is_member(state: Certified, person: bytes) -> bool:
    line = state.roll.persons.get(person)
    return line is not None and line.standing == MEMBER


def picks(store: Store) -> dict[str, Any] | None:
    """The listings that members chose to show first; None before the first such vote."""
    state = certificates.current(store)
    if state is None or state.picks is None:
        return None
    return {
        "title": state.picks.title,
        "listings": [listing.hex() for listing in state.picks.listings],
        "proposal": state.picks.proposal.hex(),
        "since": moment(state.picks.at),
    }


def fund(store: Store) -> dict[str, Any]:
    """What members granted from the common fund, newest first."""
    state = state_of(store)
    names = profiles.names(store)
    return {
        "spends": [
            {
                "amount": each.amount,
                "currency": each.currency,
                "to": None if each.to is None else each.to.hex(),
                "name": _name(each.to, names),
                "purpose": each.purpose,
                "proposal": each.proposal.hex(),
                "at": moment(each.at),
            }
            for each in reversed(state.spends)
        ]
    }


def _name(person: bytes | None, names: Names) -> str:
    return "" if person is None else names.get(person, "")
