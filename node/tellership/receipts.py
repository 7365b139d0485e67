"""A teller's word on ballots: receipts as they come in, and `stop` when no more are taken.

That is when the vote is over by this node's clock, when nothing can change any more, or when more
other tellers have stopped than may lie: then what this one holds by now is all it has to add.

The duty goes with the round, not with the office: who was a teller when the round began keeps its
receipts to the end, even where another holds the seat by then.
"""

from __future__ import annotations

from governance import duties, listing
from governance.certified import OPEN, Round, Vote
from governance.early import decided
from node.tellership.clock import by_our_clock
from protocol.codec import Plain
from protocol.keys import Signer
from protocol.kinds import receipts as receipts_kind
from protocol.kinds import stop as stop_kind
from storage import assembly as held
from storage import certificates, own, recount
from storage.own import Draft
from storage.store import Store

MOST_REVISIONS = 20  # ballots of one person in one round that a teller takes


def rounds(store: Store) -> list[tuple[Vote, Round]]:
    """The open rounds of which this device is a teller and which it has not stopped."""
    state = certificates.current(store)
    if state is None or state.roll.is_cut(store.device):
        return []
    now = store.now_ms() / 1000
    running = (by_our_clock(store, state, vote, now) for vote in duties.running(state))
    return [
        (vote, vote.round)
        for vote in running
        if vote.phase == OPEN
        and vote.round is not None
        and any(seat.device == store.device for seat in vote.round.tellers)
        and held.stop_of(store, store.device, vote.round.open) is None
    ]


def write_due(store: Store, signer: Signer) -> bool:
    """Write the receipts and stops that are due; whether there were any."""
    wrote = False
    for vote, last in rounds(store):
        if not _may_be_due(store, vote, last):
            continue
        with store.transaction():
            draft = _due(store, vote, last)
            if draft is not None:
                own.append(store, signer, [draft])
                wrote = True
    return wrote


def _may_be_due(store: Store, vote: Vote, last: Round) -> bool:
    """Whether it is worth the write lock to find out what is due.

    A teller's node asks after every record that comes, so all ballots are gone through only where
    one has no receipt, or where each may decide the vote.
    """
    if _is_over(store, vote, last) or _others_stopped(store, last):
        return True
    if held.any_without_receipt(store, store.device, last.open):
        return True
    return _may_end_early(store, vote, last) and _due(store, vote, last) is not None


def _is_over(store: Store, vote: Vote, last: Round) -> bool:
    return store.now_ms() >= 1000 * duties.ends(vote, last)


def _others_stopped(store: Store, last: Round) -> bool:
    """Whether more tellers have stopped than may lie, so that one of them was right to."""
    return len(recount.stops_of(store, last)) >= listing.listed_from(len(last.tellers))


def _may_end_early(store: Store, vote: Vote, last: Round) -> bool:
    rule = vote.rule
    waited = store.now_ms() >= 1000 * duties.earliest_end(vote, last)
    return rule.early_close and not rule.revise and waited


def _due(store: Store, vote: Vote, last: Round) -> Draft | None:
    """The next record that this round asks of this device."""
    over = _is_over(store, vote, last)
    standing = recount.tally_now(store, vote, last, teller=store.device)
    fresh = [] if over else standing.fresh(vote.rule.revise, MOST_REVISIONS)
    if fresh:
        some = fresh[: receipts_kind.MOST]
        body: dict[str, Plain] = receipts_kind.body(last.open, some, standing.newest)
        return Draft("receipts", body)
    ends = over or _others_stopped(store, last)
    ends = ends or (
        _may_end_early(store, vote, last)
        and decided(
            recount.question(vote, last),
            standing.choices(),
            len(standing.voters),
            recount.second_call_left(vote),
        )
    )
    return Draft("stop", stop_kind.body(last.open, standing.newest)) if ends else None
