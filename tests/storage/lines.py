"""A world whose chain of certificates parts: the teller's seat moves, and some don't know.

A *line* is a chain from the founding to a tip. The world always stands on one; steps move the seat
from some place of it, go back to an older line, or elect another teller. All lines are valid.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance import seats
from governance.certified import Certified
from governance.folding import fold, step
from governance.opening import first_opening
from protocol.certificates import make_body, read_certificate, sign_certificate, sign_move
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from protocol.records import GOV
from storage import certificates, chain, log, objects
from storage.database import FAST
from storage.standing import settle
from storage.store import Store
from tests.storage.post import CERTIFICATE, FOUND, SEGMENT, Parcel
from tests.storage.world import Device, World

TELLERS = ("ana1", "ana2", "ana3", "ana4")


class Split(Exception):
    """Nothing but a recall decides this."""


class Lines(World):
    """A world with several chains. `lines`: each a list of certificates as they travel."""

    def __init__(self) -> None:
        self.states: dict[bytes, Certified] = {}
        self.lines: list[list[Any]] = [[]]
        self.line = 0
        super().__init__()
        ana = self.of["ana1"].person
        for number in (3, 4):
            device = Device("ana", number, ana)
            self.devices.append(device)
            self.of[device.name] = device

    @property
    def certificates(self) -> list[Any]:
        """The chain on which the world stands."""
        return self.lines[self.line]

    @certificates.setter
    def certificates(self, value: list[Any]) -> None:
        self.lines[self.line] = value

    @property
    def teller(self) -> Device:
        """Whose turn it is to certify."""
        return next(d for d in self.devices if d.key == self.state.tellers[0].device)

    def certify(self, decision: dict[str, Any], kind: str = "roll") -> None:
        """The next certificate on this line, by whoever is its teller."""
        self._extend(kind, decision, self.teller.signer)

    def _extend(self, kind: str, decision: dict[str, Any], signer: Signer) -> None:
        state = self.state
        try:
            after = step(state, kind, decision)
        except (Invalid, Refused):
            return
        raw = make_body(
            community=self.community,
            height=state.height + 1,
            prev=state.id,
            kind=kind,
            charter_hash=after.charter_hash,
            roll_root=after.roll.root(),
            next_tellers=after.tellers,
            decision=decision,
        )
        moved = kind == seats.MOVE
        signature = sign_move(raw, signer) if moved else sign_certificate(raw, 0, signer)
        travel = [raw, 0, [[0, signature]]]
        self.states[state.id] = state
        self.state = fold(state, read_certificate(travel))
        self.states[self.state.id] = self.state
        self.certificates.append(travel)

    def move(self, prev: int, attempt: int, name: str, which: int = 0) -> None:
        """A new line: the seat moves to another device of ana above height `prev`."""
        line = self.certificates[: prev + 1]
        state = self.states[read_certificate(line[-1]).id]
        device, person = self.of[name], self.of["ana1"].person
        if state.tellers[0].person != person.public:
            return
        self.do_enrol(device, 0, 0)
        old = next(d for d in self.devices if d.key == state.tellers[0].device)
        record = device.logs[GOV][0].records[0].id
        decision = seats.moving(device.key, record, attempt, old.heads(which))  # type: ignore[arg-type]
        before = (self.line, self.state)
        self.lines.append(line)
        self.line, self.state = len(self.lines) - 1, state
        self._extend(seats.MOVE, decision, person)
        if len(self.certificates) == prev + 1:  # it can't be
            self.lines.pop()
            self.line, self.state = before

    def go_back(self, line: int) -> None:
        """Certify on another line from now on."""
        self.line = line % len(self.lines)
        self.state = self.states[read_certificate(self.certificates[-1]).id]

    def elect(self, name: str) -> None:
        """Another teller, by a vote whose ballots nobody has seen."""
        effect = {"type": "elect", "office": "teller", "candidates": {"A": self._key(name)}}
        proposal = sha256(b"election %d" % self._made).digest()
        self._made += 1
        try:
            opened = first_opening(
                self.state,
                proposal=proposal,
                author=self.of["ana1"].person.public,
                kind="offices",
                effect=effect,
                options=[],
                at=self._made,
            )
        except (Invalid, Refused):
            return
        self.certify(opened, "open")
        last = self.state.votes[proposal].round
        assert last is not None
        decision = {
            "proposal": proposal,
            "open": last.open,
            "stops": [sha256(last.open).digest()],
            "outcome": "adopted",
            "winners": ["A"],
            "tied": [],
            "seats": 0,
            "ballots": 0,
            "root": sha256().digest(),
            "tally": {},
            "at": self._made,
        }
        self.certify(decision, "close")
        self.certify({"proposal": proposal, "at": self._made}, "tellers")

    def _key(self, name: str) -> bytes:
        return self.of[f"{name}1"].person.public

    # Steps

    def do_move(self, device: Device, b: int, c: int) -> None:
        tip = len(self.certificates) - 1
        prev = max(0, tip - (0, 0, 1, 2, 4)[b % 5])
        self.move(prev, 1 + (b // 5 + self.state.attempt) % 4, TELLERS[1 + c % 3], c)

    def do_other_line(self, device: Device, b: int, c: int) -> None:
        self.go_back(b)

    def do_elect(self, device: Device, b: int, c: int) -> None:
        if b % 2:
            self.elect(("ben", "eva")[c % 2])

    def parcels(self) -> list[Parcel]:
        """All records, a branch of a log in each."""
        posted: list[Parcel] = []
        for device in self.devices:
            for lane, branches in device.logs.items():
                for branch in branches:
                    run = list(branch.records)
                    while run and run[-1].signature is None:
                        run.pop()
                    if run:
                        posted.append((SEGMENT, (device.key, lane, [r.entry() for r in run])))
        return posted


def hear(store: Store, parcel: Parcel) -> None:
    """What a node does with something that comes by gossip."""
    sort, said = parcel
    with store.transaction(sync=FAST):
        if sort == FOUND:
            certificates.keep_founding(store, said)
        elif sort == CERTIFICATE:
            chain.hear(store, said)
        elif sort == SEGMENT:
            log.keep_segment(store, *said)
        else:
            objects.receive(store, said)
        settle(store)


def winner(world: Lines) -> tuple[int, bytes]:
    """Height and id of the tip at which everybody who heard all of it must stand; or Split.

    Found by going down the tree of certificates from its root, not by weighing two chains: at each
    certificate the moves that follow are set against what else does.
    """
    tree: dict[bytes, dict[bytes, Any]] = {}
    for line in world.lines:
        for travel in line:
            found = read_certificate(travel)
            tree.setdefault(found.prev, {})[found.id] = found
    at = world.community
    height = -1
    while following := list(tree.get(at, {}).values()):
        ranked = sorted(following, key=lambda each: _rank(tree, each), reverse=True)
        best = _rank(tree, ranked[0])
        equal = [each for each in ranked if _rank(tree, each) == best]
        if len(equal) > 1:
            if best[0] or any(each.kind != seats.MOVE for each in equal):
                raise Split("two certificates of one height, or two elections")
            return height, at
        at, height = ranked[0].id, ranked[0].height
    return height, at


def _rank(tree: dict[bytes, dict[bytes, Any]], found: Any) -> tuple[bool, int, int]:
    """The best that any chain through `found` has above its `prev`."""
    ways = [_rank(tree, each) for each in tree.get(found.id, {}).values()]
    if found.kind == "tellers":
        return True, 0, -1
    best = max(ways, default=(False, 0, -1))
    if found.kind != seats.MOVE:
        return best
    attempt = found.decision["attempt"]
    if best[0]:
        return (True, best[1] or -attempt, best[2] if best[1] else found.height)
    return best if best[1] else (False, attempt, found.height)
