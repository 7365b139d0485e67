"""Who may move by their own clock, whom an order waits for, and until when.

A deadline of the charter gives somebody a right from some moment on, reckoned on one's own machine
from when the letter first was here. So a clock that is wrong, or a letter that took weeks, costs
patience and never the order's state, which no time enters. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from governance.charter_parts import Rule
from governance.orders import table as t
from governance.orders.life import Life

TALK, MEDIATION, VOTE, OVER = "talk", "mediator", "vote", "over"  # steps of a dispute


class Right(NamedTuple):
    """A move that the table allows; `from_s` is from when one's clock does, None: at once."""

    name: str
    from_s: int | None = None

    def now(self, now_s: int) -> bool:
        """Whether it is time."""
        return self.from_s is None or self.from_s <= now_s


class Wait(NamedTuple):
    """The order waits for these persons to do `what`, until `due_s` if there is a limit."""

    persons: tuple[bytes, ...]
    what: str  # "reply", "pay", "send", "receive", "confirm", "refund", or a step of a dispute
    due_s: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What a person may do, and what the order waits for; the first of `waits` is the main one."""

    moves: tuple[Right, ...]
    waits: tuple[Wait, ...]
    step: str  # of a dispute that goes on; "" otherwise

    @property
    def waits_for(self) -> tuple[bytes, ...]:
        """The persons of the main wait."""
        return self.waits[0].persons if self.waits else ()

    @property
    def what(self) -> str:
        """What the main wait is for."""
        return self.waits[0].what if self.waits else ""

    @property
    def due_s(self) -> int | None:
        """Until when, in the main wait."""
        return self.waits[0].due_s if self.waits else None

    def now(self, now_s: int) -> tuple[str, ...]:
        """The moves that may be made now."""
        return tuple(right.name for right in self.moves if right.now(now_s))


class _Step(NamedTuple):
    name: str
    begin_s: int
    end_s: int


class _Clock:
    """When what happened in an order was first known here."""

    def __init__(self, life: Life, first_seen: Mapping[bytes, int], now_s: int) -> None:
        self.life = life
        self.now_s = now_s
        self._seen = first_seen
        self.orders = life.charter.orders
        self.disputes = life.charter.disputes

    def since(self, *events: str) -> int:
        """When the last of these was first known; now, where none is."""
        known = [self.life.since[event] for event in events if event in self.life.since]
        return max((self._seen.get(each, self.now_s) for each in known), default=self.now_s)

    def steps(self) -> list[_Step]:
        """The steps of the dispute, and until when each lasts."""
        found, at = [], self.since("dispute")
        for name in self.disputes.steps:
            begin = at
            if name == MEDIATION:
                if self.life.dispute is not None and self.life.dispute.mediator is not None:
                    at = max(at, self.since("asked", "taken"))
                at += self.disputes.mediator_s
            else:
                at += self.disputes.talk_s if name == TALK else vote_s(self.life)
            found.append(_Step(name, begin, at))
        return found

    def step(self) -> _Step:
        """The step whose time it is."""
        steps = self.steps()
        over = _Step(OVER, steps[-1].end_s, steps[-1].end_s)
        return next((step for step in steps if self.now_s < step.end_s), over)


def vote_s(life: Life) -> int:
    """How long the members need for a verdict: a vote by the rule for spending, and its delays."""
    rule: Rule = life.charter.rules.spending
    return rule.notice_s + rule.open_s + rule.challenge_s + rule.delay_s


def rights(
    life: Life,
    person: bytes,
    first_seen: Mapping[bytes, int],
    now_s: int,
    *,
    guest: bool = False,
) -> Rights:
    """What `person` may do about an order, and whom it waits for.

    `first_seen`: letter -> when it first was here, in seconds; own ones when they were written. A
    letter that is not in it counts as come just now. `guest`: for the guest, in whose name the
    host writes.
    """
    clock = _Clock(life, first_seen, now_s)
    words = dict.fromkeys(row.move for row in t.TABLE)
    side = life.side_of(person, guest=guest)
    moves = [
        Right(word, _from_s(word, side, clock))
        for word in words
        if side is not None and life.may(person, word, guest=guest)
    ]
    disputed = life.state == t.DISPUTED
    return Rights(
        moves=tuple(moves), waits=tuple(_waits(clock)), step=clock.step().name if disputed else ""
    )


def waits_of(life: Life, first_seen: Mapping[bytes, int], now_s: int) -> tuple[Wait, ...]:
    """Whom an order waits for, the main one first: the part of `rights` that costs little."""
    return tuple(_waits(_Clock(life, first_seen, now_s)))


def _from_s(word: str, side: str, clock: _Clock) -> int | None:
    """From when somebody may make a move that the table allows."""
    life, orders = clock.life, clock.orders
    match word, side, life.state:
        case "cancel", t.SELLER, t.ACCEPTED if life.owing:
            return clock.since("deal") + orders.pay_s
        case "dispute", t.BUYER, t.ACCEPTED | t.PAID:
            return clock.since("money") + orders.send_s
        case "dispute", t.SELLER, t.ACCEPTED | t.PAID | t.RECEIVED:
            return clock.since("deal", "money", "received") + orders.pay_s
        case "close", t.SELLER, t.SENT:
            return clock.since("sent") + orders.receive_s
        case "close", _, t.RECEIVED:
            return clock.since("received", "money") + orders.pay_s
        case "close", _, t.DISPUTED:
            return clock.steps()[-1].end_s
        case "verdict", _, _:  # once it is time to ask the members; who carries it out is free
            return next(step.begin_s for step in clock.steps() if step.name == VOTE)
        case "mediator", _, t.DISPUTED if life.dispute is not None and life.dispute.mediator:
            # Whoever was asked has time to answer, and who took it has time for a proposal.
            waits = life.dispute.taken is not False
            return clock.since("asked", "taken") + clock.disputes.mediator_s if waits else None
    return None


def _waits(clock: _Clock) -> list[Wait]:
    life, orders = clock.life, clock.orders
    buyer, seller = (life.buyer,), (life.seller,)
    found: list[Wait] = []
    match life.state:
        case t.ENQUIRY | t.ORDERED:
            found.append(
                _reply(clock) or Wait(seller, "reply", clock.since("offer") + orders.reply_s)
            )
        case t.ACCEPTED if life.owing:
            found.append(Wait(buyer, "pay", clock.since("deal") + orders.pay_s))
        case t.ACCEPTED | t.PAID:
            found.append(Wait(seller, "send", clock.since("deal", "money") + orders.send_s))
        case t.SENT:
            found.append(Wait(buyer, "receive", clock.since("sent") + orders.receive_s))
            if life.owing:
                found.append(Wait(buyer, "pay", clock.since("sent") + orders.pay_s))
        case t.RECEIVED if life.owing:
            found.append(Wait(buyer, "pay", clock.since("received") + orders.pay_s))
        case t.RECEIVED:
            due_s = clock.since("received", "money") + orders.pay_s
            found.append(Wait(seller, "confirm", due_s))
        case t.DISPUTED:
            found.append(_argue(clock))
        case t.SETTLED if life.owing:
            found.append(Wait(buyer, "pay", clock.since("outcome") + orders.pay_s))
    if life.state in t.OPEN - {t.ENQUIRY, t.ORDERED} and (reply := _reply(clock)) is not None:
        found.append(reply)
    if life.owed_back and life.state != t.DISPUTED:
        due_s = clock.since("outcome", "end", "money") + orders.pay_s
        found.append(Wait(seller, "refund", due_s))
    return found


def _reply(clock: _Clock) -> Wait | None:
    """Who has to answer the newest offer."""
    life = clock.life
    newest = next((each for each in life.offers if each.id == life.since.get("offer")), None)
    if newest is None:
        return None
    other = life.seller if newest.side == t.BUYER else life.buyer
    return Wait((other,), "reply", clock.since("offer") + clock.orders.reply_s)


def _argue(clock: _Clock) -> Wait:
    """Who has to do something in a dispute."""
    life, step = clock.life, clock.step()
    both = tuple(dict.fromkeys((life.buyer, life.seller)))
    dispute = life.dispute
    asked = dispute is not None and dispute.mediator is not None and dispute.taken is not False
    if step.name == MEDIATION and asked and dispute is not None and dispute.mediator is not None:
        return Wait((dispute.mediator,), MEDIATION, step.end_s)
    return Wait(both, step.name, step.end_s)
