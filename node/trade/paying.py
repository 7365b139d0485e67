"""Saying that one paid, and that it came: the two halves of every payment.

Used for settling up, for credits and for the funds. Everything is checked before it is written,
since a payment is public and stays. Parties are persons (their keys) and funds (their roles).
"""

from __future__ import annotations

from governance import fund as funds
from governance.paying import Party, Payment, in_office
from node import people
from node.assembly.finding import state_of
from node.home import Home
from node.importing.prices import decimals, minor_units, money
from node.market import check_text
from protocol.errors import NotFound, Refused, Term
from protocol.kinds import got as got_kind
from protocol.kinds.payment import CREDIT, MAX_AMOUNT, MAX_REFERENCE
from protocol.kinds.payment import Payment as Said
from storage.own import Draft
from storage.rows import find_record
from storage.views import payments as view

SHORTEST = 8  # digits of an id


def payments(home: Home, *, order: bytes | None = None) -> list[Payment]:
    """All payments as things stand, oldest first; those in a currency unknown here are left out."""
    found = view.read(home.store, state_of(home.store), order=order)
    return [each for each in found if known(each.currency)]


def known(currency: str) -> bool:
    """Whether amounts in a currency can be shown: what others say may be in any."""
    try:
        decimals(currency)
    except Refused:
        return False
    return True


def party(home: Home, text: str) -> Party:
    """The fund whose role this is, or the person with this name or id."""
    wanted = text.strip()
    roles = funds.roles(home.charter())
    if wanted in roles:
        return wanted
    try:
        return people.resolve(home, wanted).person
    except NotFound as error:
        raise NotFound(
            "no-party",
            "Nobody called %(text)s is known here, and no fund is; the funds are: %(funds)s.",
            text=text,
            funds=", ".join(roles),
        ) from error


def amount_of(text: str, currency: str) -> int:
    """An amount that can be paid, in minor units; Refused with what to write instead."""
    amount = minor_units(text, currency)
    check_amount(amount, currency)
    return amount


def check_amount(amount: int, currency: str) -> None:
    """Refused unless so much can be paid in `currency`."""
    decimals(currency)
    if not 1 <= amount <= MAX_AMOUNT:
        raise Refused(
            "bad-amount",
            "An amount is above zero and at most %(most)s; nothing was written.",
            most=money(MAX_AMOUNT, currency),
        )


def may_keep(home: Home, role: str) -> bool:
    """Whether this home's owner keeps the purse now; `role`: a fund, as the charter names it."""
    return home.person in in_office(state_of(home.store))


def draft(
    home: Home,
    to: Party | None,
    amount: int,
    currency: str,
    *,
    from_fund: str = "",
    order: bytes | None = None,
    decision: bytes | None = None,
    reference: str = "",
) -> Draft:
    """A payment to be written, checked. `to` None: to somebody outside, from a fund."""
    check_amount(amount, currency)
    check_text(Term("reference"), reference, MAX_REFERENCE)
    if to == home.person and not from_fund:
        raise Refused("oneself", "That is you: nobody pays themselves. Nothing was written.")
    if from_fund:
        _check_keeper(home, from_fund)
    if isinstance(to, str):
        _check_fund(home, to)
        if from_fund:
            raise Refused("two-funds", "A fund pays persons, not other funds. Nothing was written.")
    said = Said(
        amount=amount,
        currency=currency,
        to=to if isinstance(to, bytes) else None,
        fund=to if isinstance(to, str) else "",
        from_fund=from_fund,
        order=order,
        decision=decision,
        reference=reference,
    )
    return Draft("payment", said.body())


def _check_fund(home: Home, role: str) -> None:
    roles = funds.roles(home.charter())
    if role not in roles:
        raise NotFound(
            "no-fund",
            "The charter names no fund %(role)s; these it does: %(funds)s. Nothing was written.",
            role=role,
            funds=", ".join(roles),
        )


def _check_keeper(home: Home, role: str) -> None:
    _check_fund(home, role)
    if not may_keep(home, role):
        raise Refused(
            "not-treasurer",
            "Only the treasurer pays from a fund; you are not. Nothing was written.",
        )


def awaited(home: Home) -> list[Payment]:
    """Payments that wait for this home's owner: to them, or to a fund while they keep the purse."""
    state = state_of(home.store)
    found = view.received(home.store, state, home.person, funds=home.person in in_office(state))
    return [each for each in found if each.waits and known(each.currency)]


def find(home: Home, text: str) -> Payment:
    """The payment whose id begins so, or whose reference this is; NotFound or `ambiguous`."""
    from node.trade.banking import mentions

    wanted = text.strip()
    found = [
        each
        for each in payments(home)
        if (len(wanted) >= SHORTEST and each.record.hex().startswith(wanted.lower()))
        or (each.reference and mentions(wanted, each.reference))
    ]
    open_ = [each for each in found if each.waits]
    chosen = open_ if len(open_) == 1 else found
    if not chosen:
        raise NotFound(
            "no-payment",
            "There is no payment %(text)s here; `moothall settle` lists those that wait.",
            text=text,
        )
    if len(chosen) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s payments fit %(text)s: give more of the id.",
            count=len(chosen),
            text=text,
        )
    return chosen[0]


def answer(home: Home, payment: Payment) -> Draft:
    """The draft that says that a payment came; Refused to anybody but its payee."""
    _check_payee(home, payment)
    if payment.currency == CREDIT:
        from node.trade import credit

        credit.check_taking(home, payment)
    held = find_record(home.store, payment.record)
    if held is None or held[2].signature is None:
        raise NotFound("no-payment", "That payment is not here yet; nothing was written.")
    return Draft("got", got_kind.body(held[2]))


def _check_payee(home: Home, payment: Payment) -> None:
    if isinstance(payment.payee, str):
        if not may_keep(home, payment.payee):
            raise Refused(
                "not-treasurer",
                "Only the treasurer says what a fund has got; you are not. Nothing was written.",
            )
    elif payment.payee != home.person:
        raise Refused("not-yours", "That payment is not to you; nothing was written.")


def confirm(home: Home, text: str) -> Payment:
    """Say that a payment came; one that was confirmed before stays so, and nothing is written."""
    with home.turn():
        found = find(home, text)
        if found.waits:
            home.append([answer(home, found)])
        else:
            _check_payee(home, found)
    return find(home, found.record.hex())
