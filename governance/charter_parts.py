"""The parts of a charter about people: values, membership, rules of votes, offices.

A part is a frozen dataclass. Its `read(at)` checks plain data and raises `Refused("bad-charter")`,
its `data()` gives the same plain data back. A part made by its constructor is not checked;
`Charter.from_data` is the only door. Durations are in seconds and end in `_s`, shares are basis
points and end in `bps`, amounts are minor units of the charter's currency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass

from governance.charter_read import At, Share, Threshold
from protocol.codec import Plain
from protocol.errors import Refused, Term

METHODS = ("consent", "majority", "supermajority", "approval", "schulze", "star", "irv")
KINDS = ("values", "fees", "rules", "offices", "expulsion", "spending", "picks", "advice")
TELLER_SEATS = (1, 4)  # 3f + 1
INVITE_SECONDS = 2_592_000  # 30 days: how long an unused invitation lives when nothing is said

_SLUG = re.compile(r"[a-z0-9-]{1,40}")
_NO_SLUG = Term("%(path)s is %(value)s; a word of 1 to 40 of a-z, 0-9 and - is allowed.")
_MOST_SEATS = 20


def plain(value: object) -> Plain:
    """Maps, lists, texts and numbers only, freshly made; the shape `from_data` reads."""
    if isinstance(value, Part):
        return value.data()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    assert value is None or isinstance(value, int | str)  # noqa: S101 - parts hold no more
    return value


@dataclass(frozen=True, slots=True)
class Part:
    """Base of all parts: `data()` is a map of the fields, under their own names."""

    def data(self) -> dict[str, Plain]:
        """Plain data that reads back as an equal part."""
        assert is_dataclass(self)  # noqa: S101
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Value(Part):
    """Something the community stands for; listings name it by `id` and add evidence."""

    id: str
    text: str
    rationale: str  # may be empty

    @classmethod
    def read(cls, at: At) -> Value:
        """Read `{id, text, rationale}`."""
        f = at.fields(("id", "text", "rationale"))
        return cls(
            id=f["id"].shaped(_SLUG, _NO_SLUG),
            text=f["text"].text(1, 500, lines=True),
            rationale=f["rationale"].text(0, 1000, lines=True),
        )


def read_values(at: At) -> tuple[Value, ...]:
    """Read a list of at most 40 values with ids of their own."""
    values: dict[str, Value] = {}
    for item in at.items(0, 40):
        value = Value.read(item)
        if value.id in values:
            item.under("id").refuse(
                '%(path)s is "%(id)s" again; every value needs an id of its own.', id=value.id
            )
        values[value.id] = value
    return tuple(values.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership(Part):
    """How people come in, are suspended or expelled, and leave."""

    invite_slots: int  # invitations a member may have open at one time
    vouches: int
    probation_s: int
    max_members: int
    suspend_max_s: int
    expel_notice_s: int
    expel_hearing_s: int
    appeal_s: int
    exit_s: int
    stated_invite_s: int | None = None  # `invite_s` as written; None: the key is absent

    @property
    def invite_s(self) -> int:
        """Seconds after which tellers may expire an unused invitation; 30 days if not stated."""
        return INVITE_SECONDS if self.stated_invite_s is None else self.stated_invite_s

    @classmethod
    def read(cls, at: At) -> Membership:
        """Read the map; `invite_s` may be absent and then stays absent."""
        durations = ("suspend_max_s", "expel_notice_s", "expel_hearing_s", "appeal_s", "exit_s")
        counts = ("invite_slots", "vouches", "probation_s", "max_members")
        f = at.fields((*counts, *durations), optional=("invite_s",))
        return cls(
            invite_slots=f["invite_slots"].whole(0, 1000),
            vouches=f["vouches"].whole(0, 100),
            probation_s=f["probation_s"].seconds(),
            max_members=f["max_members"].whole(1, 100_000),
            suspend_max_s=f["suspend_max_s"].seconds(),
            expel_notice_s=f["expel_notice_s"].seconds(),
            expel_hearing_s=f["expel_hearing_s"].seconds(),
            appeal_s=f["appeal_s"].seconds(),
            exit_s=f["exit_s"].seconds(),
            stated_invite_s=f["invite_s"].seconds() if "invite_s" in f else None,
        )

    def data(self) -> dict[str, Plain]:
        """The map as it was written, without `invite_s` if that was not stated."""
        data = Part.data(self)
        invite_s = data.pop("stated_invite_s")
        return data if invite_s is None else {**data, "invite_s": invite_s}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Part):
    """How one kind of proposal is decided."""

    method: str  # one of METHODS
    approval_quorum: Share  # of the whole electorate
    threshold: Threshold  # yes among yes and no
    notice_s: int
    open_s: int
    min_open_s: int
    early_close: bool
    revise: bool
    recuse: bool
    challenge_s: int
    delay_s: int
    second_call: bool

    @classmethod
    def read(cls, at: At) -> Rule:
        """Read one rule; a vote must stay open for a second at least, or nobody could vote."""
        f = at.fields(tuple(field.name for field in fields(cls)))
        open_s = f["open_s"].seconds(least=1)
        min_open_s = f["min_open_s"].seconds()
        if min_open_s > open_s:
            f["min_open_s"].refuse(
                "%(path)s is %(value)s; at most %(most)s, the open_s of this rule, is allowed.",
                value=min_open_s,
                most=open_s,
            )
        return cls(
            method=f["method"].word(METHODS),
            approval_quorum=f["approval_quorum"].share(),
            threshold=f["threshold"].threshold(),
            notice_s=f["notice_s"].seconds(),
            open_s=open_s,
            min_open_s=min_open_s,
            early_close=f["early_close"].flag(),
            revise=f["revise"].flag(),
            recuse=f["recuse"].flag(),
            challenge_s=f["challenge_s"].seconds(),
            delay_s=f["delay_s"].seconds(),
            second_call=f["second_call"].flag(),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules(Part):
    """One rule for each kind of proposal."""

    values: Rule
    fees: Rule
    rules: Rule
    offices: Rule
    expulsion: Rule
    spending: Rule
    picks: Rule
    advice: Rule

    @classmethod
    def read(cls, at: At) -> Rules:
        """Read a map with exactly one rule for each of KINDS."""
        f = at.fields(KINDS)
        return cls(**{kind: Rule.read(f[kind]) for kind in KINDS})

    def of(self, kind: str) -> Rule:
        """The rule for `kind`; `Refused("bad-kind")` if there is no such kind."""
        if kind not in KINDS:
            raise Refused(
                "bad-kind",
                "There is no such kind of proposal; %(kinds)s are.",
                kinds=", ".join(KINDS),
            )
        rule: Rule = getattr(self, kind)
        return rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Office(Part):
    """An elected office; whoever holds a seat stays until the next is certified."""

    seats: int
    term_s: int

    @classmethod
    def read(cls, at: At) -> Office:
        """Read `{seats, term_s}`."""
        f = at.fields(("seats", "term_s"))
        return cls(seats=f["seats"].whole(1, _MOST_SEATS), term_s=f["term_s"].seconds(least=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class TellerOffice(Part):
    """The tellers: 3f + 1 seats, ranked alternates, and how many persons can recall them."""

    seats: int
    alternates: int
    term_s: int
    recall: Share  # of the persons on the roll

    @classmethod
    def read(cls, at: At) -> TellerOffice:
        """Read the map; recall takes more than half, so that two can't both be complete."""
        f = at.fields(("seats", "alternates", "term_s", "recall"))
        seats = f["seats"].whole(1, 7)
        if seats == 7:
            f["seats"].refuse(
                "%(path)s is 7; seven tellers are switched off until their model test passes: "
                "take 1 or 4."
            )
        if seats not in TELLER_SEATS:
            f["seats"].refuse("%(path)s is %(value)s; 1 or 4 tellers are allowed.", value=seats)
        recall = f["recall"].share()
        if 2 * recall.num <= recall.den:
            f["recall"].refuse(
                "%(path)s is %(num)s/%(den)s; more than half is allowed.",
                num=recall.num,
                den=recall.den,
            )
        return cls(
            seats=seats,
            alternates=f["alternates"].whole(0, _MOST_SEATS),
            term_s=f["term_s"].seconds(least=1),
            recall=recall,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Offices(Part):
    """The four offices."""

    teller: TellerOffice
    treasurer: Office
    welcomer: Office
    mediator: Office

    @classmethod
    def read(cls, at: At) -> Offices:
        """Read a map of the four offices."""
        f = at.fields(("teller", "treasurer", "welcomer", "mediator"))
        return cls(
            teller=TellerOffice.read(f["teller"]),
            treasurer=Office.read(f["treasurer"]),
            welcomer=Office.read(f["welcomer"]),
            mediator=Office.read(f["mediator"]),
        )
