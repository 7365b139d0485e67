"""Named people who trade under a real charter: their devices, and the letters about one order.

A device says what its owner wants, as the program would: it names the heads of what it has, and
signs with the order's key where that is due. `raw` lets a liar name whatever they like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from governance.charter import Charter, charter_hash
from governance.effects.verdict import Verdict as Decided
from governance.orders.life import Deal, Life, Said, follow
from governance.templates import template
from governance.waterfall import statement
from protocol.codec import encode
from protocol.keys import Signer
from protocol.kinds import receipt
from protocol.kinds.receipt import Statement
from protocol.letters import moves as m
from protocol.letters.order import OrderLetter, prove
from tests.protocol.people import h

DAY = 86_400
LISTING, VERSION = h("listing"), h("version")


def person(name: str) -> bytes:
    """A person's key."""
    return h("person", name)


class Town:
    """What is certified: a chain of certificates, and the charters in force along it."""

    def __init__(self, *changes: int, height: int = 20, **parts: Any) -> None:
        """`changes`: at which heights another charter came into force; `parts`: of all of them."""
        self.community = h("town")
        first = Charter.from_data({**template("makers-market"), **parts})
        versions = [(-1, first)]
        for number, at in enumerate(changes, 1):
            versions.append((at, first.with_changes({"about": f"Version {number}."})))
        self._from = [(at, charter_hash(charter)) for at, charter in versions]
        self._charters = {charter_hash(charter): charter for _, charter in versions}
        self.certificates = {h("certificate", str(number)): number for number in range(height)}
        self.verdicts: dict[bytes, Decided] = {}

    def at(self, height: int) -> bytes:
        """The certificate at a height."""
        return h("certificate", str(height))

    def height(self, certificate: bytes) -> int | None:
        return self.certificates.get(certificate)

    def in_force(self, height: int) -> bytes:
        return next(named for at, named in reversed(self._from) if at <= height)

    def charter(self, charter: bytes) -> Charter | None:
        return self._charters.get(charter)

    def verdict(self, proposal: bytes) -> Decided | None:
        return self.verdicts.get(proposal)


class Order:
    """An order's key, and who buys of whom."""

    def __init__(
        self,
        town: Town,
        *,
        buyer: str = "ana",
        seller: str = "ben",
        name: str = "order",
        host: str | None = None,
    ) -> None:
        self.town = town
        self.key = Signer(h("order key", name))
        self.id = self.key.public
        self.buyer, self.seller = person(buyer), person(seller)
        self.host = None if host is None else person(host)

    def proof(self) -> bytes:
        """The order's key's word on who buys and sells."""
        return prove(self.key, self.town.community, self.buyer, self.seller)

    def statement(self, terms: Any, at: Iterable[bytes], *, guest: bool = False) -> Statement:
        """What buyer and seller both reckon."""
        older, newer = sorted(at, key=lambda each: self.town.certificates[each])
        charter = self.town.charter(self.town.in_force(self.town.certificates[newer]))
        assert charter is not None
        return statement(
            charter,
            order=self.id,
            vendor=self.seller,
            buyer=None if guest else self.buyer,
            listing=LISTING,
            category="",
            at=[older, newer],
            currency="EUR",
            quantity=terms.quantity,
            price=terms.price,
            delivery=terms.delivery,
            tip=terms.tip,
            host=self.host,
        )

    def signed(self, deal: Deal) -> bytes:
        """The order's key agrees to a deal's statement."""
        return receipt.sign(self.key, self.town.community, deal.statement.data())


class Device:
    """One machine of a person, with the letters that have reached it."""

    def __init__(self, order: Order, name: str, number: int = 1) -> None:
        self.order, self.town = order, order.town
        self.person = person(name)
        self.key = h("device", f"{name} {number}")
        self.seq = 0
        self.held: dict[bytes, Said] = {}

    @property
    def life(self) -> Life:
        """The order as this machine sees it."""
        found = self.maybe
        assert found is not None
        return found

    @property
    def maybe(self) -> Life | None:
        """The same, None before it began."""
        return follow(self.held.values(), self.town)

    def __iter__(self) -> Iterator[Said]:
        return iter(self.held.values())

    def hear(self, *said: Said | Device) -> None:
        """Letters come; or all that another machine has."""
        for each in said:
            for letter in each if isinstance(each, Device) else (each,):
                self.held[letter.id] = letter

    def raw(self, move: m.Move, after: Iterable[bytes] = (), *, guest: bool = False) -> Said:
        """A letter that names what it likes, kept by its author."""
        letter = OrderLetter(
            order=self.order.id, after=tuple(sorted(after)), move=move, guest=guest
        )
        self.seq += 1
        name = sha256(encode([self.key, self.seq, letter.body()])).digest()
        said = Said(id=name, person=self.person, device=self.key, seq=self.seq, letter=letter)
        self.held[name] = said
        return said

    def say(self, move: m.Move, *, guest: bool = False) -> Said:
        """A letter that names what its author has."""
        life = self.maybe
        return self.raw(move, () if life is None else life.heads, guest=guest)

    # --- moves, with the fields that the program fills in

    def place(self, price: int | None = 1000, *, guest: bool = False, **fields: Any) -> Said:
        order = self.order
        made = {
            "listing": LISTING,
            "version": VERSION,
            "seller": order.seller,
            "quantity": 1,
            "price": price,
            "currency": "EUR",
            "at": self.town.at(1),
            "proof": order.proof(),
            "host": order.host,
            **fields,
        }
        return self.say(m.Place(**made), guest=guest)

    def offer(self, price: int, *, at: int = 1, **fields: Any) -> Said:
        made = {"quantity": 1, "price": price, "at": self.town.at(at), **fields}
        return self.say(m.Offer(**made))

    def accepting(self, *, at: int = 1, offer: bytes | None = None) -> m.Accept:
        """The acceptance of the other side's offer."""
        life = self.life
        mine = life.side_of(self.person)
        found = next(each for each in life.offers if each.side != mine and offer in (None, each.id))
        terms = self.order.statement(found.terms, (found.at, self.town.at(at)), guest=life.guest)
        return m.Accept(offer=found.id, at=self.town.at(at), statement=terms)

    def accept(self, *, at: int = 1) -> Said:
        return self.say(self.accepting(at=at))

    def pay(self, amount: int | None = None, how: str = "bank") -> Said:
        return self.say(m.Pay(amount=self.life.owing if amount is None else amount, how=how))

    def confirm(self, amount: int | None = None) -> Said:
        due = self.life.money - self.life.confirmed
        return self.say(m.Confirm(amount=due if amount is None else amount))

    def receive(self) -> Said:
        deal = self.life.deal
        assert deal is not None
        return self.say(m.Received(deal=deal.id, signature=self.order.signed(deal)))

    def refund(self, amount: int) -> Said:
        return self.say(m.Refund(amount=amount))
