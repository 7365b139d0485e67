"""Communities that vote, for measuring: one large vote, and a long history of decisions.

Both are real homes of Ana, the one teller. The other members of the large vote have no homes: they
are certified and their records written straight from their keys, which takes a second, not an hour.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.community import Clock
from governance.certified import Round, Vote
from governance.charter import Charter
from governance.roll import admit
from governance.templates import template
from node import home as homes
from node import teller
from node.assembly import casting, proposing
from node.home import Home
from protocol.certificates import Certificate
from protocol.codec import Plain
from protocol.keys import Signer
from protocol.kinds import ballot, enrol
from protocol.records import GOV, Record, make_record
from storage import certificates, log
from storage.standing import settle
from storage.store import Store

OPTIONS = "ABCDEFGHIJ"
ADMITTED = 100  # newcomers in one certificate
WEEK_MS = 7 * 24 * 3600 * 1000
Segment = tuple[bytes, Sequence[Record]]  # of a device's gov log


@dataclass(kw_only=True)
class Poll:
    """A vote on ten ranked options that is open; `ballots` by all but Ana wait to be delivered."""

    home: Home
    clock: Clock
    proposal: bytes
    ballots: list[Segment]

    @property
    def vote(self) -> Vote:
        """The vote as certified so far."""
        state = certificates.current(self.home.store)
        assert state is not None  # noqa: S101 - it was founded here
        return state.votes[self.proposal]

    @property
    def round(self) -> Round:
        """Its first round; a tie would open a second one."""
        return self.vote.rounds[0]

    def deliver(self, some: Sequence[Segment]) -> None:
        """They come from a neighbour, in one transaction."""
        keep(self.home.store, some)

    def act(self) -> list[Certificate]:
        """What the teller's node does when something came."""
        return teller.act(self.home.store, self.home.unlock().device).certificates

    def end(self) -> Certificate:
        """The time is over: the teller stops and closes."""
        self.clock.ahead += WEEK_MS + 1000
        closed, *_ = self.act()  # and whatever follows from it at once
        return closed


def keep(store: Store, some: Sequence[Segment]) -> None:
    """Take segments in, as sync does."""
    with store.transaction():
        for device, records in some:
            log.keep_segment(store, device, GOV, [each.entry() for each in records])
        settle(store)


def admitted(
    ana: Home, count: int, time_ms: int
) -> tuple[list[tuple[Signer, Signer]], list[Record]]:
    """So many members on the roll of Ana's community: (person, device) each, their enrolments."""
    store, signer = ana.store, ana.unlock().device
    people = [(Signer(os.urandom(32)), Signer(os.urandom(32))) for _ in range(count)]
    made = [_enrolled(store, person, device, time_ms) for person, device in people]
    lines: list[Plain] = [
        admit(person.public, device.public, ana.person, (ana.device, 0, number), record.id)
        for number, ((person, device), record) in enumerate(zip(people, made, strict=True))
    ]
    for start in range(0, count, ADMITTED):
        with store.transaction():
            some = lines[start : start + ADMITTED]
            certificates.certify(store, signer, "roll", {"admit": some})
            settle(store)
    keep(store, [(each.header.device, [each]) for each in made])
    return people, made


def poll(folder: Path, voters: int) -> Poll:
    """A makers' market of so many and Ana, asked to rank ten options within a week."""
    clock = Clock()
    charter = Charter.from_data(template("makers-market"))
    ana = homes.found(folder, charter, "Ana", None, clock)
    store = ana.store
    people, made = admitted(ana, voters, clock())
    asked = proposing.propose(
        ana,
        kind="advice",
        title="Where shall the market be?",
        text="Rank the places.",
        effect={"type": "advice"},
        options=[(name, f"Place {name}") for name in OPTIONS],
    )
    found = Poll(home=ana, clock=clock, proposal=bytes.fromhex(asked["proposal"]), ballots=[])
    found.act()
    dice = random.Random(voters)
    for (_, device), enrolment in zip(people, made, strict=True):
        choice: list[Plain] = [[option] for option in dice.sample(OPTIONS, len(OPTIONS))]
        body = ballot.body(found.round.open, 1, choice)
        record = _record(store, device, "ballot", body, enrolment, clock())
        found.ballots.append((device.public, [record]))
    return found


def _enrolled(store: Store, person: Signer, device: Signer, time_ms: int) -> Record:
    body = enrol.body(person, store.community, device.public)
    return _record(store, device, "enrol", body, None, time_ms)


def _record(
    store: Store,
    device: Signer,
    kind: str,
    body: dict[str, Plain],
    after: Record | None,
    time_ms: int,
) -> Record:
    return make_record(
        device,
        community=store.community,
        lane=GOV,
        seq=1 if after is None else after.header.seq + 1,
        prev=store.community if after is None else after.id,
        gov=None,
        kind=kind,
        time_ms=time_ms,
        salt=os.urandom(16),
        body=body,
    )


def history(folder: Path, votes: int) -> list[str]:
    """Ana's home in `folder`, closed, with so many finished votes; the ids of the proposals.

    Half of them change a value, so that each of those brings a version of the charter.
    """
    home = homes.found(folder, Charter.from_data(template("kitchen-table")), "Ana", None, Clock())
    made = [_decided(home, number) for number in range(votes)]
    home.close()
    return made


def _decided(home: Home, number: int) -> str:
    """A proposal of Ana's that is in effect."""
    options: list[tuple[str, str]] = []
    effect: dict[str, object] = {
        "type": "amend_values",
        "amend": [{"id": "say-it", "text": f"We say what a thing is, {number} times."}],
    }
    choice = "consent"
    if number % 2 == 0:
        options = [(name, f"Place {name}") for name in OPTIONS]
        effect, choice = {"type": "advice"}, "A>B=C"
    said = proposing.propose(
        home,
        kind=None,
        title=f"Question {number}",
        text="Why this is asked, in a paragraph as people write them. " * 12,
        effect=effect,
        options=options,
    )
    signer = home.unlock().device
    teller.act(home.store, signer)
    casting.cast(home, str(said["proposal"]), choice)
    teller.act(home.store, signer)
    return str(said["proposal"])
