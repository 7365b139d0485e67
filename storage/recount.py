"""Counting a round again from what is here, as every node does for itself.

A ballot counts if more than a third of the round's tellers say in receipts that they held it in
time (with one teller, if it says so). Of a person's ballots the highest version counts, or, where
revising is not allowed, the first that each teller lists. What a teller's `stop` leads to must be
complete before anything can be said; what the same teller signed beside that chain counts as well,
so that a log which forked can't take a receipt back.

A recount says how a close was made. It never changes certified state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from governance import counting
from governance.certified import Certified, Round, Vote
from governance.counting import Count
from governance.saying import Said, said
from protocol.certificates import quorum
from protocol.codec import Plain, encode
from protocol.kinds.registry import content
from protocol.kinds.stop import Stop
from protocol.records import signed
from storage import assembly, certificates, opened, sideset
from storage.assembly import Receipt
from storage.polling import Cast, Polling, question, second_call_left
from storage.store import Store

__all__ = [
    "DIFFERS",
    "EQUAL",
    "INCOMPLETE",
    "Cast",
    "Recount",
    "Standing",
    "closing",
    "is_wrong",
    "question",
    "recount",
    "second_call_left",
    "tally_now",
]

Status = Literal["equal", "differs", "incomplete"]
EQUAL: Status = "equal"
DIFFERS: Status = "differs"
INCOMPLETE: Status = "incomplete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """What this node makes of a closed round. `here` of `of` counted ballots are at hand.

    `status`: equal, differs, or incomplete while something that the close rests on is not here;
    `why` says what differs or is missing. `count` and `ballots` are of what is here.
    """

    status: Status
    here: int
    of: int
    count: Count
    why: tuple[Said, ...]
    ballots: tuple[Cast, ...]


def recount(store: Store, vote: Vote, round_: Round) -> Recount:
    """Count a closed round again and compare with what its close says."""
    assert round_.result is not None  # noqa: S101 - the caller asks about a closed round
    found = _count(store, vote, round_, round_.stops)
    claimed = round_.result
    of, here = claimed["ballots"], len(found.ballots)
    if found.faults:
        status, why = DIFFERS, found.faults
    elif found.missing:
        status, here = INCOMPLETE, max(0, min(here, of - found.missing))
        why = [said("Not here yet, of what the close rests on: %(count)s.", count=found.missing)]
    else:
        opening = opened.otherwise(store, vote)
        why = [*_differences(claimed, found), *([opening] if opening else [])]
        status = DIFFERS if why else EQUAL
    return Recount(
        status=status,
        here=here,
        of=of,
        count=found.counted,
        why=tuple(why),
        ballots=tuple(found.ballots),
    )


def is_wrong(store: Store, vote: Vote, round_: Round) -> bool:
    """Whether what is here proves that a round was closed wrongly, so that counting anew helps."""
    if round_.result is None:
        return False
    found = _count(store, vote, round_, round_.stops)
    return bool(found.faults) or (not found.missing and bool(_differences(round_.result, found)))


def closing(store: Store, vote: Vote, stops: Sequence[bytes]) -> dict[str, Any] | None:
    """What a close of the newest round on these stops says, but for its time.

    None while something they rest on is not here, or when they are no stops of its tellers.
    """
    last = vote.round
    if last is None:
        return None
    found = _count(store, vote, last, stops)
    if found.faults or found.missing:
        return None
    return {
        "proposal": vote.proposal,
        "open": last.open,
        "stops": list(stops),
        **_result(found),
        "tally": found.counted.tally,
    }


class _Found(NamedTuple):
    """What the stops of a round lead to."""

    counted: Count
    ballots: list[Cast]  # those that count, in the order of persons
    faults: list[Said]
    missing: int  # records that the stops lead to and that are not here
    beside: set[bytes]  # ballots that only receipts outside the stops' chains name


def _result(found: _Found) -> dict[str, Any]:
    ids = sorted(each.record for each in found.ballots)
    return {
        "outcome": found.counted.outcome,
        "winners": list(found.counted.winners),
        "tied": list(found.counted.tied),
        "seats": found.counted.open_seats,
        "ballots": len(ids),
        "root": sha256(b"".join(ids)).digest(),
    }


def _differences(claimed: Mapping[str, Any], found: _Found) -> list[Said]:
    """What the close says otherwise than this count."""
    ours = _result(found)
    why: list[Said] = []
    if (claimed["ballots"], claimed["root"]) != (ours["ballots"], ours["root"]):
        why.append(
            said(
                "The close counts other ballots than its tellers' receipts name: "
                "%(theirs)s there, %(ours)s here.",
                theirs=claimed["ballots"],
                ours=ours["ballots"],
            )
        )
        why += [
            said(
                "Ballot %(ballot)s was left out; a teller's receipt for it is kept as proof.",
                ballot=each.record.hex()[:16],
            )
            for each in found.ballots
            if each.record in found.beside
        ]
    if any(claimed[key] != ours[key] for key in ("outcome", "winners", "tied", "seats")):
        why.append(
            said(
                "The close says %(theirs)s, this count says %(ours)s.",
                theirs=_outcome(claimed),
                ours=_outcome(ours),
            )
        )
    elif not why and encode(claimed["tally"]) != encode(found.counted.tally):
        why.append(said("The close states other numbers than this count."))
    return why


def _outcome(result: Mapping[str, Any]) -> str:
    return ", ".join([result["outcome"], *result["winners"], *result["tied"]])


def _count(store: Store, vote: Vote, round_: Round, stops: Sequence[bytes]) -> _Found:
    """Count a round from the chains that these stops end, and what their tellers signed beside."""
    polling = Polling(store, _state(store), vote, round_)
    chains = [_chain(store, round_, stop) for stop in stops]
    faults = [fault for chain in chains for fault in chain.faults]
    devices = [chain.device for chain in chains if chain.device is not None]
    if not faults and len(set(devices)) != len(devices):
        faults.append(said("Two stops that the close rests on are by one teller."))
    named = {ballot for chain in chains for ballot in chain.ballots}
    beside = {ballot for chain in chains for ballot in chain.beside} - named
    valid, missing = polling.here(named)
    more, _ = polling.here(beside)
    valid.update(more)
    lists = [
        [valid[each] for each in (*chain.ballots, *chain.beside) if each in valid]
        for chain in chains
    ]
    ballots = list(_standing(lists, _third(round_), revise=vote.rule.revise).values())
    choices = {each.person: each.choice for each in ballots}
    return _Found(
        counting.count(polling.question, choices, len(polling.voters)),
        ballots,
        faults,
        missing + sum(chain.missing for chain in chains),
        beside,
    )


def _standing(lists: Sequence[Sequence[Cast]], need: int, *, revise: bool) -> dict[bytes, Cast]:
    """By person, in order, the ballot that stands where each teller lists these, oldest first."""
    found: dict[bytes, Cast] = {}
    times: Counter[bytes] = Counter()
    for listed in lists:
        mine: dict[bytes, Cast] = {}
        for cast in listed:
            mine.setdefault(cast.record if revise else cast.person, cast)
        for cast in mine.values():
            found[cast.record] = cast
            times[cast.record] += 1
    best: dict[bytes, Cast] = {}
    for cast in found.values():
        if times[cast.record] >= need:
            other = best.setdefault(cast.person, cast)
            best[cast.person] = min(cast, other, key=lambda each: each.order)
    return dict(sorted(best.items()))


def _third(round_: Round) -> int:
    """How many tellers must list a ballot for it to count: one more than may be false, f + 1."""
    return (len(round_.tellers) - 1) // 3 + 1


class _Chain(NamedTuple):
    """What one stop leads to."""

    device: bytes | None  # None while the stop is not here
    ballots: list[bytes]  # as receipted, oldest first
    beside: list[bytes]  # those in receipts of the same device outside the chain
    missing: int  # 1 when the chain breaks off at something that is not here, or may be lacking
    faults: list[Said]


def _chain(store: Store, round_: Round, stop_id: bytes) -> _Chain:
    """Follow a teller's receipts from its stop, by ids.

    What breaks off is missing, whatever is held in its place: nodes may hold different things
    there. So is what may have been given up because a forked log held too much: nobody hides a
    receipt under a heap of others. A stop is cited by its close, so everybody sees what it is.
    """
    stop = assembly.anywhere(store, stop_id)
    if stop is None or _state(store).roll.person_of(stop.header.device) is None:
        return _Chain(None, [], [], 1, [])
    stopped, device = content(stop), stop.header.device
    if (
        not isinstance(stopped, Stop)
        or stopped.open != round_.open
        or device not in {seat.device for seat in round_.tellers}
        or not signed(stop, store.community)
    ):
        fault = said(
            "Record %(record)s, which the close names, is no stop by one of its tellers.",
            record=stop_id.hex()[:16],
        )
        return _Chain(device, [], [], 0, [fault])
    receipts = {each.record: each for each in assembly.receipts_of(store, device, round_.open)}
    chain: list[Receipt] = []
    at = stopped.last
    while at is not None and (link := receipts.pop(at, None)) is not None:
        chain.append(link)
        at = link.before
    listed = [ballot for link in reversed(chain) for ballot in link.ballots]
    beside = [ballot for other in receipts.values() for ballot in other.ballots]
    lost = at is not None or sideset.is_full(store, device)
    return _Chain(device, listed, beside, int(lost), [])


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where an open round stands, by the receipts that its tellers have written so far."""

    voters: frozenset[bytes]
    needed: int  # receipts by so many tellers make a ballot safe: it will be counted
    receipts: Mapping[bytes, int]  # how many tellers hold a ballot; none for those it leaves out
    safe: Mapping[bytes, Cast]  # by person
    cast: Mapping[bytes, tuple[Cast, ...]]  # by person, all that are here, the best one first
    taken: Mapping[bytes, tuple[Cast, ...]]  # of them those that the teller in question receipted
    newest: bytes | None  # that teller's newest receipts

    def choices(self) -> dict[bytes, Plain]:
        """Person -> choice, of safe ballots."""
        return {person: each.choice for person, each in self.safe.items()}

    def fresh(self, revise: bool, most: int) -> list[bytes]:
        """The ballots that the teller in question should receipt now.

        One a person: the first where a ballot can't be revised; else the best one, if it is better
        than those with a receipt, which are at most `most`.
        """
        found: list[Cast] = []
        for person, several in self.cast.items():
            taken = self.taken.get(person, ())
            if not revise:
                found += (
                    [] if taken else [min(several, key=lambda each: (each.version, each.record))]
                )
            elif len(taken) < most and all(several[0].order < each.order for each in taken):
                found.append(several[0])
        return [each.record for each in found]


def tally_now(store: Store, vote: Vote, round_: Round, *, teller: bytes | None = None) -> Standing:
    """Where an open round stands; `teller`: the device whose own receipts matter to `fresh`."""
    polling = Polling(store, _state(store), vote, round_)
    valid = polling.in_view()
    chains = {
        seat.device: assembly.receipts_of(store, seat.device, round_.open)
        for seat in round_.tellers
    }
    by_device = {
        device: [ballot for each in chain for ballot in each.ballots]
        for device, chain in chains.items()
    }
    own = chains.get(teller or b"")
    rest = {ballot for listed in by_device.values() for ballot in listed} - valid.keys()
    valid.update(polling.here(rest)[0])
    lists = [[valid[each] for each in listed if each in valid] for listed in by_device.values()]
    needed = quorum(len(round_.tellers))
    return Standing(
        voters=polling.voters,
        needed=needed,
        receipts=Counter(record for listed in by_device.values() for record in set(listed)),
        safe=_standing(lists, needed, revise=vote.rule.revise),
        cast=_by_person(valid.values()),
        taken=_by_person(valid[e] for e in set(by_device.get(teller or b"", ())) if e in valid),
        newest=own[-1].record if own else None,
    )


def _by_person(casts: Iterable[Cast]) -> dict[bytes, tuple[Cast, ...]]:
    found: dict[bytes, list[Cast]] = {}
    for cast in sorted(casts, key=lambda each: (each.person, each.order)):
        found.setdefault(cast.person, []).append(cast)
    return {person: tuple(several) for person, several in found.items()}


def _state(store: Store) -> Certified:
    state = certificates.current(store)
    assert state is not None  # noqa: S101 - there is a vote
    return state
