"""Proposals as commands and pages read them: the list, one in full, and what waits for me."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from governance import duties
from governance.certified import NOTICE, OPEN, WITHDRAWN, Certified, Round, Vote
from governance.charter_parts import KINDS
from governance.effects.registry import EFFECTS
from governance.opening import rule_for, share_of, threshold_of
from node.assembly import finding, mine, phases
from node.assembly.choices import as_typed, on_ballot, tally_of
from node.assembly.comments import about_all, reason_of
from node.assembly.finding import Found
from node.assembly.phases import moment
from node.assembly.rules import needs, rule_json
from node.assembly.summary import options_json, summary, taken_back
from node.assembly.words import Names, person_json
from node.status import rfc3339
from storage import assembly as held
from storage import certificates, opened
from storage.store import Store
from storage.views import profiles

resolve = finding.resolve


def proposals(
    store: Store,
    me: bytes | None = None,
    *,
    status: str | Collection[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, Any]:
    """The proposals, drafts first and then newest first; `total` counts those left out, too.

    `status` is one of `phases.STATUSES` or several of them; None asks for all.
    """
    state = finding.state_of(store)
    names = profiles.names(store)
    here = {each.record: each for each in held.proposals(store)}
    drafts = [each for each in here if each not in state.votes]
    ids = [*reversed(drafts), *reversed(list(state.votes))]
    if status is not None:
        wanted = {status} if isinstance(status, str) else set(status)
        ids = [each for each in ids if _status(store, state, each) in wanted]
    end = None if limit is None else offset + limit
    shown = [finding.listed(store, state, each, here) for each in ids[offset:end]]
    return {
        "proposals": [summary(store, state, found, me, names) for found in shown],
        "total": len(ids),
    }


def _status(store: Store, state: Certified, record: bytes) -> str:
    vote = state.votes.get(record)
    if vote is not None:
        return phases.status(store, vote)
    withdrawn = taken_back(store, finding.get(store, state, record))
    return WITHDRAWN if withdrawn else phases.DRAFT


def waiting(store: Store, me: bytes) -> dict[str, list[dict[str, Any]]]:
    """Votes that this person may cast a ballot in and has not; expulsions that are about them."""
    state = certificates.current(store)
    votes, concerning = [], []
    for vote in () if state is None else duties.running(state):
        if vote.effect.get("type") == "expel" and vote.effect.get("person") == me:
            concerning.append(vote)
        last = vote.round
        if vote.phase == OPEN and last is not None and me in last.electorate:
            votes.append(vote)
    if state is None or not (votes or concerning):
        return {"votes": [], "concerning": []}
    names = profiles.names(store)
    asked = [_of(store, state, vote, me, names) for vote in votes]
    return {
        "votes": [each for each in asked if each["may_vote"] and not each["voted"]],
        "concerning": [_of(store, state, vote, me, names) for vote in concerning],
    }


def _of(store: Store, state: Certified, vote: Vote, me: bytes, names: Names) -> dict[str, Any]:
    return summary(store, state, finding.get(store, state, vote.proposal), me, names)


def proposal(store: Store, me: bytes | None, text: str) -> dict[str, Any]:
    """Everything about the proposal that an id or prefix means."""
    state = finding.state_of(store)
    found = finding.find(store, text)
    names = profiles.names(store)
    vote = found.vote
    comments = about_all(store, state, found, me, names)
    return {
        **summary(store, state, found, me, names),
        "text": "" if found.said is None else found.said.text,
        **(_draft(store, state, found, names) if vote is None else _vote(store, state, vote)),
        "concerns": [person_json(each, names) for each in mine.concerned(state, found)],
        "comments": comments,
        "answers": [each for each in comments if each["answer"]],
        **_own(store, state, found, me),
    }


def own_ballot(store: Store, me: bytes, text: str) -> dict[str, Any]:
    """`status` and `mine` of `proposal`, for a page that asks again and again."""
    state = finding.state_of(store)
    found = finding.find(store, text)
    return {
        "status": phases.DRAFT if found.vote is None else phases.status(store, found.vote),
        "mine": _own(store, state, found, me)["mine"],
    }


def _draft(store: Store, state: Certified, found: Found, names: Names) -> dict[str, Any]:
    proposed = found.said
    rule = None
    if proposed is not None and proposed.kind in KINDS:
        rule = rule_for(state, proposed.kind)
    opening, problem = finding.draft(store, found)
    thresholds = [threshold_of(each) for each in (opening or {}).get("thresholds", ())]
    quorums = [share_of(each) for each in (opening or {}).get("quorums", ())]
    effect: Mapping[str, Any] = {} if proposed is None else proposed.effect
    sort = EFFECTS.get(str(effect.get("type")))
    options = (opening or {}).get("options", ())
    size = len(state.members() - set(mine.concerned(state, found)))
    return {
        **({} if opening is None else _opening(opening, effect, names)),
        "seats": 1 if sort is None or opening is None else sort.seats(effect, state.charter),
        "rule": {} if rule is None else rule_json(rule, thresholds, quorums),
        "needs": [] if rule is None else needs(rule, thresholds, quorums, size),
        "stake": [] if sort is None else sort.in_words(effect, state),
        "ballot_options": [] if rule is None else on_ballot(rule, options),
        "rounds": [],
        "tally": None,
        "problem": None if taken_back(store, found) else problem,
        "withdrawing": False,
        "challenges": [],
        "appealed": False,
    }


def _opening(opening: Mapping[str, Any], effect: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """What the charter adds to what the author wrote."""
    return {
        "class": opening["class"],
        "options": options_json(opening["options"], effect, names),
    }


def _vote(store: Store, state: Certified, vote: Vote) -> dict[str, Any]:
    last = vote.round
    sort = EFFECTS[str(vote.effect["type"])]
    tallied = [tally_of(vote, each) for each in vote.rounds if each.result is not None]
    back = held.motions(store, "withdraw", vote.proposal) if vote.phase == NOTICE else []
    names = profiles.names(store)
    return {
        "seats": vote.seats,
        "rule": rule_json(vote.rule, vote.thresholds, vote.quorums),
        "needs": needs(vote.rule, vote.thresholds, vote.quorums, phases.electorate(state, vote)),
        "stake": sort.in_words(vote.effect, as_it_was(state, vote)),
        "ballot_options": on_ballot(vote.rule, vote.options if last is None else last.options),
        "rounds": [_round(vote, each) for each in vote.rounds],
        "tally": tallied[-1] if tallied else None,
        "problem": opened.otherwise(store, vote),
        "withdrawing": any(each.person == vote.author for each in back),
        "challenges": [
            _challenge(store, motion, names)
            for motion in held.motions(store, "challenge", vote.proposal)
        ],
        "appealed": any(
            each.person == vote.effect.get("person")
            for each in held.motions(store, "appeal", vote.proposal)
        ),
    }


def as_it_was(state: Certified, vote: Vote) -> Certified:
    """The state with the charter as it was before this vote changed it."""
    brought = [each.number for each in state.versions if each.proposal == vote.proposal]
    if not brought:
        return state
    return replace(state, versions=state.versions[: brought[0] - 1] or state.versions[:1])


def _round(vote: Vote, each: Round) -> dict[str, Any]:
    result: Mapping[str, Any] = each.result or {}
    return {
        "name": each.name,
        "opened": moment(each.at),
        "closed": moment(each.closed_at),
        "options": [option for option, _ in each.options],
        "outcome": result.get("outcome"),
        "winners": list(result.get("winners", ())),
        "tied": list(result.get("tied", ())),
        "ballots": result.get("ballots"),
        "tally": tally_of(vote, each),
        "open": each.open.hex(),
        "certificate": None if each.close is None else each.close.hex(),
    }


def _challenge(store: Store, motion: held.Motion, names: Names) -> dict[str, Any]:
    ballots = motion.detail[32:]
    record = held.anywhere(store, motion.record)
    return {
        "record": motion.record.hex(),
        **person_json(motion.person, names),
        "at": None if record is None else rfc3339(record.header.time_ms),
        "ballots": [ballots[at : at + 32].hex() for at in range(0, len(ballots), 32)],
    }


def _own(store: Store, state: Certified, found: Found, me: bytes | None) -> dict[str, Any]:
    """What concerns the reader alone."""
    vote = found.vote
    last = None if vote is None else vote.round
    ballot = None
    if vote is not None and last is not None and me is not None:
        ballot = mine.cast(store, vote, last, me)
    blocked = None if me is None else mine.why_not(store, state, found, me, ballot)
    answer: dict[str, Any] = {
        "mine": None,
        "voted": ballot is not None,
        "safe": None if ballot is None else ballot.safe,
        "may_vote": me is not None and blocked is None,
        "why_not": blocked,
        "may_withdraw": me is not None and mine.may_withdraw(found, me),
        "may_challenge": me is not None and mine.may_challenge(store, state, vote, me),
        "may_appeal": me is not None and mine.may_appeal(store, vote, me),
        "may_comment": me is not None and me in state.members(),
    }
    if ballot is not None and vote is not None and last is not None and me is not None:
        answer["mine"] = {
            "ballot": ballot.record.hex(),
            "version": ballot.version,
            "choice": ballot.choice,
            "text": as_typed(vote, last, ballot.choice),
            "receipts": ballot.receipts,
            "needed": ballot.needed,
            "tellers": len(last.tellers),
            "safe": ballot.safe,
            "reason": reason_of(store, ballot.record, me),
            "may_revise": blocked is None,
        }
    return answer
