"""Which chain of certificates stands, where two meet: going over to the other one, or a halt.

The chain on disk only grows, but for what `storage.taking_back` takes back. A peer's certificates
that part from ours below the tip are folded from the height that both share and weighed against
what is held above it (`governance.seats`). The greater weight stands everywhere, so that the order
in which nodes hear of two chains does not matter. Going over is one transaction. What tellers
certified twice is kept as a proof and chooses nothing (`storage.halts`).

Callers hold the write transaction and settle afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from governance import seats
from governance.certified import Certified
from governance.folding import fold
from governance.seats import MOVE, RANKED, halting, split, weight
from protocol.certificates import Certificate, Seat, read_certificate, sign_move
from protocol.errors import Invalid, Refused
from protocol.evidence import SEATS, SPLIT, rivals_proof
from protocol.keys import Signer
from protocol.kinds.leave import Head
from storage import certificates, halts
from storage.rows import note_fault
from storage.store import Store
from storage.taking_back import may_lose, take_back

MOST_TAKEN = 2048  # certificates of a chain that may not stand, taken along in one conversation
MOST_BYTES = 8 * 1024 * 1024
MOST_DECIDED = 256

WINS, LOSES, HALTS, CLASHES = "wins", "loses", "halts", "clashes"


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
                if certificate.prev == certificates.tip(store)[1] and halts.halt(store) is None:
                    certificates.keep(store, travel)
                    continue
                shared = certificate.height - 1
                if certificates.certificate_at(store, shared) != certificate.prev:
                    if number:
                        raise Invalid("broken-chain", "certificates that don't follow each other")
                    return None
                halts.witness(store, certificate)
                self._branch = Branch(shared, certificates.at(store, shared))
            self._branch.add(certificate)
            if certificate.kind in RANKED and _go_over(store, self._branch):
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

    One that does not follow it is looked at only if it could change which chain stands, or shows
    that tellers certified two things at once.
    """
    certificate = read_certificate(travel)
    if certificates.current(store) is None:
        return False
    follows = certificate.prev == certificates.tip(store)[1]
    if not follows and certificate.kind not in RANKED:
        halts.witness(store, certificate)
    else:
        Incoming(store).take([travel], False)
    return certificates.holds(store, certificate)


def _judged(store: Store, branch: Branch) -> str:
    """What a continuation is beside ours."""
    ours = certificates.above(store, branch.height)
    stopped, first = halts.halt(store), branch.certificates[0]
    mine = [*ours, *halts.deciding(stopped)]
    theirs = [*branch.certificates, *halts.deciding(halts.stopped(store, branch.state))]
    one, other = weight(mine), weight(theirs)
    halted = stopped is not None and stopped.sort == SPLIT
    fraud = split(ours[0], first) if ours else halted
    if fraud and not other.by_persons:
        return LOSES
    if not mine:
        return WINS
    if one != other:
        return WINS if other > one else LOSES
    if stopped is not None and not ours and first.id in {c.id for c in stopped.certificates}:
        return LOSES
    decisive = one.recalled if one.recall else one.height
    if not one.settled and decisive == first.height and halting(mine[0], first):
        return HALTS
    return CLASHES


def _go_over(store: Store, branch: Branch) -> bool:
    """Take a continuation for our chain, if it stands and the owner has no say in it."""
    if _judged(store, branch) != WINS:
        return False
    if not may_lose(store, branch.height, branch.certificates[:1], branch.certificates):
        return False
    take_back(store, branch.height)
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
        stopped = halts.halt(store)
        rival = certificates.above(store, branch.height)[:1]
        others = stopped.certificates if stopped else tuple(rival)
        halts.receive(store, rivals_proof(store.community, SEATS, first, *others))
    if verdict == CLASHES:
        note_fault(store, f"certificate {first.height}", "certificate-conflict")
    if len(store.decided) >= MOST_DECIDED:
        store.decided.clear()
    store.decided.add(last.id)


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
    attempt = 1 + max([state.attempt, *halts.attempts(store, MOVE)])
    decision = seats.moving(device, record, attempt, heads)
    raw = certificates.body(store, state, MOVE, decision)
    travel = [raw, 0, [[0, sign_move(raw, person)]]]
    certificates.keep(store, travel)
    return read_certificate(travel)


def seat(store: Store) -> Seat | None:
    """The one teller's seat; None before the first sync, and where there are several."""
    state = certificates.current(store)
    return state.tellers[0] if state is not None and len(state.tellers) == 1 else None
