"""The life of a vote, folded over certificates: open, close, effect, remove, tellers, annul.

A proposal comes into certified state with its first `open`, which freezes the electorate and the
rule it is decided by. Ballots are cast in rounds, each begun by an `open`; a `close` says how a
round ended and thereby what comes next. Which certificate is due, and when, is for the tellers'
clocks (`governance.duties`); here nothing asks what time it is.

The steps trust what `check` has passed, so that a chain on disk is replayed without checking it
again. How ballots were counted is not checked here: every node recounts them, and shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from governance.certified import (
    AGAIN,
    ANNULLED,
    APPEAL,
    CHALLENGE,
    FAILED,
    IN_EFFECT,
    MISSED,
    NOTICE,
    OPEN,
    RUN_OFF,
    RUNNING,
    SECOND_CALL,
    TIED,
    WITHDRAWN,
    Certified,
    Round,
    Vote,
)
from governance.decision import bad, id_in, key32, map_in, options_in, time_in, word_in
from governance.effects.effect import Stale
from governance.effects.registry import effect_type
from governance.opening import first_opening, rule_for, share_of, threshold_of
from governance.roll import after_removal, citing
from protocol.certificates import quorum
from protocol.codec import encode
from protocol.errors import Invalid
from protocol.shape import rows

OUTCOMES = ("adopted", "rejected", "missed", "tie")
TOO_FEW = "too-few"  # why a vote failed that was adopted for fewer seats than it has to fill
_RESULT = ("outcome", "winners", "tied", "seats", "ballots", "root")
_NEXT = {NOTICE: "", TIED: RUN_OFF, MISSED: SECOND_CALL, CHALLENGE: APPEAL, AGAIN: AGAIN}


def check(state: Certified, kind: str, decision: Mapping[str, Any]) -> None:
    """Invalid unless the first `open` of a proposal says what the charter makes of it."""
    if kind == "open" and "effect" in decision:
        try:
            right = first_opening(
                state,
                proposal=id_in(decision, "proposal"),
                author=id_in(decision, "author"),
                kind=word_in(decision, "kind"),
                effect=map_in(decision, "effect"),
                options=options_in(decision),
                at=time_in(decision),
            )
        except Stale as error:
            raise bad("opens a vote on what has changed since it was proposed") from error
        if encode(dict(decision)) != encode(right):  # to Python, true is 1
            raise bad("opens a vote in another way than the charter says")
    if kind == "annul" and decision.get("why") == "stale":
        vote = _known(state.votes.get(id_in(decision, "proposal")))
        if not is_stale(state, vote):
            raise bad("annuls a vote as stale that is not")


def is_stale(state: Certified, vote: Vote) -> bool:
    """Whether what the vote would change has been changed since, so that it can lead nowhere."""
    try:
        effect_type(vote.effect).check(vote.effect, state, vote.options)
    except (Stale, Invalid):
        return True
    return False


def _open(state: Certified, decision: Mapping[str, Any], id_: bytes) -> Certified:
    at = time_in(decision)
    proposal = id_in(decision, "proposal")
    vote = state.votes.get(proposal)
    if "effect" in decision:
        if vote is not None:
            raise bad("opens a vote that was opened before")
        vote = _new_vote(state, decision, id_)
        if decision["stage"] == "notice":
            return _with(citing_in(state, proposal), vote)
    else:
        vote = _known(vote)
        if word_in(decision, "stage") != "vote" or _NEXT.get(vote.phase) != word_in(
            decision, "round"
        ):
            raise bad("opens a round that is not due")
        if vote.phase == CHALLENGE:
            if vote.effect.get("type") != "expel" or APPEAL in vote.tried:
                raise bad("opens an appeal that there is none")
            proposal = id_in(decision, "record")
    return _with(citing_in(state, proposal), _begin(state, vote, id_, at))


def _new_vote(state: Certified, decision: Mapping[str, Any], id_: bytes) -> Vote:
    effect = decision["effect"]
    sort = effect_type(effect)
    rule = rule_for(state, decision["kind"])
    aside = sort.concerned(effect, rule.recuse)
    return Vote(
        proposal=decision["proposal"],
        author=decision["author"],
        kind=decision["kind"],
        effect=effect,
        options=tuple((name, said) for name, said in decision["options"]),
        seats=sort.seats(effect, state.charter),
        rule=rule,
        amendment=decision["class"],
        thresholds=tuple(threshold_of(each) for each in decision["thresholds"]),
        quorums=tuple(share_of(each) for each in decision["quorums"]),
        alternates=sort.alternates(effect, state.charter),
        electorate=state.members() - set(aside),
        opened=id_,
        height=state.height + 1,
        at=decision["at"],
        phase=NOTICE,
    )


def _begin(state: Certified, vote: Vote, id_: bytes, at: int) -> Vote:
    """The vote with its next round open."""
    last = vote.round
    options, seats, alternates = vote.options, vote.seats, vote.alternates
    if vote.phase == TIED and last is not None and last.result is not None:
        tied = last.result["tied"]
        options = tuple(option for option in vote.options if option[0] in tied)
        seats = last.result["seats"]
        alternates = min(alternates, len(options) - seats)
    elif vote.phase in (MISSED, AGAIN) and last is not None:
        options, seats, alternates = last.options, last.seats, last.alternates
    electorate = vote.electorate & state.members()
    name = _NEXT[vote.phase]
    begun = Round(
        name=last.name if name == AGAIN and last is not None else name,
        open=id_,
        at=at,
        options=options,
        seats=seats,
        tellers=state.tellers,
        electorate=electorate,
        alternates=alternates,
    )
    return replace(vote, phase=OPEN, rounds=(*vote.rounds, begun))


def _close(state: Certified, decision: Mapping[str, Any], id_: bytes) -> Certified:
    at = time_in(decision)
    vote = _known(state.votes.get(id_in(decision, "proposal")))
    last = vote.round
    if vote.phase != OPEN or last is None or decision.get("open") != last.open:
        raise bad("closes a vote that is not open")
    stops = tuple(rows(decision, "stops", len(last.tellers)))
    for stop in stops:
        key32(stop)
    if len(set(stops)) != len(stops) or len(stops) < quorum(len(last.tellers)):
        raise bad("closes a vote with too few stops")
    result = _result(decision, last)
    closed = replace(
        last,
        close=id_,
        height=state.height + 1,
        closed_at=at,
        stops=stops,
        result=result,
        voters=last.electorate & state.members(),
    )
    vote = _ended(replace(vote, rounds=(*vote.rounds[:-1], closed)), result, at)
    return _with(citing_in(state, *stops), vote)


def _ended(vote: Vote, result: Mapping[str, Any], at: int) -> Vote:
    """What a round's result makes of the vote.

    A tie opens one run-off, a missed quorum one second call where the rule has it; the second time
    both mean the status quo, but for seats that the first round had filled. So does a vote that
    finds too few for an office whose seats are filled together.
    """
    outcome, winners = result["outcome"], (*vote.sure, *result["winners"])
    if outcome == "tie" and RUN_OFF not in vote.tried:
        return replace(vote, phase=TIED, sure=winners)
    if outcome == "missed" and vote.rule.second_call and SECOND_CALL not in vote.tried:
        return replace(vote, phase=MISSED)
    if outcome == "adopted" or winners:
        if not winners:
            winners = tuple(effect_type(vote.effect).choices(vote.effect) or ())
        if len(winners) + len(vote.reserve) < effect_type(vote.effect).fewest(
            vote.effect, vote.seats
        ):
            why = TOO_FEW if outcome == "adopted" else outcome
            return replace(vote, phase=FAILED, winners=(), why=why, ended_at=at)
        return replace(vote, phase=CHALLENGE, winners=winners, why="")
    return replace(vote, phase=FAILED, winners=(), why=outcome, ended_at=at)


def _result(decision: Mapping[str, Any], last: Round) -> dict[str, Any]:
    """The result that a close states, in shape: words and numbers that the round allows."""
    known = [name for name, _ in last.options]
    result = {key: decision.get(key) for key in _RESULT}
    if result["outcome"] not in OUTCOMES:
        raise bad("closes a vote with an unknown outcome")
    for key in ("winners", "tied"):
        named = result[key]
        if type(named) is not list or any(name not in known for name in named):
            raise bad("closes a vote for options that it does not have")
    both = [*cast(list[str], result["winners"]), *cast(list[str], result["tied"])]
    if len(set(both)) != len(both):
        raise bad("closes a vote with an option twice")
    if type(result["ballots"]) is not int or not 0 <= result["ballots"] <= len(last.electorate):
        raise bad("closes a vote with a number of ballots that can't be")
    key32(result["root"])
    left = last.seats - len(cast(list[str], result["winners"]))
    if type(result["seats"]) is not int or left < 0 or not 0 <= result["seats"] <= left:
        raise bad("closes a vote for more seats than there are")
    if last.alternates:
        result["alternates"] = _alternates(decision, last, result)
    tie, won = result["outcome"] == "tie", bool(result["winners"])
    fits = tie or won == (result["outcome"] == "adopted" and bool(known))
    if not fits or tie != bool(result["tied"]) or tie != bool(result["seats"]):
        raise bad("closes a vote with an outcome that contradicts itself")
    return {**result, "tally": map_in(decision, "tally")}


def _alternates(decision: Mapping[str, Any], last: Round, result: Mapping[str, Any]) -> list[str]:
    """Who is ranked behind the winners of a round that asks for it."""
    named = decision.get("alternates")
    others = [name for name, _ in last.options if name not in result["winners"] + result["tied"]]
    if type(named) is not list or len(named) > last.alternates:
        raise bad("closes a vote with other alternates than it can have")
    if any(name not in others for name in named) or len(set(named)) != len(named):
        raise bad("closes a vote for alternates that it does not have")
    if named and result["outcome"] not in ("adopted", "tie"):
        raise bad("closes a vote with alternates for nobody")
    return cast(list[str], named)


def _effect(state: Certified, decision: Mapping[str, Any], _id_: bytes) -> Certified:
    return put_in_effect(state, decision)


def put_in_effect(
    state: Certified, decision: Mapping[str, Any], charter_hash: bytes | None = None
) -> Certified:
    """What an `effect` does; `charter_hash`: what it led to when it was checked, see `replay`."""
    vote = _passed(state, decision)
    after = _applied(state, vote, time_in(decision), charter_hash)
    if after is not None and _certificate_of(vote) != "effect":
        raise bad(f"an effect that takes a {_certificate_of(vote)} certificate")
    return _settled(state, after, vote, decision)


def _remove(state: Certified, decision: Mapping[str, Any], _id_: bytes) -> Certified:
    vote = _passed(state, decision)
    after = _applied(state, vote, time_in(decision))
    if after is None or _certificate_of(vote) != "remove":
        raise bad("removes somebody whom no vote removes")
    roll = after_removal(after.roll, vote.effect["person"], decision.get("heads"))
    return _settled(state, replace(after, roll=roll), vote, decision)


def _tellers(state: Certified, decision: Mapping[str, Any], _id_: bytes) -> Certified:
    vote = _passed(state, decision)
    after = _applied(state, vote, time_in(decision))
    if after is None or _certificate_of(vote) != "tellers":
        raise bad("tellers whom no vote has elected")
    return _settled(state, after, vote, decision)


def certificate_for(state: Certified, vote: Vote, at: int) -> str:
    """The kind of certificate that carries a passed vote out; `effect` also where it is stale."""
    return "effect" if _applied(state, vote, at) is None else _certificate_of(vote)


def _certificate_of(vote: Vote) -> str:
    match vote.effect:
        case {"type": "expel"}:
            return "remove"
        case {"type": "elect", "office": "teller"}:
            return "tellers"
    return "effect"


def _passed(state: Certified, decision: Mapping[str, Any]) -> Vote:
    vote = _known(state.votes.get(id_in(decision, "proposal")))
    if vote.phase != CHALLENGE:
        raise bad("puts in effect what was not passed")
    return vote


def _applied(
    state: Certified, vote: Vote, at: int, charter_hash: bytes | None = None
) -> Certified | None:
    """The state with the vote carried out; None when something it rests on has changed since."""
    try:
        return effect_type(vote.effect).apply(
            state, vote, height=state.height + 1, at=at, charter_hash=charter_hash
        )
    except Stale:
        return None


def _settled(
    state: Certified, after: Certified | None, vote: Vote, decision: Mapping[str, Any]
) -> Certified:
    at = time_in(decision)
    if after is None:
        return _with(state, replace(vote, phase=FAILED, why="stale", ended_at=at))
    return _with(after, replace(vote, phase=IN_EFFECT, ended_at=at))


def _annul(state: Certified, decision: Mapping[str, Any], _id_: bytes) -> Certified:
    """`withdrawn` before the vote begins, `stale` before it is closed; `recount` reopens what was
    counted wrongly, `again` begins a round anew that lost its tellers or was closed too early, and
    `opening` ends a vote on something else than its author proposed.
    """
    at, why = time_in(decision), word_in(decision, "why")
    vote = _known(state.votes.get(id_in(decision, "proposal")))
    last = vote.round
    record = decision.get("record")
    if record is not None:
        key32(record)
        state = citing_in(state, record)
    if why == "withdrawn" and vote.phase == NOTICE and record is not None:
        vote = replace(vote, phase=WITHDRAWN, why=why, ended_at=at)
    elif why == "recount" and last is not None and _may_be_recounted(vote):
        vote = replace(_not_closed(vote, last), phase=OPEN)
    elif why == "again" and vote.phase == OPEN:
        vote = replace(vote, phase=AGAIN)
    elif why == "again" and record and last is not None and _may_be_recounted(vote):
        vote = replace(_not_closed(vote, last), phase=AGAIN)
    elif why == "opening" and record is not None and vote.phase in RUNNING:
        vote = replace(vote, phase=ANNULLED, winners=(), why=why, ended_at=at)
    elif why == "stale" and vote.phase in (NOTICE, OPEN, TIED, MISSED, AGAIN):
        vote = replace(vote, phase=ANNULLED, why=why, ended_at=at)
    else:
        raise bad("annuls what can't be annulled")
    return _with(state, vote)


def _not_closed(vote: Vote, last: Round) -> Vote:
    """The vote without its newest close and what that made of it."""
    opened = replace(last, close=None, height=None, closed_at=None, stops=(), result=None)
    return replace(
        vote,
        rounds=(*vote.rounds[:-1], replace(opened, voters=frozenset())),
        winners=(),
        sure=() if vote.phase == TIED else vote.sure,  # a tie is the only one to make some sure
        why="",
        ended_at=None,
    )


def _may_be_recounted(vote: Vote) -> bool:
    return vote.phase in (CHALLENGE, TIED, MISSED) or (vote.phase == FAILED and vote.why != "stale")


STEPS: dict[str, Callable[[Certified, Mapping[str, Any], bytes], Certified]] = {
    "open": _open,
    "close": _close,
    "effect": _effect,
    "remove": _remove,
    "tellers": _tellers,
    "annul": _annul,
}


def citing_in(state: Certified, *records: bytes) -> Certified:
    """The state, resting on these records too."""
    return replace(state, roll=citing(state.roll, *records))


def _with(state: Certified, vote: Vote) -> Certified:
    return replace(state, votes={**state.votes, vote.proposal: vote})


def _known(vote: Vote | None) -> Vote:
    if vote is None:
        raise bad("about a vote that was never opened")
    return vote
