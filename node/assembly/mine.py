"""A person's own part in a vote: their ballot, whether it is safe, what they may do."""

from __future__ import annotations

from typing import NamedTuple

from governance import duties, listing
from governance.certified import (
    APPEAL,
    CHALLENGE,
    NOTICE,
    OPEN,
    RUNNING,
    Certified,
    Round,
    Vote,
)
from governance.charter_parts import KINDS
from governance.effects.registry import effect_type
from governance.opening import rule_for
from governance.saying import Said, said
from node.assembly import phases
from node.assembly.choices import as_read
from node.assembly.finding import Found
from protocol.codec import Plain
from protocol.errors import Invalid, Refused
from storage import assembly as held
from storage import opened, recount
from storage.store import Store


class Blocked(NamedTuple):
    """Why somebody can't vote: a word for programs, a sentence for them."""

    reason: str
    said: Said


class Cast(NamedTuple):
    """A ballot of one's own, and how many tellers have given a receipt for it."""

    record: bytes
    version: int
    choice: Plain
    receipts: int
    needed: int

    @property
    def safe(self) -> bool:
        """Whether it will be counted, unless a teller forks its log."""
        return self.receipts >= self.needed


def cast(store: Store, vote: Vote, last: Round, person: bytes) -> Cast | None:
    """The ballot of this person that stands in a round; None if there is none that can count.

    Of several the highest version, or, where none may be revised, the one that tellers hold.
    """
    some = [
        (each, choice)
        for each in held.ballots(store, last.open, person)
        if (choice := as_read(vote, last, each.choice)) is not None
    ]
    receipts = recount.held(store, vote, last, {each.record: person for each, _ in some})
    found = [
        Cast(each.record, each.version, choice, receipts[each.record], needed(last))
        for each, choice in some
    ]

    def order(each: Cast) -> tuple[int, int, bytes]:
        return (0 if vote.rule.revise else -each.receipts), -each.version, each.record

    return min(found, key=order, default=None)


def next_version(store: Store, last: Round, person: bytes) -> int:
    """The version of this person's next ballot in a round, from whatever device."""
    found = held.ballots(store, last.open, person)
    return max((each.version for each in found), default=0) + 1


def needed(last: Round) -> int:
    """How many receipts make a ballot safe."""
    return listing.safe_from(len(last.tellers))


def concerned(state: Certified, found: Found) -> tuple[bytes, ...]:
    """Whom a proposal is about, so that they do not vote on it."""
    if found.vote is not None:
        effect, rule = found.vote.effect, found.vote.rule
    elif found.said is not None and found.said.kind in KINDS:
        effect, rule = found.said.effect, rule_for(state, found.said.kind)
    else:
        return ()
    try:
        return effect_type(effect).concerned(effect, rule.recuse)
    except (Invalid, Refused):
        return ()


def why_not(
    store: Store, state: Certified, found: Found, me: bytes, ballot: Cast | None
) -> Said | None:
    """The sentence of `blocked`."""
    found_out = blocked(store, state, found, me, ballot)
    return None if found_out is None else found_out.said


def blocked(
    store: Store, state: Certified, found: Found, me: bytes, ballot: Cast | None
) -> Blocked | None:
    """Why this person can't cast a ballot now, after `ballot` if there is one; None if they can."""
    vote = found.vote
    if vote is None:
        return Blocked(
            "not-open", said("It is a draft still: the teller's node puts it to the vote.")
        )
    if vote.phase == NOTICE:
        return Blocked("not-open", said("The vote has not begun yet."))
    last = vote.round
    if vote.phase != OPEN or last is None or phases.stopped(store, last):
        return Blocked("stopped", said("No ballots are taken any more."))
    if me in concerned(state, found):
        return Blocked("concerned", said("It is about you, so you have no vote in it."))
    if me not in state.members():
        return Blocked("not-member", said("Only members vote."))
    if me not in last.electorate:
        return Blocked(
            "not-in-electorate",
            said("You were not on the roll yet when it was put to the vote."),
        )
    if ballot is not None and not vote.rule.revise:
        return Blocked(
            "already-voted", said("You have voted, and a ballot can't be changed under this rule.")
        )
    return None


def may_withdraw(found: Found, me: bytes) -> bool:
    """Whether this person may take the proposal back."""
    early = found.vote is None or found.vote.phase == NOTICE
    return found.author == me and early


def may_challenge(store: Store, state: Certified, vote: Vote | None, me: bytes) -> bool:
    """Whether a member may still say that the newest count is wrong, or how the vote was opened."""
    return (
        vote is not None
        and me in state.members()
        and (phases.may_be_challenged(store, vote) or misopened(store, vote))
    )


def misopened(store: Store, vote: Vote) -> bool:
    """Whether a vote that is not over yet was opened for something else than its author wrote."""
    over = vote.phase == CHALLENGE and not phases.may_be_challenged(store, vote)
    return vote.phase in RUNNING and not over and opened.otherwise(store, vote) is not None


def may_appeal(store: Store, vote: Vote | None, me: bytes) -> bool:
    """Whether this person, who is to be expelled, may ask the members once more."""
    if vote is None or vote.phase != CHALLENGE or APPEAL in vote.tried:
        return False
    limit = duties.challengeable_until(vote)
    return (
        vote.effect.get("type") == "expel"
        and vote.effect.get("person") == me
        and limit is not None
        and store.now_ms() <= 1000 * limit
    )
