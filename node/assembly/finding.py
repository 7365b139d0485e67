"""Proposals as this home holds them: the author's record, and what the certificates made of it.

A record may be missing here while a vote on it is certified already, and most records wait for no
certificate any more. So a proposal is looked for in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from governance import duties
from governance.certified import Certified, Vote
from governance.opening import first_opening
from governance.saying import Said, said
from protocol.errors import Invalid, NotFound, Refused
from protocol.kinds.proposal import Proposal
from protocol.records import ZERO
from storage import assembly as held
from storage import certificates
from storage.store import Store

SHORTEST = 8  # digits of an id


class Found(NamedTuple):
    """A proposal. `said` is None while its record is not here, `vote` before the first `open`.

    In a list `said` is left out of those that a vote was opened on.
    """

    record: bytes
    said: Proposal | None
    author: bytes | None  # person
    vote: Vote | None
    title: str = ""  # "" while that is not here
    made_ms: int | None = None  # when its author says it was written

    @property
    def kind(self) -> str:
        """Its kind, "" while that is not known."""
        if self.vote is not None:
            return self.vote.kind
        return "" if self.said is None else self.said.kind


def state_of(store: Store) -> Certified:
    """The certified state; NotFound before the first sync."""
    state = certificates.current(store)
    if state is None:
        raise NotFound("no-charter", "The charter is not here yet: no peer was reached so far.")
    return state


def resolve(store: Store, text: str) -> bytes:
    """The id of the proposal that a prefix of 8 digits or more means; NotFound or `ambiguous`."""
    wanted = text.strip().lower()
    found = _beginning(store, wanted) if SHORTEST <= len(wanted) <= 64 else []
    if not found:
        raise NotFound("no-proposal", "There is no proposal %(id)s here.", id=text)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=text,
        )
    return found[0]


def _beginning(store: Store, wanted: str) -> list[bytes]:
    """The ids of proposals that begin with these digits; nothing where these are no digits."""
    try:
        low, high = (bytes.fromhex(wanted.ljust(64, fill)) for fill in "0f")
    except ValueError:
        return []
    if len(low) < len(ZERO):  # spaces among them
        return []
    state = certificates.current(store)
    voted = () if state is None else (each for each in state.votes if low <= each <= high)
    return list({*voted, *held.proposals_between(store, low, high)})


def find(store: Store, text: str) -> Found:
    """The proposal that a prefix means; errors as `resolve`."""
    return get(store, state_of(store), resolve(store, text))


def get(store: Store, state: Certified, record_id: bytes) -> Found:
    """The proposal with this id, as far as it is here."""
    vote = state.votes.get(record_id)
    here = held.proposal(store, record_id)
    if here is None:
        return Found(record_id, None, None if vote is None else vote.author, vote)
    record, said = here
    author = state.roll.person_of(record.header.device) if vote is None else vote.author
    return Found(record_id, said, author, vote, said.title, record.header.time_ms)


def listed(
    store: Store, state: Certified, record_id: bytes, here: Mapping[bytes, held.Proposal]
) -> Found:
    """The same for a list, which costs less. `here`: the proposals that are here, by id."""
    vote, known = state.votes.get(record_id), here.get(record_id)
    if vote is None or known is None:
        return get(store, state, record_id)
    return Found(record_id, None, vote.author, vote, known.title, known.made_ms)


def titles(store: Store) -> dict[bytes, str]:
    """Proposal -> its title, of all that are here."""
    return {each.record: each.title for each in held.proposals(store)}


class Draft(NamedTuple):
    """What the charter would make of a proposal; `problem`: why it can't be opened now."""

    opening: Mapping[str, Any] | None
    problem: Said | None


def draft(store: Store, found: Found) -> Draft:
    """What the teller's node would make of a proposal that was not opened yet."""
    state = state_of(store)
    if found.said is None or found.author is None:
        return Draft(None, None)
    opening = _opening(_Asked(state, found.record, found.said, found.author))
    if opening.problem is None and not duties.may_open(state, found.author):
        waits = said(
            "At most %(most)s proposals of one person are under way at a time: it waits until "
            "one of them is done.",
            most=duties.MOST_RUNNING,
        )
        return Draft(opening.opening, waits)
    return opening


class _Asked:
    """The arguments of `_opening`, told apart by what they depend on."""

    def __init__(self, state: Certified, record: bytes, said: Proposal, author: bytes) -> None:
        self.state, self.record, self.said, self.author = state, record, said, author
        self._key = (state.community, state.id, record)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=64)  # judging a change of the charter takes milliseconds
def _opening(asked: _Asked) -> Draft:
    try:
        opening = first_opening(
            asked.state,
            proposal=asked.record,
            author=asked.author,
            kind=asked.said.kind,
            effect=asked.said.effect,
            options=asked.said.options,
            at=0,
        )
    except (Invalid, Refused) as error:
        return Draft(None, Said(error.text, error.values))
    return Draft(opening, None)
