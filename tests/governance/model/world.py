"""Tellers around one height: what each holds, what is on its disk, and what must never happen.

Nothing here decides when anything happens; that is for schedules and scenarios. Whatever is said is
checked at once against these rules, and `Violation` raised with what broke:

- no two certificates, even if every liar adds its signature wherever it wants;
- nothing certified that no honest teller found right;
- no honest device says two things in one place;
- the machine's answer does not depend on the order of the messages, and comes to an end.

Messages are kept as `storage.agreement` keeps them: of one place the one with the lowest id, of a
device and kind the highest views; with an own prepare also the proposal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from random import Random
from typing import Any

from protocol.certificates import Seat, make_body
from protocol.errors import Invalid
from tests.governance.model.builds import REAL, Build
from tests.protocol.people import Person, h

NAMES = ("ana", "ben", "eva", "ida", "joe", "kim", "leo")
COMMUNITY, PREV = h("community"), h("prev")
MOST_VIEWS = 32
MINUTE, HOUR, DAY = 60, 3600, 86400
NEVER = 10**12  # nothing is due
MANY_WORDS = 80  # said in one go, this is no end


class Violation(AssertionError):
    """The tellers did what they never may, or did not do what they must."""


class Held:
    """The messages that a node holds and passes on."""

    def __init__(self) -> None:
        self._by_place: dict[Any, Any] = {}

    def __iter__(self) -> Any:
        return iter(self._by_place.values())

    def __len__(self) -> int:
        return len(self._by_place)

    def keep(self, message: Any) -> bool:
        """Keep it if it is new; False if it is held, or another stands in its place."""
        held = self._by_place.get(message.place)
        if held is not None and held.id <= message.id:
            return False
        self._by_place[message.place] = message
        if held is None:
            same = [p for p in self._by_place if p[:2] == message.place[:2]]
            if len(same) > MOST_VIEWS:
                del self._by_place[min(same, key=lambda place: place.view)]
        return True


class Member:
    """Somebody without a seat, who carries messages."""

    def __init__(self) -> None:
        self.held = Held()

    def hear(self, messages: Iterable[Any]) -> bool:
        """Keep what is new; whether anything was."""
        return bool([each for each in messages if self.held.keep(each)])

    def __repr__(self) -> str:
        return "the member"


class Teller:
    """An honest teller. `own` and `rests_on` are on its disk; what it heard may be lost."""

    def __init__(self, world: World, seat: int) -> None:
        self.world, self.seat = world, seat
        self.signer = world.signers[seat]
        self.held = Held()
        self.own: list[Any] = []
        self.rests_on: list[Any] = []  # proposals it prepared
        self.skew = 0  # its clock against the true time, seconds
        self.lacks: set[bytes] = set()  # bodies it can't find right yet, evidence is missing
        self.idle = False  # nothing ever seems due to it
        self.waits: tuple[Any, int] = (None, 0)  # (milestone, since when by its clock); on disk
        self._fresh: list[Any] = []  # heard since the last write

    @property
    def clock(self) -> int:
        """What its clock shows."""
        return self.world.now + self.skew

    def hear(self, messages: Iterable[Any]) -> bool:
        """Keep what is new; whether anything was."""
        news = [each for each in messages if self.held.keep(each)]
        self._fresh += news
        return bool(news)

    def restart(self) -> None:
        """Begin anew from the disk; what was heard since the last write is lost."""
        lost = {each.id for each in self._fresh}
        kept = [each for each in self.held if each.id not in lost]
        if self.world.build.forgets == "patience":
            self.waits = None, 0
        if self.world.build.forgets == "words":
            kept = [each for each in kept if each.device != self.signer.public]
            self.own, self.rests_on = [], []
        self.held, self._fresh = Held(), []
        for each in [*kept, *self.own]:
            self.held.keep(each)

    def seen(self) -> list[Any]:
        """Everything that its machine is given, in an order of chance."""
        found = [*self.held, *self.rests_on]
        self.world.random.shuffle(found)
        return found

    def draft(self) -> bytes | None:
        """What it would propose now: something else every day."""
        if self.idle or self.clock < self.world.due:
            return None
        return self.world.body(by=self.seat, day=self.clock // DAY)

    def judge(self, body: bytes) -> bool:
        """Whether this may be certified, by its clock and the evidence that it has."""
        return self.clock >= self.world.due and self.world.is_right(body) and body not in self.lacks

    def table(self) -> Any:
        """What it sees."""
        return self.world.build.agreement.Table(self.world.at, self.seen())

    def patience_ends(self) -> int:
        """When it will be impatient, by its clock. Notes what it has reached, as its node does."""
        machine, table = self.world.build.agreement, self.table()
        due = machine.is_due(table, machine.bound(self.own), self.draft)
        last, since = self.waits
        if (table.milestone(), due) != last or since > self.clock:  # or the clock was put back
            since = self.clock
        self.waits = (table.milestone(), due), since
        return since + int(machine.patience_s(table.view))

    def next_word(self, impatient: bool) -> Any:
        """What the machine would have it say."""
        return self.world.build.agreement.next_word(
            self.world.at,
            self.seat,
            self.seen(),
            self.own,
            draft=self.draft,
            judge=self.judge,
            impatient=impatient,
        )

    def speak(self, impatient: bool | None = None, crash: str = "", at_word: int = 0) -> int:
        """Say all there is to say; how many words that was.

        `impatient`: None by its own clock. `crash`: at the word numbered `at_word`, "unwritten" or
        "unsent", the machine dies before it is on the disk, or after that and before it is sent.
        """
        said = 0
        while True:
            hurry = self.clock >= self.patience_ends() if impatient is None else impatient
            word = self.next_word(hurry)
            if self.world.random.random() < self.world.orders and word != self.next_word(hurry):
                raise Violation("what a teller says depends on the order of the messages")
            if word is None or (crash and said == at_word):
                break
            message = self._sign(word)
            if message.id in {each.id for each in self.own}:
                raise Violation(f"{self} says the same again: {message.kind} {message.view}")
            self._write(message)
            self.world.said(message)
            said += 1
            if said > MANY_WORDS:
                raise Violation(f"{self} has no end: {message.kind} {message.view}")
        if crash:
            if word is not None and crash == "unsent":
                self._write(self._sign(word))
                self.world.said(self.own[-1])
            self.restart()
        return said

    def _sign(self, word: Any) -> Any:
        try:
            return self.world.build.agreement.say(self.signer, self.world.at.about, word)
        except Invalid as error:
            raise Violation(f"{self} says what nobody can read: {error}") from error

    def _write(self, message: Any) -> None:
        if message.kind == "prepare":
            self.rests_on += [
                each
                for each in self.seen()
                if each.body is not None and each.certificate == message.certificate
            ]
        self.own.append(message)
        self.held.keep(message)
        self._fresh = []

    def __repr__(self) -> str:
        return NAMES[self.seat]


class World:
    """The tellers, a member who carries messages, the true time, and all that was ever said."""

    def __init__(
        self,
        build: Build = REAL,
        *,
        seed: int = 0,
        seats: int = 4,
        liars: Iterable[int] = (),
        height: int = 0,
        due: int = 0,
    ) -> None:
        self.build = build
        self.random = Random(seed)
        people = [Person(name) for name in NAMES[:seats]]
        self.signers = [each.device for each in people]
        tellers = tuple(Seat(each.person.public, each.device.public) for each in people)
        self.height = height
        self.at: Any = build.agreement.Height(
            build.messages.About(COMMUNITY, height, PREV), tellers
        )
        self.faulty = (seats - 1) // 3
        self.need = 2 * self.faulty + 1
        self.liars = frozenset(liars)
        self.honest = [Teller(self, i) for i in range(seats) if i not in self.liars]
        self.member = Member()
        self.now, self.due = 30 * DAY, due
        self.orders = 0.0  # how often a teller is asked again, with its messages in another order
        self.trace: list[str] = []
        self.ever: dict[bytes, Any] = {}
        self.prepares: dict[tuple[int, bytes], dict[int, Any]] = defaultdict(dict)
        self.commits: dict[tuple[int, bytes], dict[int, Any]] = defaultdict(dict)
        self._places: dict[Any, bytes] = {}  # of honest devices
        self._bodies: dict[bytes, tuple[bytes, bool]] = {}  # by id: (body, whether it is right)
        self._known: dict[tuple[object, ...], bytes] = {}

    def teller(self, seat: int) -> Teller:
        """The honest teller on this seat."""
        return next(each for each in self.honest if each.seat == seat)

    # What is decided on

    def body(self, *, right: bool = True, **what: int) -> bytes:
        """The body of a certificate that says `what`."""
        key = (right, *sorted(what.items()))
        if key not in self._known:
            raw = self._known[key] = make_body(
                community=COMMUNITY,
                height=self.height,
                prev=PREV,
                kind="roll",
                charter_hash=h("charter"),
                roll_root=h("roll"),
                next_tellers=self.at.tellers,
                decision={"right": right, **what},
            )
            self._bodies[self.build.messages.read_body(raw).id] = raw, right
        return self._known[key]

    def is_right(self, body: bytes) -> bool:
        """Whether honest tellers can find it right at all."""
        return self._bodies[id_of(body)][1]

    def known_body(self, id_: bytes) -> bytes:
        """The body of this certificate."""
        return self._bodies[id_][0]

    # What is said

    def said(self, message: Any) -> None:
        """Everything that a device signed comes by here once, whoever hears of it."""
        self.ever[message.id] = message
        seat = self.at.seat(message.device)
        assert seat is not None
        if message.kind in ("prepare", "commit"):
            found = self.prepares if message.kind == "prepare" else self.commits
            found[message.view, message.certificate][seat] = message
        if seat in self.liars:
            return
        self.trace.append(f"{NAMES[seat]}: {self.words(message)}")
        if self._places.setdefault(message.place, message.id) != message.id:
            raise Violation(f"{NAMES[seat]}, honest, said two things in one place: {message.kind}")
        if message.kind == "commit":
            self._check_certificates()

    def words(self, message: Any) -> str:
        """A message in short, for a trace."""
        shown = message.prepared
        proof = f" shown in {shown.view}: {shown.id.hex()[:4]}" if shown else ""
        what = f" {message.certificate.hex()[:4]}" if message.certificate else ""
        return f"{message.kind} {message.view}{what}{proof}"

    def accept(self, raw: bytes) -> Any:
        """What a node makes of a teller's bytes; Invalid as nodes say it."""
        message = self.build.messages.read_message(raw, COMMUNITY)
        self.build.messages.check_prepared(message, COMMUNITY, self.at.tellers)
        return message

    def certifiable(self) -> set[tuple[int, bytes]]:
        """(view, id) of what is certified, or would be if all liars signed."""
        return {
            key
            for key, found in self.commits.items()
            if len(self.liars | set(found)) >= self.need and set(found) - self.liars
        }

    def _check_certificates(self) -> None:
        found = {id_ for _, id_ in self.certifiable()}
        if len(found) > 1:
            made = ", ".join(each.id.hex()[:4] for each in self.forge())
            raise Violation(f"two certificates: {made}")
        for id_ in found:
            if not self._bodies[id_][1]:
                raise Violation("a certificate that no honest teller finds right")

    def forge(self) -> list[Any]:
        """Every certificate there can be once the liars have signed, checked as a node does."""
        made = []
        for view, id_ in sorted(self.certifiable()):
            body = self.known_body(id_)
            seals = {seat: each.seal for seat, each in self.commits[view, id_].items()}
            for seat in self.liars:
                seals[seat] = self.build.certificates.sign_certificate(
                    body, view, self.signers[seat]
                )
            made.append(self.checked([body, view, [[i, seals[i]] for i in sorted(seals)]]))
        return made

    def checked(self, travel: Any) -> Any:
        """The certificate that travels so, as a node that isn't broken takes it."""
        certificate = REAL.certificates.read_certificate(travel)
        REAL.certificates.check_signatures(certificate, self.at.tellers)
        return certificate

    def certificate(self) -> Any:
        """The certificate that some honest teller or the member can put together, or None."""
        for seen in [*(each.seen() for each in self.honest), list(self.member.held)]:
            travel = self.build.agreement.Table(self.at, seen).certified()
            if travel is not None:
                try:
                    return self.checked(travel)
                except Invalid as error:
                    raise Violation(f"a certificate that nodes refuse: {error}") from error
        return None

    def doubles(self) -> set[int]:
        """The seats of whom double signatures were ever made."""
        places: dict[Any, set[bytes]] = defaultdict(set)
        for each in self.ever.values():
            places[each.place].add(each.id)
        found = {self.at.seat(place.device) for place, ids in places.items() if len(ids) > 1}
        return {seat for seat in found if seat is not None}


def id_of(body: bytes) -> bytes:
    """The id of the certificate with this body."""
    return sha256(body).digest()
