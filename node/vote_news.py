"""Telling what becomes of votes: an event whenever one comes into another phase or round."""

from __future__ import annotations

from node.events import Events
from storage import certificates
from storage.store import Store

Phases = dict[bytes, tuple[str, int]]  # proposal -> (phase, rounds)


class VoteNews:
    """Remembers what was told last; what was so before this node began is no news."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self._told = self._phases()

    def tell(self) -> None:
        """An event `vote` {proposal, kind, phase} for each vote that went on."""
        now = self._phases()
        state = certificates.current(self._store)
        for proposal, at in now.items():
            if self._told.get(proposal) != at and state is not None:
                vote = state.votes[proposal]
                self._events.tell("vote", proposal=proposal.hex(), kind=vote.kind, phase=at[0])
        self._told = now

    def _phases(self) -> Phases:
        state = certificates.current(self._store)
        votes = {} if state is None else state.votes
        return {proposal: (vote.phase, len(vote.rounds)) for proposal, vote in votes.items()}
