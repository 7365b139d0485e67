"""What the three effects that amend the charter have in common.

Such an effect holds changes `[path, was, now]`: a part of the charter, the hash of what it was when
the effect was written (None: it was not there), and what it becomes (None: it is taken away). So
two proposals about different parts both come into force, and of two about the same part the second
is stale. What follows from all changes together must be a sound charter again, at the time it is
put to the vote and at the time it comes in force: that is what keeps a community from voting away
its tellers or its power to amend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast

from governance import charter_diff
from governance.certified import Certified, Version, Vote
from governance.charter import MAX_BYTES, Charter
from governance.charter_read import At
from governance.effects.effect import BY_YES_OR_NO, Effect, Stale, misshapen, only_keys
from governance.methods.registry import METHODS
from governance.saying import Said, said
from protocol.codec import Plain, decode, encode
from protocol.errors import Refused

MAX_CHANGES: Final = 256
MAX_STEPS: Final = 4  # of a path; the charter has no deeper one
Path = tuple[str, ...]


class Change(NamedTuple):
    """A part of the charter, the hash of what it was, and what it becomes."""

    path: Path  # `values`, then a value's id; elsewhere the keys that lead there
    was: bytes | None
    now: Plain


Changes = Sequence[Change]


class Amending(Effect[Changes]):
    """An effect that amends the charter. A type says which paths are its own."""

    def _read(self, effect: Mapping[str, Any]) -> Changes:
        only_keys(effect, ("type", "changes"))
        changes = _read_changes(effect["changes"])
        for change in changes:
            if not self._owns(change):
                raise Refused(
                    "bad-effect",
                    "%(part)s is nothing that an effect %(name)s can change.",
                    part=dotted(change.path),
                    name=self.name,
                )
        return changes

    def _owns(self, change: Change) -> bool:
        raise NotImplementedError

    def _fit(self, read: Changes, state: Certified) -> None:
        self._charters(read, state.charter)

    def _charters(self, read: Changes, charter: Mapping[str, Plain]) -> list[dict[str, Plain]]:
        before = tree(charter)
        for change in read:
            if hash_of(part_of(before, change.path)) != change.was:
                raise Stale(
                    "stale",
                    "%(part)s in the charter is not any more what it was when this was written: "
                    "look at it again and make a new proposal.",
                    part=dotted(change.path),
                )
        after = _untree(_amended(before, read))
        data = sound(after).to_data()
        if _unseatable(data) and not _unseatable(charter):
            raise Refused(
                "bad-effect",
                "A yes or no can't seat several tellers: offices take a method of choice then, "
                "as approval.",
            )
        return [data]

    def _carry_out(
        self, read: Changes, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        (data,) = self._charters(read, state.charter)
        return _amended_by(vote, state, height, at, data, sha256(encode(data)).digest())

    def _repeat(
        self, read: Changes, state: Certified, vote: Vote, height: int, at: int, charter_hash: bytes
    ) -> Certified:
        if charter_hash == state.charter_hash:
            raise Stale("stale", "This did not come in force.")
        data = _untree(_amended(tree(state.charter), read))
        return _amended_by(vote, state, height, at, data, charter_hash)

    def _say(self, read: Changes, state: Certified) -> list[Said]:
        before = _before(read, state)
        key = before.hash, encode([[list(each.path), each.now] for each in read])
        if key not in _told:
            lines = _in_words(read, before.data)
            if len(_told) >= _MOST_TOLD:
                _told.clear()
            _told[key] = lines
        return list(_told[key])


def _unseatable(charter: Mapping[str, Plain]) -> bool:
    """Whether the charter has several tellers, and a rule for offices that can elect only one."""
    parts = cast(dict[str, dict[str, dict[str, Any]]], charter)
    method = METHODS[parts["rules"]["offices"]["method"]]
    return parts["offices"]["teller"]["seats"] > 1 and method.form in BY_YES_OR_NO


_told: dict[tuple[bytes, bytes], list[Said]] = {}  # comparing two charters takes milliseconds
_MOST_TOLD = 128


def _in_words(changes: Changes, before: Mapping[str, Plain]) -> list[Said]:
    after = sound(_untree(_amended(tree(before), changes)))
    lines = [charter_diff.in_words(each) for each in charter_diff.differences(sound(before), after)]
    if after.currency != before["currency"]:
        lines.append(
            said(
                "Every amount in the charter keeps its number, which then is one of "
                "%(currency)s. What was agreed or granted before stays as it is.",
                currency=after.currency,
            )
        )
    return lines


def _amended_by(
    vote: Vote, state: Certified, height: int, at: int, data: Mapping[str, Plain], hash_: bytes
) -> Certified:
    """The state with one more version of the charter."""
    version = Version(
        number=state.versions[-1].number + 1,
        height=height,
        at=at,
        hash=hash_,
        data=data,
        proposal=vote.proposal,
    )
    return replace(state, versions=(*state.versions, version))


def change(charter: Mapping[str, Plain], path: Path, now: Plain) -> Change | None:
    """The change that makes `now` of a part of this charter; None if it is that already."""
    was = hash_of(part_of(tree(charter), path))
    return None if was == hash_of(now) else Change(path, was, now)


def record_of(changes: Sequence[Change | None]) -> dict[str, Plain]:
    """What an effect holds for these changes; Refused if nothing is left to change."""
    rows: list[Plain] = [[list(each.path), each.was, each.now] for each in changes if each]
    if not rows:
        raise Refused("bad-effect", "This would change nothing: the charter says so already.")
    return {"changes": rows}


def tree(charter: Mapping[str, Plain]) -> dict[str, Plain]:
    """The charter's data with its values as a map by id, so that a path leads to each."""
    values = cast(list[dict[str, Plain]], charter["values"])
    by_id: dict[str, Plain] = {
        cast(str, value["id"]): {"text": value["text"], "rationale": value["rationale"]}
        for value in values
    }
    return {**charter, "values": by_id}


def part_of(data: Plain, path: Path) -> Plain:
    """What `path` leads to; None where there is nothing."""
    for key in path:
        if not isinstance(data, dict):
            return None
        data = data.get(key)
    return data


def hash_of(part: Plain) -> bytes | None:
    """SHA-256 of the canonical encoding; None for nothing."""
    return None if part is None else sha256(encode(part)).digest()


def sound(data: Mapping[str, Plain]) -> Charter:
    """The charter with this data; Refused if it is not sound. Recent ones are remembered."""
    try:
        raw = encode(dict(data))
    except ValueError as error:  # nested too deep
        raise misshapen("changes") from error
    if len(raw) > 2 * MAX_BYTES:  # its own limit is checked with the rest; this one bounds the work
        raise Refused("bad-charter", "The charter would be too large.")
    return _sound(raw)


@lru_cache(maxsize=64)
def _sound(raw: bytes) -> Charter:
    return Charter.from_data(decode(raw, limit=len(raw)))


def dotted(path: Path) -> str:
    """A path as people read it: `rules.fees.notice_s`; of a stranger's text only the beginning."""
    at = At("", None)
    for step in path:
        at = at.under(step)
    return at.path


def _read_changes(value: object) -> Changes:
    if type(value) is not list or not 1 <= len(value) <= MAX_CHANGES:
        raise misshapen("changes")
    changes: list[Change] = []
    for item in value:
        if type(item) is not list or len(item) != 3:
            raise misshapen("changes")
        path, was, now = item
        if (
            type(path) is not list
            or not 1 <= len(path) <= MAX_STEPS
            or any(type(step) is not str for step in path)
            or not (was is None or (type(was) is bytes and len(was) == 32))
        ):
            raise misshapen("changes")
        try:
            same = hash_of(now) == was
        except ValueError as error:
            raise misshapen("changes") from error
        if same:
            raise Refused(
                "bad-effect", "A change of %(part)s changes nothing.", part=dotted(tuple(path))
            )
        changes.append(Change(tuple(path), was, now))
    for one, other in pairwise(sorted(each.path for each in changes)):
        if other[: len(one)] == one:  # a path sorts right before those that it begins
            raise Refused("bad-effect", "%(part)s is changed twice.", part=dotted(other))
    return changes


def _amended(before: dict[str, Plain], changes: Changes) -> dict[str, Plain]:
    """The tree after all changes; `before` stays as it is."""
    for each in changes:
        before = _put(before, each.path, each.now)
    return before


def _put(data: Plain, path: Path, now: Plain) -> dict[str, Plain]:
    """A copy of the map `data` with something else where `path` leads; what is new comes last."""
    if data is not None and not isinstance(data, dict):
        raise Refused("bad-effect", "%(part)s is no map of the charter.", part=dotted(path[:-1]))
    data = dict(data or {})
    if len(path) > 1:
        data[path[0]] = _put(data.get(path[0]), path[1:], now)
    elif now is None:
        data.pop(path[0], None)
    else:
        data[path[0]] = now
    return data


def _untree(data: dict[str, Plain]) -> dict[str, Plain]:
    """The charter's data of a tree."""
    values = data["values"]
    if not isinstance(values, dict):
        raise misshapen("changes")
    return {**data, "values": [_value(id_, value) for id_, value in values.items()]}


def _value(id_: str, value: Plain) -> Plain:
    """A value with its id; anything else comes back as it is, and the charter refuses it."""
    return {**value, "id": id_} if isinstance(value, dict) else value


def _before(changes: Changes, state: Certified) -> Version:
    """The newest charter that these changes were written for; the one in force if there is none."""
    for version in reversed(state.versions):
        before = tree(version.data)
        if all(hash_of(part_of(before, each.path)) == each.was for each in changes):
            return version
    return state.versions[-1]
