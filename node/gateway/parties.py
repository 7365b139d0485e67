"""Who pays and who is paid, as pages call them, and the rows that pages of money share."""

from __future__ import annotations

from dataclasses import dataclass

from governance.paying import Party, Payment
from node.gateway.hall import role
from node.gateway.offers import member_path
from node.gateway.visit import Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A party: what to call it, and where its page is; "" for who has none."""

    name: str
    path: str
    mine: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRow:
    """A payment in a list; `mark` says what is wrong with it, "" for nothing."""

    id: str
    payer: Shown
    payee: Shown
    amount: str
    at_ms: int
    reference: str
    waits: bool
    mark: str = ""
    decision: str = ""  # the path of what granted it


def shown(visit: Visit, party: Party | None) -> Shown:
    """A person by their name, a fund by its role's name."""
    words = visit.words
    if party is None:
        return Shown(name=words.gettext("somebody outside"), path="")
    if isinstance(party, str):
        return Shown(name=role(words, party), path="/fund")
    return Shown(
        name=words.person(visit.gateway.facts.names().get(party, ""), party),
        path=member_path(party),
        mine=party == visit.home.person,
    )


def payment_row(visit: Visit, payment: Payment, mark: str = "", decision: str = "") -> PaymentRow:
    """A payment as a list shows it."""
    return PaymentRow(
        id=payment.record.hex(),
        payer=shown(visit, payment.payer),
        payee=shown(visit, payment.payee),
        amount=visit.words.money(payment.amount, payment.currency),
        at_ms=payment.shown_ms,
        reference=payment.reference,
        waits=payment.waits,
        mark=mark,
        decision=decision,
    )


def members(visit: Visit) -> list[tuple[str, str]]:
    """Everybody but the owner who can be paid: (hex key, name), by name."""
    names, me = visit.gateway.facts.names(), visit.home.person
    found = [
        (each.person.hex(), visit.words.person(names.get(each.person, ""), each.person))
        for each in visit.gateway.facts.members().values()
        if each.person != me and each.status in ("member", "provisional")
    ]
    return sorted(found, key=lambda row: row[1].casefold())
