"""What the vectors tell of votes: a fee that is changed, advice that ends in a tie, an appeal.

Ana, Ben and Dan vote; Ana is the one teller. Here the records are written and the certificates
made in the order in which they happen; who counts the rounds again must come to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from governance.certified import Certified, Round, Vote
from governance.counting import Question, count
from governance.folding import fold, step
from governance.methods.registry import METHODS
from governance.opening import first_opening
from governance.roll import admit
from protocol.certificates import Certificate
from protocol.codec import Plain, encode
from protocol.keys import Signer
from protocol.kinds import (
    appeal,
    ask_seat,
    ballot,
    challenge,
    invite,
    leave,
    present,
    recall,
    receipts,
    retire,
    stop,
    vouch,
    withdraw_proposal,
)
from protocol.kinds.comment import Comment
from protocol.kinds.proposal import Proposal
from protocol.kinds.registry import content
from protocol.records import GOV, TALK, Record
from tests.protocol.people import ANA, BEN, COMMUNITY, DAN, TIME, Log, Person, certificate, gov, h
from tests.protocol.people import joined as joins
from tests.protocol.vectors_story import ANA_GOV, BENS, TWO, slate

OTHER_ONCE = Signer(h("once", "dan"))  # the key of ana's invitation for dan
PHONE = Person("ben", 2)
FEE: dict[str, Plain] = {
    "fee_bps": 500,
    "fee_min": 0,
    "fee_cap": None,
    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
}


class Closed(NamedTuple):
    """A round that was closed: what was asked, of how many, and what the ballots came to."""

    close: Certificate
    question: Question
    voters: int
    evidence: list[Record]  # the stop, then receipts, the newest first
    ballots: list[tuple[Record, bool]]  # as the receipts list them, and whether each counts


class Council:
    """Ana's chain after her first two certificates, and what votes leave behind."""

    def __init__(self, state: Certified) -> None:
        self.state = state
        self.made: list[tuple[Certificate, Certified]] = []
        self.closed: list[Closed] = []

    def certify(self, kind: str, decision: dict[str, Any]) -> Certificate:
        """Ana's next certificate."""
        after = step(self.state, kind, decision)
        made = certificate(
            [(0, ANA)],
            height=self.state.height + 1,
            prev=self.state.id,
            kind=kind,
            decision=decision,
            charter_hash=after.charter_hash,
            roll_root=after.roll.root(),
        )
        self.state = fold(self.state, made)
        self.made.append((made, self.state))
        return made

    @property
    def now(self) -> int:
        """Seconds since 1970: a minute for each certificate."""
        return TIME // 1000 + 60 * (self.state.height + 1)

    def open(self, record: Record, author: Person) -> Certificate:
        """The first open of a proposal."""
        said: Proposal = content(record)
        opening = first_opening(
            self.state,
            proposal=record.id,
            author=author.person.public,
            kind=said.kind,
            effect=said.effect,
            options=said.options,
            at=self.now,
        )
        return self.certify("open", opening)

    def begin(self, proposal: bytes, name: str, **more: Plain) -> Certificate:
        """A further round."""
        decision: dict[str, Any] = {"proposal": proposal, "stage": "vote", "round": name}
        return self.certify("open", {**decision, "at": self.now, **more})

    def close(self, proposal: bytes, cast: Sequence[Sequence[Record]]) -> Certificate:
        """Receipts, one record for each list of ballots; the stop; the close."""
        vote: Vote = self.state.votes[proposal]
        assert vote.round is not None
        last: Round = vote.round
        evidence: list[Record] = []
        for ballots in cast:
            before = evidence[0].id if evidence else None
            body = receipts.body(last.open, [each.id for each in ballots], before)
            evidence.insert(0, ANA_GOV.add("receipts", body))
        stopped = ANA_GOV.add("stop", stop.body(last.open, evidence[0].id))
        asked = Question(
            method=vote.rule.method,
            options=tuple(name for name, _ in last.options),
            seats=last.seats,
            thresholds=vote.thresholds,
            quorums=vote.quorums,
        )
        everything = [each for ballots in cast for each in ballots]
        first: dict[bytes, Record] = {}
        for each in everything:  # no rule here lets a ballot be revised
            person = self.state.roll.person_of(each.header.device)
            assert person in last.electorate
            first.setdefault(person, each)
        read = METHODS[asked.method].read
        choices = {k: read(content(r).choice, asked.on_ballot) for k, r in first.items()}
        voters = len(last.electorate & self.state.members())
        result = count(asked, choices, voters)
        ids = sorted(each.id for each in first.values())
        made = self.certify(
            "close",
            {
                "proposal": proposal,
                "open": last.open,
                "stops": [stopped.id],
                "outcome": result.outcome,
                "winners": list(result.winners),
                "tied": list(result.tied),
                "seats": result.open_seats,
                "ballots": len(ids),
                "root": sha256(b"".join(ids)).digest(),
                "tally": result.tally,
                "at": self.now,
            },
        )
        marked = [(each, each in first.values()) for each in everything]
        self.closed.append(Closed(made, asked, voters, [stopped, *evidence], marked))
        return made

    def effect(self, proposal: bytes) -> Certificate:
        """What was passed comes in force."""
        return self.certify("effect", {"proposal": proposal, "at": self.now})


def say(
    log: Log,
    kind: str,
    title: str,
    effect: dict[str, Any],
    options: tuple[tuple[str, str], ...] = (),
) -> Record:
    """A proposal."""
    said = Proposal(kind=kind, title=title, text="", effect=effect, options=options)
    return log.add("proposal", said.body())


def cast(log: Log, round_: Certificate, choice: Any, version: int = 1) -> Record:
    """A ballot."""
    return log.add("ballot", ballot.body(round_.id, version, choice), gov=round_.id)


COUNCIL = Council(TWO)

# Dan comes on another slot of Ana's, and Ben stands up for him; Ben brings his phone.
OTHER_INVITE = ANA_GOV.add("invite", invite.body(1, 0, OTHER_ONCE.public))
DANS = joins(DAN, OTHER_ONCE, OTHER_INVITE.id)
VOUCH = BENS.add("vouch", vouch.body(DAN.person.public))
PHONES = gov(PHONE)
COUNCIL.certify(
    "roll",
    {
        "admit": [
            admit(
                DAN.person.public,
                DAN.device.public,
                ANA.person.public,
                (ANA.device.public, 1, 0),
                DANS.records[1].id,
            )
        ],
        "enrol": [[BEN.person.public, PHONE.device.public, PHONES.records[0].id]],
        "cite": [VOUCH.id],
    },
)

# A fee: decided by a majority. Ben's second ballot comes too late, as this rule has no `revise`.
WAS = sha256(encode(TWO.charter["fees"]["default"])).digest()  # type: ignore[call-overload, index]
FEES = say(
    BENS,
    "fees",
    "Five in a hundred",
    {"type": "set_fees", "changes": [[["fees", "default"], WAS, FEE]]},
)
TALKS = Log(BEN.device, COMMUNITY, TALK)
COMMENT = TALKS.add("comment", Comment(about=FEES.id, text="So that we can buy paint.").body())
FEES_OPEN = COUNCIL.open(FEES, BEN)
BALLOT = cast(ANA_GOV, FEES_OPEN, "yes")
BEN_YES = cast(BENS, FEES_OPEN, "yes")
DAN_NO = cast(DANS, FEES_OPEN, "no")
BEN_NO = cast(BENS, FEES_OPEN, "no", 2)
FEES_CLOSE = COUNCIL.close(FEES.id, [[BALLOT, BEN_YES], [DAN_NO, BEN_NO]])
RECEIPTS, STOP = ANA_GOV.records[-2:]
CHALLENGE = DANS.add("challenge", challenge.body(FEES.id, FEES_CLOSE.id, [BEN_NO.id]))
COUNCIL.effect(FEES.id)

# Advice: three rankings that go round in a circle, and a run-off that does not.
WHERE = say(
    ANA_GOV,
    "advice",
    "Where do we meet?",
    {"type": "advice"},
    (("A", "At Ana's"), ("B", "At the bakery"), ("C", "")),
)
WHERE_OPEN = COUNCIL.open(WHERE, ANA)
COUNCIL.close(
    WHERE.id,
    [
        [
            cast(ANA_GOV, WHERE_OPEN, [["A"], ["B"], ["C"]]),
            cast(BENS, WHERE_OPEN, [["B"], ["C"], ["A"]]),
            cast(DANS, WHERE_OPEN, [["C"], ["A"], ["B"], ["status-quo"]]),
        ]
    ],
)
RUN_OFF = COUNCIL.begin(WHERE.id, "run-off")
COUNCIL.close(
    WHERE.id,
    [
        [cast(ANA_GOV, RUN_OFF, [["A"], ["B", "C"]]), cast(BENS, RUN_OFF, [["B"], ["A", "C"]])],
        [cast(DANS, RUN_OFF, [["C", "A"], ["status-quo"], ["B"]])],
    ],
)
COUNCIL.effect(WHERE.id)

# Dan is to go, appeals, and stays. He does not vote on it.
GO = say(BENS, "expulsion", "Dan is to go", {"type": "expel", "person": DAN.person.public})
GO_OPEN = COUNCIL.open(GO, BEN)
COUNCIL.close(GO.id, [[cast(BENS, GO_OPEN, "yes"), cast(ANA_GOV, GO_OPEN, "yes")]])
APPEAL = DANS.add("appeal", appeal.body(GO.id))
AGAIN = COUNCIL.begin(GO.id, "appeal", record=APPEAL.id)
COUNCIL.close(GO.id, [[cast(BENS, AGAIN, "yes"), cast(ANA_GOV, AGAIN, "no")]])

# Ben takes something back, gives up his phone, and goes at last.
DROPPED = say(BENS, "advice", "Never mind", {"type": "advice"}, (("A", ""),))
WITHDRAW = BENS.add("withdraw-proposal", withdraw_proposal.body(DROPPED.id))
HEADS = [(PHONE.device.public, GOV, 1, PHONES.records[0].id)]
RETIRE = BENS.add("retire", retire.body(PHONE.device.public, HEADS))
COUNCIL.certify("roll", {"retire": [[PHONE.device.public, [list(head) for head in HEADS]]]})
LEAVE = BENS.add("leave", leave.body([(BEN.device.public, GOV, 3, BENS.records[2].id)]))

# What Dan would say as one of several tellers.
ASK_SEAT = DANS.add("ask-seat", ask_seat.body(AGAIN.id, PHONE.device.public, HEADS))
PRESENT = DANS.add("present", present.body(AGAIN.id))

# And that he would rather have had Ben as the teller, long ago.
RECALL = DANS.add("recall", recall.body(DAN.person, COMMUNITY, slate(BEN)))
