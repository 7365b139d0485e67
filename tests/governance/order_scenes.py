"""Orders brought to where a test begins, told in words: `play("place", "accept", "pay")`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from governance.effects.verdict import Verdict as Decided
from governance.orders.life import Life
from protocol.letters import moves as m
from tests.governance.trading import Device, Order, Town, person
from tests.protocol.people import h

VOTE = h("vote")


@dataclass
class Scene:
    """Ana buys of Ben; Eva and Dan might mediate. All have the same letters."""

    order: Order
    ana: Device
    ben: Device
    eva: Device

    @property
    def town(self) -> Town:
        return self.order.town

    @property
    def life(self) -> Life:
        return self.ana.life

    def meet(self) -> None:
        """Everybody tells everybody."""
        for _ in range(2):
            self.ana.hear(self.ben, self.eva)
            self.ben.hear(self.ana)
            self.eva.hear(self.ana)

    def play(self, *words: str) -> Scene:
        """These things happen one after another, by who usually does them, and all hear of it."""
        for word in words:
            _STORY[word](self)
            self.meet()
        return self


def scene(*words: str, town: Town | None = None, **order: Any) -> Scene:
    """An order of which these things happened."""
    made = Order(town or Town(5), **order)
    found = Scene(made, Device(made, "ana"), Device(made, "ben"), Device(made, "eva"))
    found.town.verdicts[VOTE] = Decided(
        order=made.id, buyer=made.buyer, seller=made.seller, refund=400, currency="EUR", text=""
    )
    return found.play(*words)


def _last_proposal(s: Scene) -> bytes:
    assert s.life.dispute is not None
    return s.life.dispute.proposals[-1].id


def _declined_while_paid(s: Scene) -> None:
    s.ben.say(m.Decline())
    s.ana.accept()
    s.ana.pay()


def _declined_while_received(s: Scene) -> None:
    _declined_while_paid(s)
    s.ana.receive()


def _cancelled_while_paid(s: Scene) -> None:
    s.ben.say(m.Cancel())
    s.ana.pay()


def _refunded_while_paid(s: Scene) -> None:
    s.ben.refund(s.life.money)
    s.ana.pay()


def _cancelled_while_received(s: Scene) -> None:
    s.ben.say(m.Cancel())
    s.ana.receive()


def _name(s: Scene, name: str) -> None:
    s.ana.say(m.Mediator(person=person(name)))
    s.meet()
    s.ben.say(m.Mediator(person=person(name)))


_STORY: dict[str, Any] = {
    "enquiry": lambda s: s.ana.place(None, enquiry=True),
    "place": lambda s: s.ana.place(1000, delivery=90),
    "gift": lambda s: s.ana.place(0),
    "quote": lambda s: s.ben.offer(1100),
    "seller changes": lambda s: s.ben.offer(1050, delivery=90),
    "change": lambda s: s.ana.offer(900, delivery=90),
    "accept": lambda s: s.ben.accept(),
    "accept quote": lambda s: s.ana.accept(),
    "decline": lambda s: s.ben.say(m.Decline()),
    "cancel": lambda s: s.ana.say(m.Cancel()),
    "seller cancels": lambda s: s.ben.say(m.Cancel()),
    "pay some": lambda s: s.ana.pay(100),
    "pay": lambda s: s.ana.pay(),
    "declined while paid": _declined_while_paid,
    "declined while received": _declined_while_received,
    "cancelled while paid": _cancelled_while_paid,
    "refunded while paid": _refunded_while_paid,
    "cancelled while received": _cancelled_while_received,
    "confirm": lambda s: s.ben.confirm(),
    "sent": lambda s: s.ben.say(m.Sent()),
    "receive": lambda s: s.ana.receive(),
    "receipt": lambda s: s.ben.say(m.ReceiptOut()),
    "refund little": lambda s: s.ben.refund(5),
    "refund some": lambda s: s.ben.refund(50),
    "refund": lambda s: s.ben.refund(s.life.money - s.life.refunded),
    "dispute": lambda s: s.ana.say(m.Dispute(text="It is broken.")),
    "propose": lambda s: s.ben.say(m.Propose(refund=300)),
    "buyer proposes": lambda s: s.ana.say(m.Propose(refund=500)),
    "agree": lambda s: s.ana.say(m.Agree(proposal=_last_proposal(s))),
    "seller agrees": lambda s: s.ben.say(m.Agree(proposal=_last_proposal(s))),
    "name eva": lambda s: _name(s, "eva"),
    "eva takes it": lambda s: s.eva.say(m.Mediate(take=True)),
    "eva refuses": lambda s: s.eva.say(m.Mediate(take=False)),
    "eva proposes": lambda s: s.eva.say(m.Propose(refund=250)),
    "verdict": lambda s: s.ben.say(m.Verdict(proposal=VOTE)),
    "buyer closes": lambda s: s.ana.say(m.Close()),
    "close": lambda s: s.ben.say(m.Close()),
}

_AGREED = ("place", "accept", "change", "seller changes")  # with offers of both that nobody took
_PAID = (*_AGREED, "pay", "refund some")
_RECEIVED = (*_PAID, "sent", "receive")
_ACCOUNT = (*_AGREED, "sent")  # and nothing paid
_DISPUTED = (*_PAID, "sent", "dispute", "propose", "buyer proposes")
_EVA = (*_DISPUTED, "name eva", "eva takes it")
SCENES: dict[str, tuple[str, ...]] = {
    "a question": ("enquiry",),
    "a question with a quote": ("enquiry", "quote"),
    "ordered": ("place",),
    "ordered, with a quote": ("place", "quote"),
    "ordered, changed": ("place", "change"),
    "accepted": ("place", "accept"),
    "accepted, with changes": _AGREED,
    "accepted, partly paid": (*_AGREED, "pay some", "refund little"),
    "a gift": ("gift", "accept"),
    "paid": ("place", "accept", "pay"),
    "paid and confirmed": ("place", "accept", "pay", "confirm"),
    "paid, part given back": _PAID,
    "sent on account": _ACCOUNT,
    "sent": (*_PAID, "sent"),
    "received on account": (*_ACCOUNT, "receive"),
    "received": _RECEIVED,
    "received, not sent": (*_PAID, "receive"),
    "received and confirmed": (*_PAID, "confirm", "sent", "receive"),
    "completed": (*_RECEIVED, "receipt"),
    "a gift completed": ("gift", "accept", "sent", "receive", "receipt"),
    "declined": ("place", "quote", "decline"),
    "declined while paid": ("place", "quote", "declined while paid", "refund some"),
    "declined while received": ("place", "quote", "declined while received"),
    "cancelled": ("place", "quote", "cancel"),
    "cancelled as unpaid": (*_AGREED, "seller cancels"),
    "cancelled while paid": (*_AGREED, "cancelled while paid", "refund some"),
    "cancelled while received": (*_AGREED, "cancelled while received"),
    "refunded": (*_PAID, "refund"),
    "refunded while paid": (*_AGREED, "pay some", "refunded while paid", "refund little"),
    "refunded, sent": (*_PAID, "sent", "refund"),
    "refunded, received": (*_RECEIVED, "refund"),
    "disputed": (*_PAID, "sent", "dispute"),
    "disputed, nothing sent": (*_PAID, "dispute"),
    "disputed, part paid": (*_AGREED, "pay some", "dispute"),
    "disputed on account": (*_ACCOUNT, "dispute"),
    "disputed, received": (*_RECEIVED, "dispute"),
    "disputed, received, not sent": (*_PAID, "receive", "dispute"),
    "disputed, after the receipt": (*_RECEIVED, "receipt", "dispute"),
    "disputed, with proposals": _DISPUTED,
    "disputed, eva asked": (*_DISPUTED, "name eva"),
    "disputed, eva refused": (*_DISPUTED, "name eva", "eva refuses"),
    "disputed, eva took it": _EVA,
    "disputed, eva proposed": (*_EVA, "eva proposes"),
    "disputed, eva proposed, ana agreed": (*_EVA, "eva proposes", "agree"),
    "settled": (*_DISPUTED, "seller agrees"),
    "settled with eva": (*_EVA, "seller agrees"),
    "settled, received": (*_RECEIVED, "dispute", "propose", "agree"),
    "settled, nothing sent": (*_PAID, "dispute", "propose", "agree"),
    "settled on account": (*_ACCOUNT, "receive", "dispute", "propose", "agree"),
    "settled by verdict": (*_DISPUTED, "verdict"),
    "closed": (*_PAID, "sent", "close"),
    "closed on account": (*_ACCOUNT, "receive", "close"),
    "closed, received": (*_RECEIVED, "buyer closes"),
    "closed dispute": (*_DISPUTED, "close"),
    "closed dispute, nothing sent": (*_PAID, "dispute", "close"),
    "closed dispute with eva": (*_EVA, "close"),
}


def attempts(found: Scene) -> list[Device]:
    """Everything that anybody could try now, each from a new device, none knowing of the others."""
    tries: list[Device] = []
    heads = found.life.heads
    for name in ("ana", "ben", "eva"):
        for move in _moves(found, name):
            device = Device(found.order, name, 100 + len(tries))
            device.hear(found.ana)
            device.raw(move, heads)
            tries.append(device)
    return tries


def _moves(s: Scene, name: str) -> list[m.Move]:
    life, order = s.life, s.order
    moves: list[m.Move] = [m.Decline(), m.Cancel(), m.Sent(), m.ReceiptOut(), m.Close()]
    moves += [m.Dispute(text="No."), m.Evidence(text="See."), m.Offer(**_terms(s, 950))]
    moves += [m.Pay(amount=n, how="cash") for n in (1, life.owing, life.owing + 1) if n]
    sums = {1, life.paid - life.confirmed, life.owing + life.paid - life.confirmed + 1}
    moves += [m.Confirm(amount=n) for n in sorted(sums) if n > 0]
    back = life.money - life.refunded
    moves += [m.Refund(amount=n) for n in {1, back, back + 1} if n > 0]
    moves += [
        m.Propose(refund=0),
        m.Propose(refund=s.life.deal.terms.total + 1 if s.life.deal else 1),
    ]
    moves += [m.Mediator(person=person("eva")), m.Mediator(person=order.buyer)]
    moves += [m.Mediate(take=True), m.Verdict(proposal=VOTE), m.Verdict(proposal=h("no vote"))]
    moves += [m.Took(refund=each.id, signature=bytes(64)) for each in life.refunds]
    moves += [m.Took(refund=h("nothing"), signature=bytes(64))]
    proposals = [each.id for each in life.dispute.proposals] if life.dispute else []
    moves += [m.Agree(proposal=each) for each in (*proposals, h("nothing"))]
    moves += _acceptances(s)
    if life.deal is not None:
        signed = order.signed(life.deal)
        moves += [
            m.Received(deal=life.deal.id, signature=signed),
            m.Received(deal=life.deal.id, signature=bytes(64)),
            m.Received(deal=life.start, signature=signed),
        ]
    return moves


def _terms(s: Scene, price: int) -> dict[str, Any]:
    return {"quantity": 1, "price": price, "at": s.town.at(1)}


def _acceptances(s: Scene) -> list[m.Move]:
    """Of every offer there ever was, and of the open ones with statements that are not right."""
    found: list[m.Move] = []
    at = s.town.at(7)
    for said in s.ana:
        move: Any = said.letter.move
        if move.word not in ("place", "offer") or move.price is None:
            continue
        terms = s.order.statement(move, (move.at, at))
        right = m.Accept(offer=said.id, at=at, statement=terms)
        found.append(right)
        found.append(replace(right, statement=replace(terms, price=terms.price + 1)))
        older = s.order.statement(move, (move.at, move.at))
        found.append(replace(right, statement=replace(terms, charter=older.charter)))
        found.append(replace(right, statement=replace(terms, fee=terms.fee + 1)))
        found.append(replace(right, statement=replace(terms, vendor=s.order.buyer)))
    return found
