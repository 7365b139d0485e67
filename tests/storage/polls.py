"""Steps of votes in a world of `tests.storage.world`: honest ones, and what else may be signed.

The one teller is ana; its log may fork like any other, so that receipts for one vote may stand on
several branches. Closes are counted here in a way of its own, to compare recounts with.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from governance import duties
from governance.certified import CHALLENGE, OPEN, Round, Vote
from governance.counting import count
from governance.methods.registry import METHODS
from governance.opening import first_opening
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from protocol.kinds import ballot, receipts, review, stop
from protocol.kinds.comment import Comment
from protocol.kinds.proposal import Proposal
from protocol.kinds.registry import content
from protocol.records import GOV, Record
from storage.polling import question

if TYPE_CHECKING:
    from tests.storage.world import Device, World

ADVICE = (["A"], ["B"]), (["B"], ["A"]), (["A", "B"],), (), "yes"  # the last can't be read
ANSWERS = "yes", "yes", "no", "abstain", ["A"]


class Polls:
    """What `World` can do about votes."""

    def rounds(self: World) -> list[tuple[Vote, Round]]:
        """All rounds there ever were, oldest first."""
        return [(vote, each) for vote in self.state.votes.values() for each in vote.rounds]

    def poll(
        self: World, device: Device, kind: str, effect: dict[str, Any], which: int = 0
    ) -> Vote:
        """A proposal of this member, and the certificate that opens it."""
        options = (("A", "Apples"), ("B", "Bread")) if kind == "advice" else ()
        said = Proposal(kind=kind, title=f"What {self._made}", text="", effect=effect)
        body = {**said.body(), "options": [list(option) for option in options]}
        record = self.write(device, "proposal", body, which=which)
        decision = first_opening(
            self.state,
            proposal=record.id,
            author=device.person.public,
            kind=kind,
            effect=effect,
            options=options,
            at=self._made,
        )
        self.certify(decision, "open")
        return self.state.votes[record.id]

    def vote(
        self: World, device: Device, open_: bytes, choice: Any, version: int = 1, which: int = 0
    ) -> Record:
        """A ballot."""
        return self.write(device, "ballot", ballot.body(open_, version, choice), which=which)

    def receipt(self: World, open_: bytes, *ballots: bytes, which: int = 0) -> Record | None:
        """The teller's next receipts on a branch of its log: for these, or all it did not name."""
        ana = self.of["ana1"]
        chain = self.chain(open_, which)
        named = {each for link in chain for each in content(link).ballots}
        listed = [record for record in self.cast(open_) if self._person(record)]
        fresh = ballots or [each.id for each in listed if each.id not in named][:256]
        if not fresh:
            return None
        before = chain[-1].id if chain else None
        return self.write(ana, "receipts", receipts.body(open_, fresh, before), which=which)

    def cast(self: World, open_: bytes) -> list[Record]:
        """Every ballot for a round."""
        some = [record for record in self.written(GOV) if record.header.kind == "ballot"]
        return [record for record in some if content(record).open == open_]

    def chain(self: World, open_: bytes, which: int = 0) -> list[Record]:
        """The teller's receipts for a round on one branch of its log."""
        branches = self.of["ana1"].logs[GOV]
        records = branches[which % len(branches)].records
        some = [record for record in records if record.header.kind == "receipts"]
        return [record for record in some if content(record).open == open_]

    def close(self: World, open_: bytes, which: int = 0, *, without: int = 0) -> None:
        """The teller's stop, and a close by its receipts on this branch, or by fewer of them."""
        chain = self.chain(open_, which)
        last = chain[-1].id if chain else None
        stopped = self.write(self.of["ana1"], "stop", stop.body(open_, last), which=which)
        vote, last_ = next(pair for pair in self.rounds() if pair[1].open == open_)
        named = [each for link in chain for each in content(link).ballots]
        voters = last_.electorate & self.state.members()
        stands = self._standing(vote, last_, named, voters)
        people = sorted(stands)[: len(stands) - without]
        counted = {person: stands[person][1:] for person in people}
        asked = question(vote, last_)
        result = count(asked, {p: choice for p, (_, choice) in counted.items()}, len(voters))
        ids = sorted(record for record, _ in counted.values())
        decision = {
            "proposal": vote.proposal,
            "open": open_,
            "stops": [stopped.id],
            "outcome": result.outcome,
            "winners": list(result.winners),
            "tied": list(result.tied),
            "seats": result.open_seats,
            "ballots": len(ids),
            "root": sha256(b"".join(ids)).digest(),
            "tally": result.tally,
            "at": duties.earliest_close(vote, last_),
        }
        self.certify(decision, "close")
        self.closes[stopped.id] = (named, ids)

    def expected(self: World, vote: Vote, last: Round) -> str:
        """What everybody who has heard all of it must find of a closed round."""
        named, ids = self.closes[last.stops[0]]
        good = {record.id: record for record in self.cast(last.open)}
        if any(n not in good or self._person(good[n]) is None for n in named):
            return "incomplete"
        lists = [named]
        for which in range(len(self.of["ana1"].logs[GOV])):
            chain = self.chain(last.open, which)
            lists.append([ballot for link in chain for ballot in content(link).ballots])
        ended, *chains = [self._standing(vote, last, each, last.voters) for each in lists]
        stands = {} if vote.rule.revise else dict(ended)  # what its stop ends comes first
        for person in {p for each in (ended, *chains) for p in each} - stands.keys():
            stands[person] = min(each[person] for each in (ended, *chains) if person in each)
        return "equal" if sorted(stood[1] for stood in stands.values()) == ids else "differs"

    def _person(self: World, record: Record) -> bytes | None:
        return self.state.roll.person_of(record.header.device)

    def _standing(
        self: World, vote: Vote, last: Round, named: list[bytes], voters: frozenset[bytes]
    ) -> dict[bytes, Any]:
        """Person -> (order, ballot, choice), of the ballots that receipts name in this order."""
        asked, found = question(vote, last), {}
        by_id = {record.id: record for record in self.cast(last.open)}
        for record in (by_id[each] for each in named if each in by_id):
            person, said = self._person(record), content(record)
            try:
                choice = METHODS[asked.method].read(said.choice, asked.on_ballot)
            except Invalid:
                continue
            listed = self.state.roll.persons[person].devices if person in voters else {}
            if listed.get(record.header.device, 2**53) <= (last.height or self.state.height):
                found.setdefault(person, []).append((-said.version, record.id, choice))
        return {
            person: min(some, key=lambda s: s[:2]) if vote.rule.revise else some[0]
            for person, some in found.items()
        }

    def _round(self: World, number: int) -> tuple[Vote, Round] | None:
        """A round, mostly the newest."""
        rounds = self.rounds()
        return (
            rounds[-1 - (number // 4) % len(rounds) if number % 4 == 0 else -1] if rounds else None
        )

    # Steps

    def do_propose(self: World, device: Device, b: int, c: int) -> None:
        """Something to be advised on, or an expulsion. Who is cut off proposes nothing."""
        if not device.logs[GOV] or not self.state.roll.is_member_device(device.key):
            return
        some = [each for each in self.persons.values() if each is not self.of["ana1"].person]
        person = some[b % len(some)].public
        try:
            if b % 3:
                self.poll(device, "advice", {"type": "advice"}, c)
            else:
                self.poll(device, "expulsion", {"type": "expel", "person": person}, c)
        except (Invalid, Refused):
            return  # nobody to be expelled, say; the proposal stands there all the same

    def do_vote(self: World, device: Device, b: int, c: int) -> None:
        """A ballot by anybody, in any round, that may be good for nothing."""
        if (found := self._round(b)) is not None and device.logs[GOV]:
            choices: Any = ADVICE if found[0].kind == "advice" else ANSWERS
            choice = choices[b % len(choices)]
            choice = [*choice] if isinstance(choice, tuple) else choice
            self.vote(device, found[1].open, choice, 1 + c % 3, c)

    def do_receipt(self: World, device: Device, b: int, c: int) -> None:
        """Receipts for all ballots or some, now and then for what is none."""
        if (found := self._round(b)) is not None:
            some = [each.id for each in self.cast(found[1].open)]
            if c % 8 == 7:
                some = [*[each.id for each in self.written(GOV)][-2:], bytes(32)]
            elif c % 4:
                some = []
            self.receipt(found[1].open, *some[b % 3 :], which=c // 2)

    def do_close(self: World, device: Device, b: int, c: int) -> None:
        """The end of a round; sometimes one that leaves a ballot out."""
        found = self._round(b)
        if found is not None and found[0].phase == OPEN and found[0].round is found[1]:
            self.close(found[1].open, c // 2, without=int(b % 8 == 7))

    def do_poll(self: World, device: Device, b: int, c: int) -> None:
        """A whole vote, in which somebody may fork a log or cast two ballots."""
        before = len(self.rounds())
        member = self.state.roll.is_member_device(device.key)
        self.do_propose(device if member else self.of["ana1"], b, c % 2)
        if len(self.rounds()) == before:
            return
        for number, name in enumerate(("ana1", "ben1", "eva1", "ben2", "dan1")):
            self.do_vote(self.of[name], 4 * (b + number) + 1, c * (number % 2))
            if (b + c) % 5 == number:
                self.do_fork(self.of[name], 4 * c + b % 4, 2)
            if c % 3 == 0:
                self.receipt(self.rounds()[-1][1].open, which=b // 8)
        open_, which = self.rounds()[-1][1].open, b // 8
        self.receipt(open_, which=which)
        if c % 5 == 4:  # on another branch the teller names but one of them
            self.do_fork(self.of["ana1"], 4 * c + b % 4, 2)
            which = len(self.of["ana1"].logs[GOV]) - 1
            self.receipt(open_, *[each.id for each in self.cast(open_)][b % 3 :][:1], which=which)
        if c % 8:
            self.close(open_, which, without=int(b % 8 == 7))
        if c % 3:
            self.do_carry_out(device, b, c)

    def do_carry_out(self: World, device: Device, b: int, c: int) -> None:
        """What was passed: an expulsion cuts logs, often below ballots."""
        for vote in self.state.votes.values():
            if vote.phase == CHALLENGE:
                decision: dict[str, Any] = {"proposal": vote.proposal, "at": self._made}
                if vote.kind == "expulsion":
                    gone = vote.effect["person"]
                    own = [each for each in self.devices if each.person.public == gone]
                    decision["heads"] = [head for each in own for head in each.heads(b)]
                self.certify(decision, "remove" if vote.kind == "expulsion" else "effect")
                return

    def do_comment(self: World, device: Device, b: int, c: int) -> None:
        """A word about something in gov."""
        some = self.written(GOV)
        for sign in (False, True)[b % 3 != 0 :]:
            said = Comment(about=some[b % len(some)].id, text=f"Well, {self._made}")
            self.write(device, "comment", said.body(), which=c, sign=sign)

    def do_review(self: World, device: Device, b: int, c: int) -> None:
        """A word about one of three orders, named or not, now and then signed for another."""
        order = Signer(sha256(f"order {b % 3}".encode()).digest())
        who = device.person.public if c % 5 else self.of["ana1"].person.public
        buyer = who if b % 2 else None
        said = review.sign(
            order, self.community, who, version=1 + c % 2, stars=1 + b % 5, text="", buyer=buyer
        )
        self.write(device, "review", said.body(), which=c)
