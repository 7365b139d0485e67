"""A world whose chain of certificates parts: the teller's seat moves, and some don't know.

A *line* is a chain from the founding to a tip. The world always stands on one; steps move the seat
from some place of it, go back to an older line, or elect another teller. All lines are valid.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance import recall, seats
from governance.certified import Certified
from governance.effects.elect import seat_of
from governance.folding import fold, step
from governance.opening import first_opening
from protocol.certificates import make_body, read_certificate, sign_certificate, sign_move
from protocol.errors import Invalid, Refused
from protocol.keys import RECALL, Signer
from protocol.kinds import recall as recall_kind
from protocol.records import GOV
from storage import certificates, chain, log, objects
from storage.database import FAST
from storage.standing import settle
from storage.store import Store
from tests.storage.post import CERTIFICATE, FOUND, SEGMENT, Parcel
from tests.storage.world import NAMES, Device, World

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
        self._go_on(state, [raw, 0, [[0, signature]]])

    def _go_on(self, state: Certified, travel: Any) -> None:
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

    def slate(self, prev: int, attempt: int, *names: str) -> recall_kind.Slate:
        """These people as tellers above height `prev` of this line."""
        state = self.states[read_certificate(self.certificates[prev]).id]
        found = [seat_of(state, self.of[f"{name}1"].person.public) for name in names]
        tellers = tuple(seat for seat in found if seat is not None)
        return recall_kind.Slate(prev=state.id, attempt=attempt, tellers=tellers)

    def sign(self, slate: recall_kind.Slate, *names: str) -> list[Any]:
        """These people say so, each in the log of their first device."""
        made = []
        for name in names:
            device = self.of[f"{name}1"]
            body = recall_kind.body(device.person, self.community, slate)
            made.append(self.write(device, "recall", body))
        return made

    def recalled(self, slate: recall_kind.Slate, *names: str) -> None:
        """A new line: the certificate by which these people put the slate in force."""
        heights = [number for number, each in enumerate(self.certificates)]
        ids = [read_certificate(each).id for each in self.certificates]
        prev = heights[ids.index(slate.prev)]
        state = self.states[slate.prev]
        decision = recall.recalling(slate.attempt, slate.tellers)
        try:
            after = step(state, recall.RECALL, decision)
        except Invalid:
            return
        raw = make_body(
            community=self.community,
            height=state.height + 1,
            prev=state.id,
            kind=recall.RECALL,
            charter_hash=after.charter_hash,
            roll_root=after.roll.root(),
            next_tellers=after.tellers,
            decision=decision,
        )
        keys = {self.of[f"{name}1"].person.public: self.of[f"{name}1"].person for name in names}
        signed = [
            [place, keys[person].sign(RECALL, *slate.parts(self.community))]
            for place, person in enumerate(recall.signers(state))
            if person in keys
        ]
        self.lines.append(self.certificates[: prev + 1])
        self.line, self.state = len(self.lines) - 1, state
        self._go_on(state, [raw, 0, signed])

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

    def do_recall(self, device: Device, b: int, c: int) -> None:
        """Everybody signs, or too few do."""
        prev = max(0, len(self.certificates) - 1 - (0, 0, 1, 2)[b % 4])
        attempt = 1 + (self.state.recall_attempt + b // 4) % 3
        slate = self.slate(prev, attempt, ("ben", "eva", "ana")[c % 3])
        if not slate.tellers:
            return
        state = self.states[slate.prev]
        voters = [n for n in NAMES if self._key(n) in state.members()]
        voters = [name for name in voters if self.of[f"{name}1"].logs[GOV]]
        if c % 4 == 3:
            self.sign(slate, *voters[: recall.needed(state) - 1])
        elif len(voters) >= recall.needed(state):
            self.sign(slate, *voters)
            self.recalled(slate, *voters)

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
            if best[0]:
                halted = all((each.kind, each.height) == ("recall", best[1]) for each in equal)
            else:
                halted = not best[2] and all(each.kind == seats.MOVE for each in equal)
            if not halted:
                raise Split("two certificates of one height, or two elections")
            return height, at
        at, height = ranked[0].id, ranked[0].height
    return height, at


Rank = tuple[int, int, bool, int, int]


def _rank(tree: dict[bytes, dict[bytes, Any]], found: Any) -> Rank:
    """The best that any chain through `found` has above its `prev`."""
    ways = [_rank(tree, each) for each in tree.get(found.id, {}).values()]
    best = max(ways, default=(0, -1, False, 0, -1))
    if best[0]:
        return best
    if found.kind == "recall":
        return found.decision["attempt"], found.height, False, 0, -1
    if found.kind == "tellers":
        return 0, -1, True, 0, -1
    if found.kind != seats.MOVE:
        return best
    attempt = found.decision["attempt"]
    if best[2]:
        return (0, -1, True, best[3] or -attempt, best[4] if best[3] else found.height)
    return best if best[3] else (0, -1, False, attempt, found.height)
