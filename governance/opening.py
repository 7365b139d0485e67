"""How a proposal is put to the vote: the first `open`, as the charter in force makes it.

The same function serves the teller who opens a vote and everybody who checks that it was opened
rightly, so the two can't differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from governance.certified import Certified, Version
from governance.charter import Charter
from governance.charter_parts import KINDS, Rule
from governance.charter_read import At, Share, Threshold
from governance.effects.effect import options_for
from governance.effects.registry import effect_type
from governance.methods.registry import METHODS
from governance.needs import needs
from protocol.codec import Plain, encode
from protocol.errors import Invalid, Refused
from protocol.kinds.proposal import MAX_OPTIONS, read_options
from protocol.records import MAX_BODY


def first_opening(
    state: Certified,
    *,
    proposal: bytes,
    author: bytes,
    kind: str,
    effect: Mapping[str, Any],
    options: Sequence[Any],
    at: int,
) -> dict[str, Plain]:
    """The decision that opens the vote on a proposal, record id `proposal`, at `at`.

    `options` are `[id, text]` as the author wrote them. Invalid, or Refused `stale`, when it can't
    be put to the vote as things stand.
    """
    sort = effect_type(effect)
    if kind not in sort.kinds:
        raise Invalid("bad-effect", f"an effect {sort.name} does not come under {kind}")
    if author not in state.members():
        raise Invalid("not-a-member", "its author is not on the roll")
    if len(encode(dict(effect))) > MAX_BODY or len(options) > MAX_OPTIONS:
        raise Invalid("bad-effect", "it is too large")
    named = read_options([list(each) if isinstance(each, tuple) else each for each in options])
    sort.check(effect, state, named)
    rule = rule_for(state, kind)
    chosen = options_for(sort, effect, named, METHODS[rule.method].form)
    most = METHODS[rule.method].most_options
    if len(chosen) > most:
        raise Invalid("bad-effect", f"{rule.method} can't count more than {most} options")
    need = needs(
        charter_in_force(state),
        rule,
        [_sound(data) for data in sort.charters(effect, state.charter)],
    )
    return {
        "proposal": proposal,
        "stage": "notice" if rule.notice_s else "vote",
        "author": author,
        "kind": kind,
        "effect": dict(effect),
        "options": [list(option) for option in chosen],
        "class": need.amendment,
        "thresholds": [list(each) for each in need.thresholds],
        "quorums": [list(each) for each in need.quorums],
        "at": at,
    }


def rule_for(state: Certified, kind: str) -> Rule:
    """The rule by which proposals of `kind` are decided now.

    For an expulsion the charter's hearing widens it: notice, voting and the time in which it may be
    challenged last at least as long as `membership.expel_*` and `appeal_s` say.
    """
    if kind not in KINDS:
        raise Invalid("bad-kind", "there is no such kind of proposal")
    rules = cast(dict[str, Plain], state.charter["rules"])
    rule = Rule.read(At("", rules[kind]))
    if kind != "expulsion":
        return rule
    policy = cast(dict[str, int], state.charter["membership"])
    open_s = max(rule.open_s, policy["expel_hearing_s"])
    return replace(
        rule,
        notice_s=max(rule.notice_s, policy["expel_notice_s"]),
        open_s=open_s,
        min_open_s=max(rule.min_open_s, policy["expel_hearing_s"]),
        challenge_s=max(rule.challenge_s, policy["appeal_s"]),
    )


def charter_in_force(state: Certified) -> Charter:
    """The charter in force."""
    return charter_of(state.versions[-1])


def charter_of(version: Version) -> Charter:
    """The charter of a version, which was sound when it came into force; checked once."""
    found = _known.get(version.hash)
    if found is None:
        found = Charter.from_data(dict(version.data))
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[version.hash] = found
    return found


_known: dict[bytes, Charter] = {}  # checking a charter takes milliseconds, and everybody asks
_MOST_KNOWN = 64


def _sound(data: Mapping[str, Plain]) -> Charter:
    try:
        return Charter.from_data(data)
    except Refused as error:
        raise Invalid("bad-effect", f"it leads to a charter that is refused: {error}") from error


def threshold_of(value: Sequence[Any]) -> Threshold:
    """The threshold in plain data that was checked before."""
    num, den, compare = value
    return Threshold(num, den, compare)


def share_of(value: Sequence[Any]) -> Share:
    """The share in plain data that was checked before."""
    num, den = value
    return Share(num, den)
