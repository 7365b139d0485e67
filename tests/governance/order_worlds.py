"""Random lives of one order: both sides' moves over bad networks, some of them by liars.

Everything follows from a seed. Each person has one device or two; letters get lost and come twice,
devices are away for long, and a liar says what suits them: moves that are not theirs, wrong sums,
and an `after` that hides what they had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from governance.effects.verdict import Verdict as Decided
from governance.orders.life import Life, Said
from governance.orders.table import TABLE
from protocol.letters import moves as m
from tests.governance.trading import Device, Order, Town, person
from tests.protocol.people import h

WORDS = tuple(dict.fromkeys(row.move for row in TABLE))
VOTE = h("vote")
RARE = {"offer": 0.1, "cancel": 0.03, "decline": 0.03, "dispute": 0.1, "close": 0.04}
RARE |= {"accept": 3, "pay": 2, "agree": 2, "sent": 2, "received": 2, "receipt": 2}
RARE |= {"refund": 0.1, "evidence": 0.1, "verdict": 0.03, "confirm": 0.3, "mediator": 0.3}


class World:
    """One order, and the devices of buyer, seller and two who might mediate."""

    def __init__(self, seed: int, *, devices: int | None = None, fickle: bool = False) -> None:
        """`devices`: how many buyer and seller have; `fickle`: they end orders, and rarely meet."""
        self.random = random = Random(seed)
        self.town = Town(5)
        self.order = order = Order(self.town, host=random.choice((None, "gus")))
        self.lies = random.random() < 0.5
        count = devices or random.choice((1, 2))
        self.devices = [Device(order, name, n) for name in ("ana", "ben") for n in range(count)]
        self.devices += [Device(order, name) for name in ("eva", "dan")]
        self.town.verdicts[VOTE] = Decided(
            order=order.id,
            buyer=order.buyer,
            seller=order.seller,
            refund=random.randrange(1200),
            currency="EUR",
            text="",
        )
        # What people here are like: each world goes deep into something else.
        self.mood = {word: RARE.get(word, 1.0) * (0.02 + random.random() ** 2) for word in WORDS}
        self.meets = 0.15 if fickle else 0.5
        if fickle:
            self.mood |= {"cancel": 0.06, "decline": 0.03, "refund": 0.1, "offer": 0.02}
        elif random.random() < 0.8:
            self.mood |= {"cancel": 1e-4, "decline": 1e-4}
        self.lives: list[tuple[Device, Life]] = []  # everything that anybody ever saw

    def run(self, steps: int = 40) -> list[Said]:
        """All letters that were written."""
        random = self.random
        first = self.devices[0]
        first.place(
            random.choice((1000, 0, 70)),
            enquiry=random.random() < 0.2,
            delivery=random.choice((0, 90)),
        )
        if self.lies and random.random() < 0.3:
            other = self.devices[random.randrange(len(self.devices))]
            other.raw(replace(_move(first), quantity=2))
        chatty = [random.random() ** 2 for _ in self.devices]
        chatty[-2:] = [0.1, 0.0]
        for _ in range(steps):
            device = random.choices(self.devices, [0.1 + each for each in chatty])[0]
            if random.random() < self.meets:
                self.hear(device)
            self.act(device)
        return list({said.id: said for device in self.devices for said in device}.values())

    def hear(self, device: Device) -> None:
        """Some letters come, by whatever way: of each log a beginning, some of them again."""
        source = self.random.choice(self.devices)
        letters = sorted(source, key=lambda said: (said.device, said.seq))
        for log in {said.device for said in letters}:
            own = [said for said in letters if said.device == log]
            much = len(own) if self.random.random() < 0.7 else self.random.randint(0, len(own))
            device.hear(*own[:much], *own[:1])

    def act(self, device: Device) -> None:
        """Its owner does something, if there is anything to do."""
        life = device.maybe
        if life is None:
            return
        self.lives.append((device, life))
        random = self.random
        lying = self.lies and random.random() < 0.3
        may = [word for word in WORDS if lying or life.may(device.person, word)]
        if not may:
            return
        word = random.choices(may, [self.mood[word] for word in may])[0]
        move = self.move(device, life, word, lying=lying)
        if move is None or (not lying and life.refusal(device.person, move)):
            return
        after: Any = life.heads
        if lying and random.random() < 0.7:
            after = random.sample(sorted(device.held), random.randint(0, min(3, len(device.held))))
        elif lying and random.random() < 0.1:
            after = [h("nothing")]
        device.raw(move, after)

    def move(self, device: Device, life: Life, word: str, *, lying: bool) -> m.Move | None:
        """Some move of this word."""
        random, order = self.random, self.order

        def some(most: int) -> int:
            wild = random.random() < (0.5 if lying else 0.2)
            return max(1, random.randrange(1 + max(0, most)) if wild else most)

        match word:
            case "offer":
                at = self.town.at(random.choice((1, 3, 7)))
                return m.Offer(quantity=1, price=random.choice((900, 1000, 1100)), at=at)
            case "accept":
                return self.accepting(device, life, lying=lying)
            case "pay":
                return m.Pay(amount=some(life.owing), how=random.choice(("cash", "bank")))
            case "confirm":
                return m.Confirm(amount=some(max(life.paid, life.owing) - life.confirmed))
            case "received":
                if life.deal is None:
                    return None
                signature = (
                    bytes(64) if lying and random.random() < 0.2 else order.signed(life.deal)
                )
                return m.Received(deal=life.deal.id, signature=signature)
            case "refund":
                return m.Refund(amount=some(life.money - life.refunded))
            case "took":
                refunds = [each.id for each in life.refunds]
                if not refunds:
                    return None
                return m.Took(refund=random.choice(refunds), signature=bytes(64))
            case "propose":
                total = life.deal.terms.total if life.deal else 10
                return m.Propose(refund=random.choice((0, total // 2, total, total // 3)))
            case "agree":
                mine = life.side_of(device.person)
                proposals = life.dispute.proposals if life.dispute else ()
                found = [each for each in proposals if lying or each.side != mine]
                return m.Agree(proposal=random.choice(found).id) if found else None
            case "mediator":
                return m.Mediator(person=person(random.choice(("eva", "eva", "dan"))))
            case "mediate":
                return m.Mediate(take=random.random() < 0.8)
            case "verdict":
                return m.Verdict(proposal=VOTE)
            case "dispute" | "evidence":
                made: m.Move = _PLAIN[word](text="So it was.")
                return made
        return _PLAIN[word]()  # type: ignore[no-any-return]

    def accepting(self, device: Device, life: Life, *, lying: bool) -> m.Accept | None:
        mine = life.side_of(device.person)
        offers = [each for each in life.offers if each.side != mine or lying]
        if not offers or mine is None:
            return None
        offer = self.random.choice(offers)
        at = self.town.at(self.random.choice((1, 3, 7)))
        statement = self.order.statement(offer.terms, (offer.at, at))
        if lying and self.random.random() < 0.3:
            statement = replace(statement, price=statement.price + 1)
        return m.Accept(offer=offer.id, at=at, statement=statement)


def _move(device: Device) -> Any:
    return next(iter(device)).letter.move


_PLAIN: dict[str, Any] = {
    "decline": m.Decline,
    "cancel": m.Cancel,
    "sent": m.Sent,
    "receipt": m.ReceiptOut,
    "dispute": m.Dispute,
    "evidence": m.Evidence,
    "close": m.Close,
}


def worlds(seeds: range, **fixed: Any) -> Iterator[tuple[World, list[Said]]]:
    """Worlds that have run."""
    for seed in seeds:
        world = World(seed, **fixed)
        yield world, world.run()
