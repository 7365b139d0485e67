"""A teller's word on ballots: receipts as they come in, and `stop` when no more are taken.

The duty goes with the round, not with the office: who was a teller when the round began keeps its
receipts to the end, even where another holds the seat by then.
"""

from __future__ import annotations

from governance import duties
from governance.certified import OPEN, Round, Vote
from governance.early import decided
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
    if state is None:
        return []
    return [
        (vote, vote.round)
        for vote in duties.running(state)
        if vote.phase == OPEN
        and vote.round is not None
        and any(seat.device == store.device for seat in vote.round.tellers)
        and held.stop_of(store, store.device, vote.round.open) is None
    ]


def write_due(store: Store, signer: Signer) -> bool:
    """Write the receipts and stops that are due; whether there were any."""
    wrote = False
    for vote, last in rounds(store):
        if not _due(store, vote, last):
            continue
        with store.transaction():
            draft = _due(store, vote, last)
            if draft is not None:
                own.append(store, signer, [draft])
                wrote = True
    return wrote


def _due(store: Store, vote: Vote, last: Round) -> Draft | None:
    """The next record that this round asks of this device."""
    now = store.now_ms() / 1000
    standing = recount.tally_now(store, vote, last, teller=store.device)
    over = now >= duties.ends(vote, last)
    chain = held.receipts_of(store, store.device, last.open)
    newest = chain[-1].record if chain else None
    fresh = [] if over else standing.fresh(vote.rule.revise, MOST_REVISIONS)
    if fresh:
        body: dict[str, Plain] = receipts_kind.body(last.open, fresh[: receipts_kind.MOST], newest)
        return Draft("receipts", body)
    early = (
        vote.rule.early_close
        and not vote.rule.revise
        and now >= duties.earliest_end(vote, last)
        and decided(
            recount.question(vote, last),
            standing.choices(),
            len(standing.voters),
            recount.second_call_left(vote),
        )
    )
    return Draft("stop", stop_kind.body(last.open, newest)) if over or early else None
