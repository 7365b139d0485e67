"""What certificates do, written from `docs/protocol.md` alone; see `independent.py`.

A state is never changed: each certificate makes a new one, or Bad.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from tests.docs.independent import (
    GOV,
    ZERO,
    Bad,
    Record,
    Roll,
    check_enrolment,
    check_seals,
    encode,
    is_bytes,
    is_whole,
    need,
    read_certificate,
    signed,
)
from tests.docs.independent_effects import (
    KINDS,
    NO_LINE,
    OPTION,
    State,
    alternates_of,
    apply,
    changed,
    check,
    needs,
    next_seat,
    options_of,
    possible,
    seats_of,
)


class Round(NamedTuple):
    """One casting of ballots."""

    name: str
    open: bytes
    tellers: list[list[bytes]]
    electorate: set[bytes]
    options: list[list[str]]
    seats: int
    result: Any = None
    voters: Any = None
    height: int = -1
    alternates: int = 0


class Vote(NamedTuple):
    """A proposal from its first open on."""

    phase: str
    opened: Any  # the decision that opened it
    rule: Any
    electorate: set[bytes]
    seats: int
    rounds: tuple[Round, ...] = ()
    sure: tuple[str, ...] = ()
    winners: tuple[str, ...] = ()
    stale: bool = False
    alternates: int = 0

    @property
    def reserve(self) -> tuple[str, ...]:
        """The alternates, best first."""
        closed = [each for each in self.rounds if each.result is not None]
        if not closed or closed[-1].result["outcome"] == "tie":
            return ()
        asked = [each.result["alternates"] for each in reversed(closed) if each.alternates]
        return tuple(name for some in asked for name in some)

    @property
    def names(self) -> set[str]:
        """Of all rounds there were."""
        return {each.name for each in self.rounds}


class Chain:
    """The certified state, from the founding record on."""

    def __init__(self, community: bytes, person: bytes, device: bytes, charter: Any) -> None:
        seat, roll = [person, device], Roll()
        self.state = State(community, -1, community, charter, [seat], roll, {}, {}, None, [])

    @staticmethod
    def of(found: Record) -> Chain:
        """The chain that begins with this founding record."""
        said = found.says()
        need(signed(found, found.id) and found.prev == ZERO and found.seq == 1, "founding")
        need(found.kind == "found" and found.lane == GOV, "founding")
        check_enrolment(said, ZERO, found.device)
        return Chain(found.id, said["person"], found.device, said["charter"])

    def fold(self, travel: Any) -> None:
        """Carry out one certificate; Bad, and nothing changed, unless it is the next one."""
        body, view, signatures, parts = read_certificate(travel)
        now = self.state
        need(parts[:3] == [now.community, now.height + 1, now.id], "does not follow")
        id_ = sha256(body).digest()
        check_seals(id_, view, signatures, now.tellers)
        _, height, _, kind, charter_hash, roll_root, tellers, decision = parts
        after = step(now, kind, decision, id_)
        need(sha256(after.roll.packed()).digest() == roll_root, "roll root")
        need(sha256(encode(after.charter)).digest() == charter_hash, "charter")
        need(after.tellers == tellers, "tellers")
        self.state = after._replace(height=height, id=id_)


def step(state: State, kind: str, decision: Any, id_: bytes) -> State:
    """The state after a decision."""
    need(kind in STEPS, "can't be carried out")
    return STEPS[kind](state, decision, id_)


def _roll(state: State, decision: Any, id_: bytes) -> State:
    height = state.height + 1
    roll = state.roll.after(decision, height, state.community, state.tellers[0])
    after = state._replace(roll=roll)
    several, least = len(state.tellers) > 1, state.quorum()
    need(not several or len(after.able()) >= min(least, len(state.able())), "too few tellers")
    return after


# Votes

GOING_ON = ("notice", "open", "challenge", "tied", "missed", "again")


def _vote(state: State, decision: Any, *phases: str) -> Vote:
    need(is_whole(decision.get("at"), 0, 2**53), "at")
    need(is_bytes(decision.get("proposal"), 32), "proposal")
    vote = state.votes.get(decision["proposal"])
    if vote is None or vote.phase not in phases:
        raise Bad("not in this phase")
    return vote


def _with(state: State, decision: Any, vote: Vote) -> State:
    return state._replace(votes={**state.votes, decision["proposal"]: vote})


def rule_of(charter: Any, kind: str) -> Any:
    """The rule of a kind; that of expulsions with what the charter promises whom they concern."""
    rule, given = dict(charter["rules"][kind]), charter["membership"]
    if kind == "expulsion":
        for key, least in (
            ("notice_s", "expel_notice_s"),
            ("open_s", "expel_hearing_s"),
            ("min_open_s", "expel_hearing_s"),
            ("challenge_s", "appeal_s"),
        ):
            rule[key] = max(rule[key], given[least])
    return rule


def _open(state: State, decision: Any, id_: bytes) -> State:
    if "effect" not in decision:
        return _open_later(state, decision, id_)
    need(is_whole(decision.get("at"), 0, 2**53), "at")
    need(all(is_bytes(decision.get(key), 32) for key in ("proposal", "author")), "an id")
    need(decision["proposal"] not in state.votes, "opened before")
    effect, kind, options = (decision.get(key) for key in ("effect", "kind", "options"))
    need(isinstance(effect, dict) and len(encode(effect)) <= 16384, "effect")
    need(type(kind) is str and KINDS.get(str(effect.get("type"))) == kind, "kind")
    need(decision["author"] in state.members(), "author")
    need(type(options) is list and len(options) <= 20, "options")
    for option in options:
        need(type(option) is list and len(option) == 2, "option")
        need(type(option[0]) is str and OPTION.fullmatch(option[0]), "option")
        need(option[0] != "status-quo" and type(option[1]) is str, "option")
        need(len(option[1]) <= 200 and not NO_LINE.search(option[1]), "option")
    need(len({name for name, _ in options}) == len(options), "an option twice")
    check(effect, state)
    rule = rule_of(state.charter, kind)
    letter, thresholds, quorums = needs(state.charter, rule, changed(effect, state.charter))
    right = {
        "proposal": decision["proposal"],
        "stage": "notice" if rule["notice_s"] else "vote",
        "author": decision["author"],
        "kind": kind,
        "effect": effect,
        "options": options_of(effect, options, rule["method"]),
        "class": letter,
        "thresholds": thresholds,
        "quorums": quorums,
        "at": decision["at"],
    }
    need(encode(decision) == encode(right), "opened in another way")
    aside = {
        "expel": [effect.get("person")],
        "spend": [effect.get("to")] if rule["recuse"] else [],
        "verdict": [effect.get("buyer"), effect.get("seller")] if rule["recuse"] else [],
    }
    electorate = state.members() - set(aside.get(effect["type"], []))
    vote = Vote("notice", decision, rule, electorate, seats_of(effect, state.charter))
    vote = vote._replace(alternates=alternates_of(effect, state.charter))
    if right["stage"] == "vote":
        vote = _begun(state, vote, "", id_)
    return _with(state, decision, vote)


def _open_later(state: State, decision: Any, id_: bytes) -> State:
    due = {
        "notice": "",
        "tied": "run-off",
        "missed": "second-call",
        "again": "again",
        "challenge": "appeal",
    }
    vote = _vote(state, decision, *due)
    need(decision.get("stage") == "vote" and decision.get("round") == due[vote.phase], "round")
    if vote.phase == "challenge":
        need(vote.opened["effect"]["type"] == "expel" and "appeal" not in vote.names, "appeal")
        need(is_bytes(decision.get("record"), 32), "record")
    return _with(state, decision, _begun(state, vote, decision["round"], id_))


def _begun(state: State, vote: Vote, name: str, id_: bytes) -> Vote:
    options, seats, more = vote.opened["options"], vote.seats, vote.alternates
    if vote.phase == "tied":
        result = vote.rounds[-1].result
        options = [option for option in options if option[0] in result["tied"]]
        seats = result["seats"]
        more = min(more, len(options) - seats)
    if vote.phase in ("missed", "again"):
        options, seats = vote.rounds[-1].options, vote.rounds[-1].seats
        more = vote.rounds[-1].alternates
    if name == "again":
        name = vote.rounds[-1].name
    electorate = vote.electorate & state.members()
    begun = Round(name, id_, state.tellers, electorate, options, seats, alternates=more)
    return vote._replace(phase="open", rounds=(*vote.rounds, begun))


def _close(state: State, decision: Any, id_: bytes) -> State:
    vote = _vote(state, decision, "open")
    last = vote.rounds[-1]
    need(decision.get("open") == last.open, "another round")
    keys = ("stops", "outcome", "winners", "tied", "seats", "ballots", "root", "tally")
    stops, outcome, winners, tied, seats, ballots, root, tally = map(decision.get, keys)
    named = [option for option, _ in last.options]
    need(type(stops) is list and all(is_bytes(each, 32) for each in stops), "stops")
    least = 2 * ((len(last.tellers) - 1) // 3) + 1
    need(len(set(stops)) == len(stops) and least <= len(stops) <= len(last.tellers), "stops")
    need(outcome in ("adopted", "rejected", "missed", "tie"), "outcome")
    for some in (winners, tied):
        need(type(some) is list and all(each in named for each in some), "options")
    need(len({*winners, *tied}) == len(winners) + len(tied), "an option twice")
    need(is_whole(seats, 0, last.seats - len(winners)), "seats")
    need(is_whole(ballots, 0, len(last.electorate)) and is_bytes(root, 32), "ballots")
    need(isinstance(tally, dict), "tally")
    need((outcome == "tie") == bool(tied) == bool(seats), "tie")
    if outcome != "tie":
        need(bool(winners) == (outcome == "adopted" and bool(named)), "winners")
    if last.alternates:
        behind = decision.get("alternates")
        others = [each for each in named if each not in (*winners, *tied)]
        need(type(behind) is list and len(behind) <= last.alternates, "alternates")
        need(all(each in others for each in behind), "alternates")
        need(len(set(behind)) == len(behind), "an alternate twice")
        need(not behind or outcome in ("adopted", "tie"), "alternates for nobody")
    voters = last.electorate & state.members()
    closed = last._replace(result=decision, voters=voters, height=state.height + 1)
    vote = vote._replace(rounds=(*vote.rounds[:-1], closed))
    sit = (*vote.sure, *winners)
    if outcome == "tie" and "run-off" not in vote.names:
        vote = vote._replace(phase="tied", sure=sit)
    elif outcome == "missed" and vote.rule["second_call"] and "second-call" not in vote.names:
        vote = vote._replace(phase="missed")
    elif outcome == "adopted" or sit:
        won = sit or _alone(vote.opened["effect"])
        together = certificate_of(vote.opened["effect"]) == "tellers"
        if together and len(won) + len(vote.reserve) < vote.seats:
            vote = vote._replace(phase="failed", winners=(), stale=False)
        else:
            vote = vote._replace(phase="challenge", winners=won)
    else:
        vote = vote._replace(phase="failed", winners=(), stale=False)
    return _with(state, decision, vote)


def _alone(effect: Any) -> tuple[str, ...]:
    """After a yes or no: the one candidate or listing."""
    return tuple(effect.get("candidates", effect.get("listings", ())))


def certificate_of(effect: Any) -> str:
    """The kind of certificate that carries an effect out."""
    if effect["type"] == "elect" and effect["office"] == "teller":
        return "tellers"
    return "remove" if effect["type"] == "expel" else "effect"


def _carry_out(kind: str) -> Callable[[State, Any, bytes], State]:
    def carry_out(state: State, decision: Any, id_: bytes) -> State:
        vote = _vote(state, decision, "challenge")
        effect = vote.opened["effect"]
        try:
            after = apply(state, effect, vote.winners, vote.reserve, vote.seats)
        except Bad:
            need(kind == "effect", "stale")
            return _with(state, decision, vote._replace(phase="failed", stale=True))
        need(kind == certificate_of(effect), "another kind of certificate")
        if kind == "remove":
            roll = after.roll.copy()
            need(type(decision.get("heads")) is list, "heads")
            roll.persons[effect["person"]][2] = "removed"
            roll.cut(list(roll.persons[effect["person"]][3]), decision["heads"])
            after = after._replace(roll=roll)
        return _with(after, decision, vote._replace(phase="in_effect"))

    return carry_out


def _tellers(state: State, decision: Any, id_: bytes) -> State:
    """An election, or an alternate who steps in for one of several tellers."""
    if "proposal" in decision:
        return _carry_out("tellers")(state, decision, id_)
    at = _seat(state, decision, "seat", "why", "record", "at")
    why, record = decision["why"], decision["record"]
    need(why in ("gone", "resigned", "silent", "double"), "why")
    need((why == "gone") == (state.tellers[at] not in state.able()), "gone")
    need(is_bytes(record, 32) if why == "resigned" else record is None, "record")
    need(is_whole(decision["at"], 0, 2**53), "at")
    seat, left = next_seat(state)
    tellers = [*state.tellers[:at], seat, *state.tellers[at + 1 :]]
    officers = dict(state.officers)
    if "teller" in officers:
        officers["teller"] = [person for person, _ in tellers]
    return state._replace(tellers=tellers, officers=officers, alternates=left)


def _move(state: State, decision: Any, id_: bytes) -> State:
    """One of several seats goes to another device of its person."""
    at = _seat(state, decision, "seat", "device", "record", "retire")
    (person, before), device = state.tellers[at], decision["device"]
    need(is_bytes(device, 32) and is_bytes(decision["record"], 32), "key")
    need(state.roll.is_member(person) and device in state.roll.persons[person][3], "device")
    need((device, 0) not in state.roll.cuts, "a device that was given up")
    need(device not in [each for _, each in state.tellers], "a device with a seat")
    roll = state.roll.copy()
    roll.cut([before], decision["retire"])
    tellers = [*state.tellers[:at], [person, device], *state.tellers[at + 1 :]]
    return state._replace(roll=roll, tellers=tellers)


def _seat(state: State, decision: Any, *keys: str) -> int:
    need(set(decision) == set(keys) and len(state.tellers) > 1, "keys")
    at = decision["seat"]
    need(is_whole(at, 0, len(state.tellers) - 1), "seat")
    return int(at)


def _annul(state: State, decision: Any, id_: bytes) -> State:
    why, record = decision.get("why"), decision.get("record")
    need(record is None or is_bytes(record, 32), "record")
    match why:
        case "withdrawn":
            vote = _vote(state, decision, "notice")
            need(record is not None, "record")
            vote = vote._replace(phase="withdrawn")
        case "stale":
            vote = _vote(state, decision, "notice", "open", "tied", "missed", "again")
            need(not possible(vote.opened["effect"], state), "not stale")
            vote = vote._replace(phase="annulled")
        case "opening":
            vote = _vote(state, decision, *GOING_ON)
            need(record is not None, "record")
            vote = vote._replace(phase="annulled", winners=())
        case "again" if _vote(state, decision, *GOING_ON, "failed").phase == "open":
            vote = _vote(state, decision, "open")._replace(phase="again")
        case "again" | "recount":
            vote = _vote(state, decision, "challenge", "tied", "missed", "failed")
            need(not vote.stale, "stale")
            need(why == "recount" or record is not None, "record")
            sure = () if vote.phase == "tied" else vote.sure
            last = vote.rounds[-1]._replace(result=None, voters=None)
            rounds = (*vote.rounds[:-1], last)
            phase = "open" if why == "recount" else "again"
            vote = vote._replace(phase=phase, rounds=rounds, sure=sure, winners=())
        case _:
            raise Bad("why")
    return _with(state, decision, vote)


STEPS: dict[str, Callable[[State, Any, bytes], State]] = {
    "roll": _roll,
    "open": _open,
    "close": _close,
    "effect": _carry_out("effect"),
    "remove": _carry_out("remove"),
    "tellers": _tellers,
    "move-seat": _move,
    "annul": _annul,
}
