"""A community as it may turn out, written from a script of small steps.

Keys are made from names and nothing else is random, so a script always gives the same bytes. The
writers here are honest, careless or hostile; what they write is valid, however odd. A world only
grows: `tests.storage.post` carries it to stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from governance.certified import Certified, beginning
from governance.charter import Charter, charter_hash
from governance.folding import fold, step
from governance.roll import admit
from governance.templates import template
from protocol.certificates import make_body, read_certificate, sign_certificate
from protocol.codec import Plain
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from protocol.kinds import confirm, enrol, erase, found, invite, join, leave, withdraw
from protocol.kinds.listing import Listing, Photo, Rendition
from protocol.kinds.profile import Profile
from protocol.kinds.registry import KINDS, content
from protocol.records import GOV, LANES, MARKET, TALK, ZERO, Record, make_record
from protocol.spot import Spot
from tests.storage.payments import Payments
from tests.storage.polls import Polls
from tests.storage.sales import Sales

TIME = 1_767_225_600_000  # the first second of 2026
NAMES = ("ana", "ben", "eva", "dan", "gus")
LIKELY = ("ana1", "ben1", "eva1", "dan1") * 2 + ("ben1", "ben1", "ben2", "eva1") * 2
LIKELY += ("gus1", "eva2", "ana2")
SLOTS = 3


def h(*words: object) -> bytes:
    """32 bytes that these words stand for."""
    return sha256(" ".join(map(str, words)).encode()).digest()


def photos(count: int) -> tuple[Photo, ...]:
    """Photos of a listing, of four that all listings share; the first is one picture twice."""
    sizes = [
        Rendition(hash=h("picture", n), width=9, height=9, size=100 + n) for n in (0, 0, *range(6))
    ]
    pairs = zip(sizes[::2], sizes[1::2], strict=True)
    return tuple(Photo(alt="", small=small, large=large) for small, large in pairs)[:count]


def spot(number: int) -> Spot | None:
    """One of a few spots, or none."""
    return Spot(4799 + number, 785) if number % 3 else None


@dataclass(eq=False)
class Branch:
    """One way in which a log went on: all its records from seq 1, and where it parted."""

    records: list[Record] = field(default_factory=list)
    parted: int = 0  # how many records it shares with the branch it was made from


class Device:
    """A device with its three logs, each a list of branches; the first is the one it began."""

    def __init__(self, name: str, number: int, person: Signer) -> None:
        self.name, self.person = f"{name}{number}", person
        self.signer = Signer(h(name, "device", number))
        self.logs: dict[int, list[Branch]] = {lane: [] for lane in LANES.values()}

    def __repr__(self) -> str:
        return self.name

    @property
    def key(self) -> bytes:
        return self.signer.public

    def heads(self, which: int) -> list[list[Plain]]:
        """Where each log stands, on a branch and at a place that `which` picks."""
        named: list[list[Plain]] = []
        for lane, branches in self.logs.items():
            if branches and (which + lane) % 4:
                records = branches[which % len(branches)].records
                last = records[-1 - which // 8 % min(3, len(records))]
                named.append([self.key, lane, last.header.seq, last.id])
        return named


@dataclass(frozen=True)
class Invited:
    """An invitation and the secret in its link."""

    device: Device
    slot: int
    round: int
    record: Record
    once: Signer


@dataclass(frozen=True)
class Joined:
    """A newcomer's join."""

    device: Device
    invited: Invited
    record: Record


class World(Polls, Sales, Payments):
    """Everything that was ever written. `act` does one step, or nothing where it makes no sense."""

    def __init__(self) -> None:
        self.persons = {name: Signer(h(name, "person")) for name in NAMES}
        self.devices = [Device(n, i, self.persons[n]) for n in NAMES for i in (1, 2)]
        self.of = {device.name: device for device in self.devices}
        ana = self.of["ana1"]
        charter = template("kitchen-table")
        charter["rules"]["advice"]["revise"] = True  # type: ignore[call-overload,index]
        charter["fees"]["default"]["fee_bps"] = 500  # type: ignore[call-overload,index]
        self.found = make_record(
            ana.signer,
            community=None,
            lane=GOV,
            seq=1,
            prev=ZERO,
            gov=None,
            kind="found",
            time_ms=TIME,
            salt=h("found")[:16],
            body=found.body(ana.person, ana.key, charter),
        )
        self.community = self.found.id
        ana.logs[GOV].append(Branch([self.found]))
        said = content(self.found)
        hashed = charter_hash(Charter.from_data(charter))
        self.state: Certified = beginning(self.community, ana.key, said, hashed)
        self.certificates: list[Any] = []
        self.invited: list[Invited] = []
        self.joined: list[Joined] = []
        self.closes: dict[bytes, tuple[list[bytes], list[bytes]]] = {}  # see `Polls.expected`
        self.bare: set[bytes] = set()  # records whose body nobody has any more
        self.half: set[bytes] = set()  # records whose body some copies lack
        self._made = 0
        founder = admit(ana.person.public, ana.key, None, None, self.found.id)
        self.certify({"admit": [founder]})

    # Writing

    def certify(self, decision: dict[str, Any], kind: str = "roll") -> None:
        """The one teller's next certificate, if the decision can be carried out."""
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
        travel = [raw, 0, [[0, sign_certificate(raw, 0, self.of["ana1"].signer)]]]
        self.state = fold(state, read_certificate(travel))
        self.certificates.append(travel)

    def write(
        self,
        device: Device,
        kind: str,
        body: dict[str, Plain],
        *,
        which: int = 0,
        lane: int | None = None,
        sign: bool = True,
    ) -> Record:
        """One more record on a branch of a log."""
        lane = KINDS[kind].lane if lane is None else lane
        branches = device.logs[lane]
        if not branches:
            branches.append(Branch())
        records = branches[which % len(branches)].records
        self._made += 1
        record = make_record(
            device.signer,
            community=self.community,
            lane=lane,
            seq=len(records) + 1,
            prev=records[-1].id if records else self.community,
            gov=None,
            kind=kind,
            time_ms=TIME + self._made,
            salt=h("salt", self._made)[:16],
            body=body,
            sign=sign or lane == GOV,
        )
        records.append(record)
        return record

    def offer(self, device: Device, which: int = 0, **more: Any) -> Record:
        """A listing."""
        fields: dict[str, Any] = {"title": f"Bread {self._made}", "mode": "sell", **more}
        sign = fields.pop("sign", True)
        return self.write(device, "listing", Listing(**fields).body(), which=which, sign=sign)

    def written(self, lane: int, person: Signer | None = None) -> list[Record]:
        """All records of a lane, each once."""
        found = {
            record.id: record
            for device in self.devices
            if person is None or device.person is person
            for branch in device.logs[lane]
            for record in branch.records
        }
        return list(found.values())

    # Steps: each takes three small numbers that pick who, what and where

    def act(self, name: str, a: int, b: int, c: int) -> None:
        """One step."""
        getattr(self, f"do_{name}")(self.of[LIKELY[a % len(LIKELY)]], b, c)

    def do_invite(self, device: Device, b: int, c: int) -> None:
        if not device.logs[GOV]:
            return
        slot = b % SLOTS
        round_ = self.state.roll.rounds.get((device.key, slot), 0)
        once = Signer(h("once", self._made))
        record = self.write(device, "invite", invite.body(slot, round_, once.public), which=c)
        self.invited.append(Invited(device, slot, round_, record, once))

    def do_join(self, device: Device, b: int, c: int) -> None:
        if device.logs[GOV] or not self.invited:
            return
        self.do_enrol(device, b, c)
        self._join(device, self.invited[b % len(self.invited)], 0)

    def _join(self, device: Device, invited: Invited, which: int) -> None:
        args = (self.community, invited.record.id, device.person.public, device.key)
        record = self.write(device, "join", join.body(invited.once, *args), which=which)
        self.joined.append(Joined(device, invited, record))

    def do_enrol(self, device: Device, b: int, c: int) -> None:
        if not device.logs[GOV]:
            body = enrol.body(device.person, self.community, device.key)
            self.write(device, "enrol", body)

    def do_confirm(self, device: Device, b: int, c: int) -> None:
        if self.joined:
            joined = self.joined[b % len(self.joined)]
            on = joined.invited
            body = confirm.body(on.slot, on.round, joined.record.id)
            self.write(on.device, "confirm", body, which=c)

    def do_admit(self, device: Device, b: int, c: int) -> None:
        if self.joined:
            joined = self.joined[b % len(self.joined)]
            on = joined.invited
            slot = (on.device.key, on.slot, on.round)
            who, inviter = joined.device.person.public, on.device.person.public
            line = admit(who, joined.device.key, inviter, slot, joined.record.id)
            self.certify({"admit": [line]})

    def do_list_device(self, device: Device, b: int, c: int) -> None:
        if device.logs[GOV]:
            record = device.logs[GOV][b % len(device.logs[GOV])].records[0]
            self.certify({"enrol": [[device.person.public, device.key, record.id]]})

    def do_welcome(self, device: Device, b: int, c: int) -> None:
        """Invited by ana, joined and let in."""
        if not device.logs[GOV]:
            self.do_invite(self.of["ana1"], b, 0)
            self.do_join(device, len(self.invited) - 1, c)
            if c % 3:
                self.do_admit(device, len(self.joined) - 1, c)

    def do_crowd(self, device: Device, b: int, c: int) -> None:
        """Two or three newcomers on one invitation; sometimes the inviter says who was meant."""
        self.do_invite(self.of["ben1" if c % 4 == 0 else "ana1"], b, 0)
        new = [each for each in self.devices if not each.logs[GOV]][b % 3 :]
        for each in new[: 2 + c % 2]:
            self.do_join(each, len(self.invited) - 1, c)
        if c % 3 == 0:
            self.do_confirm(device, b % max(1, len(self.joined)), c)

    def do_settle_fork(self, device: Device, b: int, c: int) -> None:
        """A log forks, and a certificate names the branch and the place that stand."""
        for number in range(1 + b % 2):
            self.do_offer(device, b + number, 0)
            self.do_fork(device, b // 2, c)
        self.do_offer(device, b, c)
        self.do_retire(device, c, b)

    def do_expire(self, device: Device, b: int, c: int) -> None:
        if self.invited:
            on = self.invited[b % len(self.invited)]
            self.certify({"expire": [[on.device.key, on.slot, on.round]]})

    def do_leave(self, device: Device, b: int, c: int) -> None:
        cut = self.state.roll.is_cut(device.key)  # a cut device's word rests on nothing
        if device.logs[GOV] and device.name != "ana1" and not cut:
            own = [each for each in self.devices if each.person is device.person]
            heads = [head for each in own for head in each.heads(b)]
            record = self.write(device, "leave", leave.body(heads), which=c)  # type: ignore[arg-type]
            self.certify({"leave": [[device.person.public, record.id, heads]]})

    def do_retire(self, device: Device, b: int, c: int) -> None:
        self.certify({"retire": [[device.key, device.heads(c)]]})

    def do_offer(self, device: Device, b: int, c: int) -> None:
        for number in range(b % 4):
            self.offer(device, c, title=f"Jam {number}", sign=False)
        audience = "members" if b % 8 > 5 else "everyone"
        self.offer(device, c, audience=audience, photos=photos(b % 4), spot=spot(c))

    def do_edit(self, device: Device, b: int, c: int) -> None:
        roots = [r for r in self.written(MARKET) if r.header.kind == "listing"]
        if roots:
            own = [r for r in roots if content(r).root is None]
            root = own[b % len(own)].id if own else h("nothing")
            said = {"title": "Better bread", "photos": photos(c % 3), "spot": spot(b)}
            self.offer(device, c, version=1 + c % 3, root=root, **said)

    def do_withdraw(self, device: Device, b: int, c: int) -> None:
        listings = self.written(MARKET)
        if listings:
            self.write(device, "withdraw", withdraw.body(listings[b % len(listings)].id), which=c)

    def do_profile(self, device: Device, b: int, c: int) -> None:
        away = TIME + b if b % 4 else None
        said = Profile(
            version=1 + b % 3, name=f"{device} {self._made}", spot=spot(b), away_until_ms=away
        )
        self.write(device, "profile", said.body(), which=c)

    def do_seal(self, device: Device, b: int, c: int) -> None:
        """A letter that nobody here can open, or a box that nobody can."""
        if device.logs[GOV]:
            sealed = {"box": bytes(100 + b), "key": h("box", b, c), "to": bytes(52 * (1 + b % 16))}
            self.write(device, "sealed", {**sealed, **({"to": b""} if c == 3 else {})}, which=c)

    def do_odd(self, device: Device, b: int, c: int) -> None:
        """Something only a newer program can read."""
        if device.logs[GOV]:
            lane = b % 3
            self.write(device, "x-thing", {"n": b}, lane=lane, which=c)

    def do_erase(self, device: Device, b: int, c: int) -> None:
        """Mostly of the person's own things; now and then of what is not theirs."""
        if not device.logs[GOV]:
            return
        whose = None if c % 5 == 0 else device.person
        some = self.written(MARKET, whose) + self.written(TALK, whose)
        if some:
            targets = {some[(b + n * 3) % len(some)].id for n in range(1 + c % 2)}
            self.write(device, "erase", erase.body(sorted(targets)), which=c // 2)

    def do_lose(self, device: Device, b: int, c: int) -> None:
        """A body is lost, on the way or for good, with or without an erase record."""
        some = self.written(MARKET, device.person)
        if some:
            (self.bare if c % 2 else self.half).add(some[b % len(some)].id)

    def do_fork(self, device: Device, b: int, c: int) -> None:
        """Another branch, from any place of any branch."""
        lane = (MARKET, MARKET, GOV)[c % 3]
        branches = device.logs[lane]
        if not branches or len(branches) > 3:
            return
        whole = branches[b % len(branches)].records
        at = b // 4 % len(whole)
        if lane == GOV and at == 0 and device.name == "ana1":
            return
        branches.append(Branch(whole[:at], at))
        which = len(branches) - 1
        if lane == MARKET:
            for number in range(c % 2 + 1):
                self.offer(device, which, title=f"Other bread {number}", sign=number == c % 2)
        elif at == 0:
            who = self.persons[NAMES[c % len(NAMES)]] if c % 4 == 0 else device.person
            body = enrol.body(who, self.community, device.key)
            self.write(device, "enrol", body, which=which)
        elif at == 1 and self.invited and c % 2:
            self._join(device, self.invited[b % len(self.invited)], which)
        elif c % 4 == 0:
            self.do_erase(device, b, which * 2)
            if len(branches[which].records) == at:
                self.write(device, "x-vow", {"n": b}, lane=GOV, which=which)
        else:
            self.write(device, "x-vow", {"n": b}, lane=GOV, which=which)


OFTEN = ("welcome", "offer", "fork", "erase", "edit", "fair", "poll", "poll")
STEPS = (*OFTEN, *OFTEN, *(name[3:] for name in dir(World) if name.startswith("do_")))
Script = list[tuple[str, int, int, int]]
_small = st.integers(0, 63)


def village(*names: str) -> World:
    """A world in which these people's first devices are certified beside ana's."""
    world = World()
    for slot, name in enumerate(names):
        world.do_welcome(world.of[f"{name}1"], slot, 1)
    return world


scripts = st.lists(st.tuples(st.sampled_from(STEPS), _small, _small, _small), max_size=32)


def make(script: Sequence[tuple[str, int, int, int]]) -> World:
    """The world that a script tells of; it begins with ben, whom ana invited and let in."""
    world = World()
    for step_ in [("welcome", 1, 0, 1), *script]:
        world.act(*step_)
    return world
