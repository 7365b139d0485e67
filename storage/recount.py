"""Counting a round again from what is here, as every node does for itself.

Which ballots count is for `governance.listing` to say: those that enough of the stops lead to, and
those that are safe by all receipts that are here. What a `stop` leads to must be complete before
anything can be said; a receipt outside these chains proves more, as soon as it is here.

A recount says how a close was made. It never changes certified state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from typing import Any, Literal, NamedTuple

from governance import counting, duties, listing
from governance.certified import Certified, Round, Vote
from governance.counting import Count
from governance.saying import Said, Span, said
from protocol.codec import Plain, encode
from protocol.kinds.registry import content
from protocol.kinds.stop import Stop
from protocol.records import signed
from storage import assembly, certificates, opened, sideset
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
    `why` says what differs or is missing. `count` and `ballots` are of what is here; `left_out` are
    safe ballots that the stops don't lead to, where the close counts others than these.
    """

    status: Status
    here: int
    of: int
    count: Count
    why: tuple[Said, ...]
    ballots: tuple[Cast, ...]
    left_out: tuple[bytes, ...]


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
        more = hasty(vote, round_), opened.otherwise(store, vote)
        why = [*_differences(claimed, found), *(each for each in more if each is not None)]
        status = DIFFERS if why else EQUAL
    return Recount(
        status=status,
        here=here,
        of=of,
        count=found.counted,
        why=tuple(why),
        ballots=tuple(found.ballots),
        left_out=tuple(_left_out(claimed, found)) if status == DIFFERS else (),
    )


def hasty(vote: Vote, round_: Round) -> Said | None:
    """What is wrong with when a round was closed, by the times that its own certificates claim."""
    if round_.closed_at is None or round_.closed_at >= duties.earliest_close(vote, round_):
        return None
    return said(
        "By its own times the vote was closed too early: after %(had)s, where its rule asks for "
        "%(asked)s at least.",
        had=Span(max(0, round_.closed_at - round_.at)),
        asked=Span(duties.earliest_close(vote, round_) - round_.at),
    )


def is_wrong(store: Store, vote: Vote, round_: Round) -> bool:
    """Whether what is here proves that a round was counted wrongly, so that counting anew helps."""
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


def closing_now(store: Store, vote: Vote) -> dict[str, Any] | None:
    """`closing` by the stops that are here; None while they are too few, or lead to what is not.

    By all of them. Where one leads to what is not here, maybe for good, by as many as can be.
    """
    last = vote.round
    if last is None:
        return None
    stops = stops_of(store, last)
    for count in range(len(stops), listing.safe_from(len(last.tellers)) - 1, -1):
        for some in combinations(stops, count):
            found = closing(store, vote, some)
            if found is not None:
                return found
    return None


def stops_of(store: Store, round_: Round) -> list[bytes]:
    """The stops that are here of a round's tellers, one each."""
    found = (assembly.stop_of(store, seat.device, round_.open) for seat in round_.tellers)
    return [each.record for each in found if each is not None]


class _Found(NamedTuple):
    """What the stops of a round lead to."""

    counted: Count
    ballots: list[Cast]  # those that count, in the order of persons
    faults: list[Said]
    missing: int  # records that the stops lead to and that are not here
    proved: list[bytes]  # of them those that are safe, though too few of the stops lead to them


def _result(found: _Found) -> dict[str, Any]:
    ids = sorted(each.record for each in found.ballots)
    alternates = found.counted.alternates
    return {
        "outcome": found.counted.outcome,
        "winners": list(found.counted.winners),
        "tied": list(found.counted.tied),
        "seats": found.counted.open_seats,
        **({} if alternates is None else {"alternates": list(alternates)}),
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
                "Ballot %(ballot)s was left out; the tellers' receipts for it are kept as proof.",
                ballot=each.hex()[:16],
            )
            for each in _left_out(claimed, found)
        ]
    stated = ("outcome", "winners", "tied", "seats", "alternates")
    if any(claimed.get(key) != ours.get(key) for key in stated):
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


def _left_out(claimed: Mapping[str, Any], found: _Found) -> list[bytes]:
    ours = _result(found)
    if (claimed["ballots"], claimed["root"]) == (ours["ballots"], ours["root"]):
        return []
    return found.proved


def _outcome(result: Mapping[str, Any]) -> str:
    named = [*result["winners"], *result["tied"], *result.get("alternates", ())]
    return ", ".join([result["outcome"], *named])


def _count(store: Store, vote: Vote, round_: Round, stops: Sequence[bytes]) -> _Found:
    """Count a round from the chains that these stops end, and what its tellers signed beside."""
    polling = Polling(store, _state(store), vote, round_)
    chains = [_chain(store, round_, stop) for stop in stops]
    faults = [fault for chain in chains for fault in chain.faults]
    devices = [chain.device for chain in chains if chain.device is not None]
    if not faults and len(set(devices)) != len(devices):
        faults.append(said("Two stops that the close rests on are by one teller."))
    receipts = [assembly.receipts_of(store, seat.device, round_.open) for seat in round_.tellers]
    named = {ballot for chain in chains for ballot in chain.ballots}
    beside = {ballot for some in receipts for each in some for ballot in each.ballots} - named
    valid, missing = polling.here(named)
    valid.update(polling.here(beside)[0])
    revise, owners = vote.rule.revise, _owners(valid)
    ballots = listing.standing(
        valid,
        [chain.ballots for chain in chains],
        [listing.backed(owners, each, revise=revise) for each in receipts],
        tellers=len(round_.tellers),
        revise=revise,
    )
    choices = {person: each.choice for person, each in ballots.items()}
    times = listing.listed(owners, [chain.ballots for chain in chains], revise=revise)
    enough = listing.listed_from(len(round_.tellers))
    return _Found(
        counting.count(polling.question, choices, len(polling.voters)),
        list(ballots.values()),
        faults,
        missing + sum(chain.missing for chain in chains),
        [each.record for each in ballots.values() if times[each.record] < enough],
    )


class _Chain(NamedTuple):
    """What one stop leads to."""

    device: bytes | None  # None while the stop is not here
    ballots: list[bytes]  # as receipted, oldest first
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
        return _Chain(None, [], 1, [])
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
        return _Chain(device, [], 0, [fault])
    receipts = assembly.receipts_of(store, device, round_.open)
    ballots, whole = listing.chain(receipts, stopped.last)
    return _Chain(device, ballots, int(not whole or sideset.is_full(store, device)), [])


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
    revise, tellers = vote.rule.revise, len(round_.tellers)
    valid = polling.in_view()
    receipts = {
        seat.device: assembly.receipts_of(store, seat.device, round_.open)
        for seat in round_.tellers
    }
    named = {ballot for some in receipts.values() for each in some for ballot in each.ballots}
    valid.update(polling.here(named - valid.keys())[0])
    owners = _owners(valid)
    backing = [listing.backed(owners, each, revise=revise) for each in receipts.values()]
    own = receipts.get(teller or b"", ())
    mine = {ballot for each in own for ballot in each.ballots}
    return Standing(
        voters=polling.voters,
        needed=listing.safe_from(tellers),
        receipts=Counter(record for each in backing for record in each),
        safe=listing.standing(valid, (), backing, tellers=tellers, revise=revise),
        cast=_by_person(valid.values()),
        taken=_by_person(valid[each] for each in mine if each in valid),
        newest=own[-1].record if own else None,
    )


def _owners(valid: Mapping[bytes, Cast]) -> dict[bytes, bytes]:
    return {each.record: each.person for each in valid.values()}


def held(store: Store, vote: Vote, round_: Round, owners: Mapping[bytes, bytes]) -> Counter[bytes]:
    """How many tellers back each of these ballots (ballot -> person), as far as it is here."""
    return Counter(
        ballot
        for seat in round_.tellers
        for ballot in listing.backed(
            owners,
            assembly.receipts_of(store, seat.device, round_.open),
            revise=vote.rule.revise,
        )
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
