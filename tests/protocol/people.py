"""Named people with keys made from their names, and builders for what they write.

Everything here is a function of names and numbers, so two runs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from governance.templates import template
from protocol.certificates import Certificate, Seat, make_body, read_certificate, sign_certificate
from protocol.codec import Plain
from protocol.keys import Signer
from protocol.kinds import enrol, found, join
from protocol.kinds.listing import Listing
from protocol.records import GOV, MARKET, ZERO, Record, make_record
from protocol.segments import Segment, read_segment

TIME = 1_767_225_600_000  # the first second of 2026


def h(*words: object) -> bytes:
    """32 bytes that these words stand for."""
    return sha256(" ".join(map(str, words)).encode()).digest()


class Person:
    """A person key and one device key, both made from the name."""

    def __init__(self, name: str, device: int = 1) -> None:
        self.name = name
        self.person = Signer(h(name, "person"))
        self.device = Signer(h(name, "device", device))

    def __repr__(self) -> str:
        return self.name


ANA, BEN, EVA, DAN = (Person(name) for name in ("ana", "ben", "eva", "dan"))


class Log:
    """A log as its owner writes it; `records` grows."""

    def __init__(self, signer: Signer, community: bytes, lane: int) -> None:
        self.signer, self.community, self.lane = signer, community, lane
        self.records: list[Record] = []

    def add(
        self, kind: str, body: dict[str, Plain], *, sign: bool = True, gov: bytes | None = None
    ) -> Record:
        """One more record at the end."""
        seq = len(self.records) + 1
        record = make_record(
            self.signer,
            community=self.community,
            lane=self.lane,
            seq=seq,
            prev=self.records[-1].id if self.records else self.community,
            gov=gov,
            kind=kind,
            time_ms=TIME + seq,
            salt=h("salt", self.signer.public.hex(), self.lane, seq, body)[:16],
            body=body,
            sign=sign,
        )
        self.records.append(record)
        return record

    def offer(self, title: str, *, sign: bool = True) -> Record:
        """One more listing."""
        body = Listing(title=title, mode="sell", price=350, currency="EUR").body()
        return self.add("listing", body, sign=sign)

    def copy(self) -> Log:
        """The same log, to be continued differently."""
        other = Log(self.signer, self.community, self.lane)
        other.records = list(self.records)
        return other


def founding(who: Person) -> Record:
    """The founding record of the community that `who` starts."""
    return make_record(
        who.device,
        community=None,
        lane=GOV,
        seq=1,
        prev=ZERO,
        gov=None,
        kind="found",
        time_ms=TIME,
        salt=h("salt", who, "found")[:16],
        body=found.body(who.person, who.device.public, template("kitchen-table")),
    )


FOUND = founding(ANA)
COMMUNITY = FOUND.id
ONCE = Signer(h("once"))  # the key of ana's invitation for ben
INVITE = h("the invitation record")


def gov(who: Person, community: bytes = COMMUNITY) -> Log:
    """A newcomer's `gov` log: their enrolment."""
    log = Log(who.device, community, GOV)
    log.add("enrol", enrol.body(who.person, community, who.device.public))
    return log


def joined(who: Person, once: Signer = ONCE, invite: bytes = INVITE) -> Log:
    """A newcomer's `gov` log: their enrolment and their join."""
    log = gov(who)
    log.add("join", join.body(once, COMMUNITY, invite, who.person.public, who.device.public))
    return log


def market(who: Person, titles: Sequence[str], *, every: int = 0) -> Log:
    """Listings, of which each `every`-th (0: only the last) is signed."""
    log = Log(who.device, COMMUNITY, MARKET)
    for number, title in enumerate(titles, 1):
        log.offer(title, sign=number == len(titles) or (every > 0 and number % every == 0))
    return log


def entries(records: Sequence[Record]) -> list[Any]:
    """How records travel."""
    return [record.entry() for record in records]


def check(records: Sequence[Record], **other: Any) -> Segment:
    """What a neighbour makes of these records when they arrive as one segment."""
    of: dict[str, Any] = {
        "community": COMMUNITY,
        "device": records[0].header.device,
        "lane": records[0].header.lane,
    }
    return read_segment(entries(records), **(of | other))


def seat(who: Person) -> Seat:
    """The teller's seat on this person's device."""
    return Seat(who.person.public, who.device.public)


def certificate(
    signers: Sequence[tuple[int, Person]],
    *,
    height: int = 0,
    prev: bytes = COMMUNITY,
    kind: str = "roll",
    decision: dict[str, Any],
    tellers: Sequence[Person] = (ANA,),
    charter_hash: bytes = ZERO,
    roll_root: bytes = ZERO,
    community: bytes = COMMUNITY,
    view: int = 0,
) -> Certificate:
    """A certificate with the signatures of (seat index, person)."""
    raw = make_body(
        community=community,
        height=height,
        prev=prev,
        kind=kind,
        charter_hash=charter_hash,
        roll_root=roll_root,
        next_tellers=[seat(each) for each in tellers],
        decision=decision,
    )
    signatures: list[Plain] = [[i, sign_certificate(raw, view, p.device)] for i, p in signers]
    return read_certificate([raw, view, signatures])
