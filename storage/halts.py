"""Proofs of two certificates on one `prev`, and where the chain halts because of them.

Two moves of the teller's seat, or two recalls, of one attempt halt the height for everybody until a
higher attempt (`seats`). Two certificates that a quorum of the tellers signed are fraud (`split`):
who holds none above their height yet takes back the one it has, and halts until persons sign, by a
recall or a move. Who is past that height keeps the proof and shows it, and stays with its chain.

Callers hold the write transaction and settle afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from governance.certified import Certified
from governance.folding import fold
from governance.recall import RECALL
from governance.seats import MOVE, Weight, split, weight
from protocol.certificates import Certificate, Seat, check_signatures
from protocol.errors import Invalid, NotFound, StoreError
from protocol.evidence import SEATS, SPLIT, Rivals, read_object, rivals_proof
from storage import certificates, rivals, sideset
from storage.store import Store
from storage.taking_back import may_lose, take_back

MOST_WAITING = 16  # proofs about certificates that are not here; of more, the lowest ids
MOST_JUDGED = 256


def halt(store: Store) -> Rivals | None:
    """The two certificates between which nobody can choose, if our chain stops there."""
    raw = rivals.halting(store)
    found = None if raw is None else _rivals(raw, store.community)
    # Until it is judged again, a proof may be about a place that the chain has left.
    here = found is not None and found.prev == certificates.tip(store)[1]
    return found if here else None


def splits(store: Store) -> list[Rivals]:
    """Every height of our chain at which tellers are proven to have certified two things."""
    found = [_rivals(raw, store.community) for raw, live in rivals.of_sort(store, SPLIT) if live]
    return sorted(found, key=lambda each: each.height)


def attempts(store: Store, kind: str) -> list[int]:
    """The attempts of the two moves, or two recalls, of which there are proofs."""
    found = [_rivals(raw, store.community) for raw, _ in rivals.of_sort(store, SEATS)]
    return [each.attempt for each in found if each.certificates[0].kind == kind]


@lru_cache(maxsize=64)  # signatures of moves are checked once
def _rivals(raw: bytes, community: bytes) -> Rivals:
    found = read_object(raw, community)
    assert isinstance(found, Rivals)  # noqa: S101 - kept as such
    return found


def receive(store: Store, found: Rivals) -> bool:
    """Keep a proof; of three certificates or more on one place the two lowest ids are kept.

    One that is seen to be false must not come between true ones, whatever its ids.
    """
    here = certificates.certificate_at(store, found.height - 1) == found.prev
    if here and not _may_follow(store, found):
        return False
    held = rivals.at(store, rivals.place(found))
    if here and held is not None:
        other = _rivals(held, store.community)
        if other.attempt == found.attempt and other.key != found.key:
            both = (*other.certificates, *found.certificates)
            found = rivals_proof(store.community, found.sort, *both)
    if not sideset.put(store, found):
        return False
    store.decided.clear()  # a chain that stops there may weigh more than it did
    rivals.keep_waiting(store, found.sort, MOST_WAITING)
    return True


def witness(store: Store, certificate: Certificate) -> bool:
    """Keep the proof if tellers certified this beside one of ours; whether it is new.

    Invalid when it would be one and is falsely signed.
    """
    shared = certificate.height - 1
    if certificate.by_persons or certificates.certificate_at(store, shared) != certificate.prev:
        return False
    stopped = halt(store)
    if certificate.height <= certificates.tip(store)[0]:
        ours = [certificates.get(store, certificate.height)]
    else:
        ours = list(stopped.certificates) if stopped and stopped.sort == SPLIT else []
    if not ours or not all(split(each, certificate) for each in ours):
        return False
    check_signatures(certificate, _tellers_after(store, shared))
    return receive(store, rivals_proof(store.community, SPLIT, certificate, *ours))


def _tellers_after(store: Store, height: int) -> Sequence[Seat]:
    """Who signs what follows the certificate at `height` of our chain."""
    if height < 0:
        return certificates.at(store, height).tellers
    return certificates.get(store, height).next_tellers


def stopped(store: Store, state: Certified) -> Rivals | None:
    """The two recalls or moves that halt a chain which leads to this state, if they are here."""
    for kind in (RECALL, MOVE):
        raw = rivals.at(store, f"{kind} {state.id.hex()}")
        found = None if raw is None else _rivals(raw, store.community)
        if found is not None and _fold(state, found):
            return found
    return None


def judge(store: Store) -> None:
    """See which proofs count, and which of them halts our chain; stop there. At most one does."""
    seats = [_rivals(raw, store.community) for raw, _ in rivals.of_sort(store, SEATS)]
    halted = _judge_seats(store, seats) if seats else False
    found = [_rivals(raw, store.community) for raw, _ in rivals.of_sort(store, SPLIT)]
    for each in sorted(found, key=lambda split: -split.height):
        halted = _judge_split(store, each, halted) or halted


def _judge_seats(store: Store, found: list[Rivals]) -> bool:
    state = certificates.current(store)
    standing: bytes | None = None
    ordered = sorted(found, key=lambda each: (weighs(each), each.height), reverse=True)
    for each in ordered:
        if standing is None and state is not None and _stands(store, state, each):
            standing = each.id
    for each in ordered:
        sideset.let_count(store, each.id, each.id == standing)
    return standing is not None


def _stands(store: Store, state: Certified, found: Rivals) -> bool:
    """Whether our chain ends below these two moves or recalls; takes back what is above them."""
    shared = found.height - 1
    if certificates.certificate_at(store, shared) != found.prev:
        return False  # of a chain that is not here
    if not _may_follow(store, found):
        sideset.drop(store, found.id)
        return False
    recalled = found.certificates[0].kind == RECALL
    if (state.recall_attempt if recalled else state.attempt) > found.attempt:
        return False  # ours went on since; a proof stays for good, and reading them takes time
    ours = certificates.above(store, shared)
    if weight(ours) > weighs(found):
        return False
    if ours:
        if not may_lose(store, shared, found.certificates, found.certificates):
            return False
        take_back(store, shared)
    return True


def _judge_split(store: Store, found: Rivals, halted: bool) -> bool:
    """Whether our chain ends below what tellers certified twice; takes back one certificate."""
    shared = found.height - 1
    here = certificates.certificate_at(store, shared) == found.prev
    if here and not _may_follow(store, found):
        sideset.drop(store, found.id)
        return False
    tip = certificates.tip(store)[0]
    early = here and tip <= found.height and certificates.anchored(store) > found.height
    sideset.let_count(store, found.id, here and not early)
    if halted or not here or early or tip > found.height:
        return False
    if tip == found.height:
        if certificates.get(store, tip).by_persons:
            return False
        take_back(store, shared)
    return True


def verify(store: Store) -> Iterator[StoreError]:
    """What is wrong with the proofs that count."""
    for sort in (SEATS, SPLIT):
        for raw, live in rivals.of_sort(store, sort):
            try:
                found = read_object(raw, store.community)
                assert isinstance(found, Rivals)  # noqa: S101 - kept as such
                shared = found.height - 1
                if found.sort == SPLIT:
                    sound = _signed(found, _tellers_after(store, shared))
                else:
                    sound = _fold(certificates.at(store, shared), found)
            except (Invalid, NotFound):
                sound = False
            if live and not sound:
                yield StoreError("damaged", "a proof of two certificates that proves nothing")


def weighs(found: Rivals) -> Weight:
    """What a chain weighs that halts below these two, by them alone."""
    return weight(deciding(found))


def deciding(found: Rivals | None) -> tuple[Certificate, ...]:
    """What a halt adds to a chain's weight: one of two moves or recalls. Fraud adds nothing."""
    return found.certificates[:1] if found is not None and found.sort == SEATS else ()


def _may_follow(store: Store, found: Rivals) -> bool:
    """Whether each of the two could follow the certificate of our chain that they name.

    That certificate's id settles it. Proofs are judged after every change in `gov`, and going back
    to an old height replays the chain, so it is done once.
    """
    if found.id not in _followed:
        if len(_followed) >= MOST_JUDGED:
            _followed.clear()
        if found.sort == SPLIT:
            follow = _signed(found, _tellers_after(store, found.height - 1))
        else:
            follow = _fold(certificates.at(store, found.height - 1), found)
        _followed[found.id] = follow
    return _followed[found.id]


_followed: dict[bytes, bool] = {}


def _signed(found: Rivals, tellers: Sequence[Seat]) -> bool:
    """Whether a quorum signed each; whether they can be carried out does not matter."""
    try:
        for each in found.certificates:
            check_signatures(each, tellers)
    except Invalid:
        return False
    return True


def _fold(state: Certified, found: Rivals) -> bool:
    """Whether each of them could follow."""
    try:
        for each in found.certificates:
            fold(state, each)
    except Invalid:
        return False
    return True
