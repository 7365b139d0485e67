"""Which chain of certificates stands, where two meet: going over to the other one, or a halt.

The chain on disk only grows, but for what this module takes back. A peer's certificates that part
from ours below the tip are folded from the height that both share and weighed against what is held
above it (`governance.seats`). The greater weight stands everywhere, so that the order in which
nodes hear of two chains does not matter. Going over is one transaction: certificates, cuts, who
enrolled whom, and views are as if the void ones had never been here.

A node that would lose more than MOST_LOST certificates that way asks its owner first. Callers hold
the write transaction and settle afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from governance import seats
from governance.certified import Certified
from governance.folding import fold
from governance.seats import MOST_LOST, MOVE, SETTLES, Weight, halting, weight
from protocol.certificates import Certificate, Seat, read_certificate, sign_move
from protocol.errors import Invalid, Refused
from protocol.evidence import Moves, moves_proof, read_object
from protocol.keys import Signer
from protocol.kinds.leave import Head
from storage import certificates, cited, erasing, log, sideset
from storage.database import get_meta
from storage.rows import note_fault
from storage.store import Store

MOST_TAKEN = 2048  # certificates of a chain that may not stand, taken along in one conversation
MOST_BYTES = 8 * 1024 * 1024
MOST_DECIDED = 256

WINS, LOSES, HALTS, CLASHES = "wins", "loses", "halts", "clashes"
QUESTION, ACCEPTED, PEAK = "seat_question", "seat_accepted", "chain_peak"  # settings of this home


@dataclass
class Branch:
    """A continuation of the chain above a `height` that is held; folded, and not kept yet."""

    height: int
    state: Certified
    certificates: list[Certificate] = field(default_factory=list)
    size: int = 0

    def add(self, certificate: Certificate) -> None:
        """Fold the next one; Invalid if it does not follow."""
        self.state = fold(self.state, certificate)
        self.certificates.append(certificate)
        self.size += len(certificate.raw)


class Incoming:
    """The certificates that one peer sends in one conversation, frame by frame."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._branch: Branch | None = None

    def take(self, travels: Sequence[object], more: bool) -> int | None:
        """Keep them, or take them along until it can be said which chain stands.

        The height reached; None when they follow nothing that is held. Invalid when they are
        false, or too many that don't stand.
        """
        store = self._store
        for number, travel in enumerate(travels):
            certificate = read_certificate(travel)
            if self._branch is None:
                if certificates.holds(store, certificate):
                    continue
                if certificate.prev == certificates.tip(store)[1] and halt(store) is None:
                    certificates.keep(store, travel)
                    continue
                shared = certificate.height - 1
                if certificates.certificate_at(store, shared) != certificate.prev:
                    if number:
                        raise Invalid("broken-chain", "certificates that don't follow each other")
                    return None
                self._branch = Branch(shared, certificates.at(store, shared))
            self._branch.add(certificate)
            if certificate.kind in (MOVE, *SETTLES) and _go_over(store, self._branch):
                self._branch = None
        if self._branch is None:
            return certificates.tip(store)[0]
        if not more:
            if _go_over(store, self._branch):
                return certificates.tip(store)[0]
            _end(store, self._branch)
        elif len(self._branch.certificates) > MOST_TAKEN or self._branch.size > MOST_BYTES:
            raise Invalid("too-large", "a chain that does not stand, and does not end")
        return self._branch.state.height


def hear(store: Store, travel: object) -> bool:
    """Take one certificate that came alone; whether it is part of our chain now.

    One that does not follow it is looked at only if it could change which chain stands.
    """
    certificate = read_certificate(travel)
    if certificates.current(store) is None:
        return False
    follows = certificate.prev == certificates.tip(store)[1]
    if not follows and certificate.kind not in (MOVE, *SETTLES):
        return certificates.holds(store, certificate)
    Incoming(store).take([travel], False)
    return certificates.holds(store, certificate)


def _judged(store: Store, branch: Branch) -> str:
    """What a continuation is beside ours."""
    ours = certificates.above(store, branch.height)
    stopped = halt(store)
    mine = [*ours, *(stopped.certificates[:1] if stopped else ())]
    if not mine:
        return WINS
    beyond = _stopped(store, branch.state)
    theirs = [*branch.certificates, *(beyond.certificates[:1] if beyond else ())]
    one, other = weight(mine), weight(theirs)
    if one != other:
        return WINS if other > one else LOSES
    first = branch.certificates[0]
    if stopped is not None and not ours and first.id in {c.id for c in stopped.certificates}:
        return LOSES
    if not one.settled and one.height == first.height and halting(mine[0], first):
        return HALTS
    return CLASHES


def _go_over(store: Store, branch: Branch) -> bool:
    """Take a continuation for our chain, if it stands and the owner has no say in it."""
    if _judged(store, branch) != WINS:
        return False
    if not _may_lose(store, branch.height, branch.certificates[:1], branch.certificates):
        return False
    _take_back(store, branch.height)
    for certificate in branch.certificates:
        certificates.keep(store, certificate.travel())
    return True


def _end(store: Store, branch: Branch) -> None:
    """All of a continuation is here, and it did not become our chain."""
    verdict = _judged(store, branch)
    first, last = branch.certificates[0], branch.certificates[-1]
    if verdict == WINS:
        return  # the owner was asked, and will be again
    if verdict == HALTS:
        stopped = halt(store)
        rival = certificates.above(store, branch.height)[:1]
        others = stopped.certificates if stopped else tuple(rival)
        receive(store, moves_proof(store.community, first, *others))
    if verdict == CLASHES:
        note_fault(store, f"certificate {first.height}", "certificate-conflict")
    if len(store.decided) >= MOST_DECIDED:
        store.decided.clear()
    store.decided.add(last.id)


# Two moves of one seat that halt a height


def halt(store: Store) -> Moves | None:
    """The two moves between which nobody can choose, if our chain stops there."""
    raw = sideset.halting(store)
    found = None if raw is None else _moves(raw, store.community)
    # Until it is judged again, a proof may be about a place that the chain has left.
    here = found is not None and found.certificates[0].prev == certificates.tip(store)[1]
    return found if here else None


@lru_cache(maxsize=64)  # its signatures are checked once
def _moves(raw: bytes, community: bytes) -> Moves:
    found = read_object(raw, community)
    assert isinstance(found, Moves)  # noqa: S101 - kept as such
    return found


def receive(store: Store, found: Moves) -> bool:
    """Keep a proof of two moves; of three or more on one place the two lowest ids are kept."""
    held = sideset.moves_at(store, found.certificates[0].prev)
    if held is not None:
        other = _moves(held, store.community)
        if other.attempt == found.attempt:
            both = (*other.certificates, *found.certificates)
            found = moves_proof(store.community, *both)
    store.decided.clear()  # a chain that stops there may weigh more than it did
    return sideset.put(store, found)


def _stopped(store: Store, state: Certified) -> Moves | None:
    """The two moves that halt a chain which leads to this state, if they are here."""
    raw = sideset.moves_at(store, state.id)
    if raw is None:
        return None
    found = _moves(raw, store.community)
    return found if _fold(state, found) else None


def judge(store: Store) -> None:
    """See which proof of two moves halts our chain, and stop there. At most one does."""
    found = [_moves(raw, store.community) for raw in sideset.all_moves(store)]
    if not found:
        return
    state = certificates.current(store)
    standing: bytes | None = None
    for each in sorted(found, key=lambda m: (-m.attempt, -m.certificates[0].height, m.id)):
        first = each.certificates[0]
        shared = first.height - 1
        if certificates.certificate_at(store, shared) != first.prev:
            continue  # of a chain that is not here
        if not _may_follow(store, each):
            sideset.drop(store, each.id)
            continue
        if state is not None and state.attempt > each.attempt:
            continue  # ours moved on since; a proof stays for good, and reading them takes time
        ours = certificates.above(store, shared)
        if standing is not None or weight(ours) > Weight(False, each.attempt, first.height):
            continue
        if ours:
            if not _may_lose(store, shared, each.certificates, each.certificates):
                continue
            _take_back(store, shared)
        standing = each.id
    sideset.let_count(store, "seats", standing)


def _may_follow(store: Store, found: Moves) -> bool:
    """Whether each of the moves could follow the certificate of our chain that they name.

    That certificate's id settles it. Proofs are judged after every change in `gov`, and going back
    to an old height replays the chain, so it is done once.
    """
    if found.id not in _followed:
        state = certificates.at(store, found.certificates[0].height - 1)
        if len(_followed) >= MOST_DECIDED:
            _followed.clear()
        _followed[found.id] = _fold(state, found)
    return _followed[found.id]


_followed: dict[bytes, bool] = {}


def _fold(state: Certified, found: Moves) -> bool:
    """Whether each of the moves could follow."""
    try:
        for each in found.certificates:
            fold(state, each)
    except Invalid:
        return False
    return True


# Taking back


def _take_back(store: Store, height: int) -> None:
    """The chain ends at `height`, and all is as if nothing had come after it."""
    before = certificates.current(store)
    assert before is not None  # noqa: S101 - there is a chain to take back
    _set(store, PEAK, str(max(_peak(store), before.height)))
    store.db.execute("DELETE FROM meta WHERE key = ?", [QUESTION])
    store.decided.clear()
    after = certificates.end_at(store, height)
    cited.rebuild(store, after)
    for device, lane in before.roll.cuts.keys() - after.roll.cuts.keys():
        log.uncut(store, device, lane)
    for key, person in before.roll.persons.items():
        kept = after.roll.persons.get(key)
        for device in person.devices.keys() - (kept.devices.keys() if kept else set()):
            erasing.disown(store, device, key)
    store.changed.update(("certificate", "gov", "side"))


def _peak(store: Store) -> int:
    """The greatest height that was ever held and taken back: small steps add up."""
    return int(get_meta(store.db, PEAK) or -1)


def _may_lose(
    store: Store,
    height: int,
    firsts: Sequence[Certificate],
    others: Sequence[Certificate],
) -> bool:
    """Whether the chain may end at `height` for `others`; asks the owner where it loses much.

    Their word is about `firsts`, with which the others begin.
    """
    tip = certificates.tip(store)[0]
    if tip == height or max(_peak(store), tip) - height <= MOST_LOST:
        return True
    if any(get_meta(store.db, f"{ACCEPTED} {each.id.hex()}") for each in firsts):
        return True
    move = next((each for each in others if each.kind == MOVE), None)
    asked = {
        "chain": firsts[0].id.hex(),
        "person": None if move is None else move.next_tellers[0].person.hex(),
        "height": height,
        "lost": tip - height,
    }
    _set(store, QUESTION, json.dumps(asked))
    return False


def _set(store: Store, key: str, value: str) -> None:
    store.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, value])


def question(store: Store) -> dict[str, Any] | None:
    """What the owner is asked: `{chain, person, height, lost}`; None when nothing is open.

    Another chain, which begins with certificate `chain` above `height`, would take `lost`
    certificates back: `person` moved the teller's seat there, or elected others certified it.
    """
    text = get_meta(store.db, QUESTION)
    if text is None:
        return None
    asked: dict[str, Any] = json.loads(text)
    return asked if asked["height"] < certificates.tip(store)[0] else None


def accept(store: Store) -> None:
    """The owner agrees. What is asked about comes again by the next sync. Refused if nothing is."""
    asked = question(store)
    if asked is None:
        raise Refused("nothing-asked", "No other chain of certificates waits for your word.")
    _set(store, f"{ACCEPTED} {asked['chain']}", "1")
    store.db.execute("DELETE FROM meta WHERE key = ?", [QUESTION])
    store.changed.add("side")  # proofs of two moves are judged again at once


# Moving


def move(
    store: Store, person: Signer, device: bytes, record: bytes, heads: Iterable[Head]
) -> Certificate:
    """Move the one teller's seat to `device` by the key of its person; kept before it is sent.

    `heads`: where the logs of the device it leaves are to end. Refused unless the seat is theirs.
    The caller holds a durable transaction.
    """
    state = certificates.current(store)
    if state is None or [seat.person for seat in state.tellers] != [person.public]:
        raise Refused("not-teller", "The teller's seat is not yours to move.")
    known = [_moves(raw, store.community).attempt for raw in sideset.all_moves(store)]
    attempt = 1 + max([state.attempt, *known])
    decision = seats.moving(device, record, attempt, heads)
    raw = certificates.body(store, state, MOVE, decision)
    travel = [raw, 0, [[0, sign_move(raw, person)]]]
    certificates.keep(store, travel)
    return read_certificate(travel)


def seat(store: Store) -> Seat | None:
    """The one teller's seat; None before the first sync, and where there are several."""
    state = certificates.current(store)
    return state.tellers[0] if state is not None and len(state.tellers) == 1 else None
