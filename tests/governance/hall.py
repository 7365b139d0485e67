"""An assembly of named members under a real charter, and the certificates their tellers make."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from governance.certified import Certified, Vote, beginning
from governance.charter import Charter, charter_hash
from governance.folding import fold, replay, step
from governance.opening import first_opening
from governance.roll import admit
from governance.tellers import is_able
from governance.templates import template
from protocol.certificates import Certificate, make_body, read_certificate, sign_certificate
from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.kinds.found import Found
from tests.protocol.people import Person, h

NAMES = ("ana", "ben", "eva", "dan", "gus", "fay", "hal")
PEOPLE = {name: Person(name) for name in NAMES}


def key(name: str) -> bytes:
    """A member's person key."""
    return PEOPLE[name].person.public


class Hall:
    """The chain, kept twice: folded with every check, and replayed as from disk."""

    def __init__(self, members: int = 3, **rules: Any) -> None:
        data: Any = template("kitchen-table")
        for rule in data["rules"].values():
            rule.update(rules)
        charter = Charter.from_data(data)
        ana = PEOPLE["ana"]
        self.community = h("hall")
        found = Found(person=ana.person.public, proof=bytes(64), charter=charter.to_data())
        start = beginning(self.community, ana.device.public, found, charter_hash(charter))
        self.state = self.replayed = start
        self.chain: list[Certificate] = []
        self.clock = 1_000
        self.more: list[Signer] = []  # further devices that may have a seat
        self.certify(
            "roll", {"admit": [admit(key("ana"), ana.device.public, None, None, self.community)]}
        )
        for number, name in enumerate(NAMES[1:members]):
            self.let_in(name, number)

    def let_in(self, name: str, slot: int) -> None:
        """Admit somebody on a slot of Ana's."""
        person, ana = PEOPLE[name], PEOPLE["ana"].device.public
        line = admit(key(name), person.device.public, key("ana"), (ana, slot, 0), h("join", name))
        self.certify("roll", {"admit": [line]})

    def make(self, kind: str, decision: dict[str, Plain]) -> Certificate:
        """The next certificate, signed by all who can, not folded yet; Invalid if it can't be."""
        after = step(self.state, kind, decision)
        raw = make_body(
            community=self.community,
            height=self.state.height + 1,
            prev=self.state.id,
            kind=kind,
            charter_hash=after.charter_hash,
            roll_root=after.roll.root(),
            next_tellers=after.tellers,
            decision=decision,
        )
        devices = {person.device.public: person.device for person in PEOPLE.values()}
        devices |= {signer.public: signer for signer in self.more}
        signatures: list[Plain] = [
            [number, sign_certificate(raw, 0, devices[seat.device])]
            for number, seat in enumerate(self.state.tellers)
            if len(self.state.tellers) == 1 or is_able(self.state, seat)
        ]
        return read_certificate([raw, 0, signatures])

    def certify(self, kind: str, decision: dict[str, Plain]) -> Certified:
        """Make and fold it; what is replayed from disk comes to the same."""
        made = self.make(kind, decision)
        self.state = fold(self.state, made)
        self.replayed = replay(self.replayed, made)
        assert self.replayed == self.state
        self.chain.append(made)
        self.clock += 10
        return self.state

    def refused(self, kind: str, decision: dict[str, Plain]) -> str:
        """Why a certificate can't be."""
        with pytest.raises(Invalid) as caught:
            step(self.state, kind, decision)
        return str(caught.value)

    def opening(
        self, kind: str, effect: dict[str, Any], *options: str, author: str = "ben"
    ) -> dict[str, Plain]:
        """The decision that opens a proposal of this effect."""
        return first_opening(
            self.state,
            proposal=h("proposal", kind, sorted(effect), len(self.state.votes)),
            author=key(author),
            kind=kind,
            effect=effect,
            options=[[name, ""] for name in options],
            at=self.clock,
        )

    def open(self, kind: str, effect: dict[str, Any], *options: str, author: str = "ben") -> bytes:
        """Open a proposal; its id."""
        decision = self.opening(kind, effect, *options, author=author)
        self.certify("open", decision)
        proposal = decision["proposal"]
        assert isinstance(proposal, bytes)
        return proposal

    def begin(self, proposal: bytes, round_: str, **more: Plain) -> Vote:
        """Begin a further round."""
        decision: dict[str, Plain] = {
            "proposal": proposal,
            "stage": "vote",
            "round": round_,
            "at": self.clock,
            **more,
        }
        return self.certify("open", decision).votes[proposal]

    def closing(self, proposal: bytes, outcome: str, *winners: str, **more: Any) -> dict[str, Any]:
        """The decision that closes the round with this outcome."""
        last = self.state.votes[proposal].round
        assert last is not None
        return {
            "proposal": proposal,
            "open": last.open,
            "stops": [
                h("stop", proposal.hex(), last.name, *range(number))
                for number in range(len(last.tellers))
            ],
            "outcome": outcome,
            "winners": list(winners),
            "tied": [],
            "seats": 0,
            "ballots": 2,
            "root": sha256().digest(),
            "tally": {},
            "at": self.clock,
            **more,
        }

    def close(self, proposal: bytes, outcome: str, *winners: str, **more: Any) -> Vote:
        """Close the round with this outcome."""
        decision = self.closing(proposal, outcome, *winners, **more)
        return self.certify("close", decision).votes[proposal]

    def effect(self, proposal: bytes, kind: str = "effect", **more: Plain) -> Vote:
        """Carry a passed vote out."""
        decision: dict[str, Plain] = {"proposal": proposal, "at": self.clock, **more}
        return self.certify(kind, decision).votes[proposal]
