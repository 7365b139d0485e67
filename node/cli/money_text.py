"""Parties, payments and transfers as text and as JSON; one place, so that commands agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from governance.paying import Party, Payment
from governance.settling import Transfer
from node.cli.assembly_text import table
from node.cli.render import line
from node.importing.prices import money
from node.status import rfc3339
from node.trade.banking import Account


class Parties:
    """What to call parties; `me` is this home's owner."""

    def __init__(self, names: Mapping[bytes, str], me: bytes) -> None:
        self._names, self._me = names, me

    def __call__(self, party: Party | None) -> str:
        """`you`, a name, `the fund community`, or what stands for somebody outside."""
        if party is None:
            return "somebody outside"
        if isinstance(party, str):
            return f"the fund {party}"
        if party == self._me:
            return "you"
        return line(self._names.get(party, "")) or party.hex()[:8]


def party_json(party: Party | None) -> str | None:
    """A person's key in hex, or a fund's role; None for somebody outside."""
    return party.hex() if isinstance(party, bytes) else party


def transfer_json(each: Transfer, reference: str) -> dict[str, Any]:
    """A transfer that is still to be made, and what to write into it."""
    return {
        "from": party_json(each.payer),
        "to": party_json(each.payee),
        "amount": each.amount,
        "reference": reference,
    }


def payment_json(each: Payment) -> dict[str, Any]:
    """A payment as it stands."""
    return {
        "payment": each.record.hex(),
        "from": party_json(each.payer),
        "to": party_json(each.payee),
        "amount": each.amount,
        "currency": each.currency,
        "order": None if each.order is None else each.order.hex(),
        "decision": None if each.decision is None else each.decision.hex(),
        "reference": each.reference,
        "at": rfc3339(each.shown_ms),
        "in_effect": each.in_effect,
        "confirmed_by": None if each.got_by is None else each.got_by.hex(),
    }


def amount_text(amount: int, currency: str) -> str:
    """`12.50 EUR`."""
    return f"{money(amount, currency)} {currency}"


def transfer_lines(
    transfers: Iterable[tuple[Transfer, str]], currency: str, parties: Parties
) -> list[str]:
    """A line a transfer, with its reference."""
    rows = [
        (
            f"  {parties(each.payer)} -> {parties(each.payee)}",
            amount_text(each.amount, currency),
            reference,
        )
        for each, reference in transfers
    ]
    return table(rows, right=[1])


def payment_line(each: Payment, parties: Parties) -> str:
    """A payment on one line."""
    told = f"  {each.reference}" if each.reference else ""
    return (
        f"  {each.record.hex()[:8]}  {parties(each.payer)} -> {parties(each.payee)}"
        f"  {amount_text(each.amount, each.currency)}{line(told) and '  ' + line(told)}"
    )


def account_json(account: Account | None) -> dict[str, str] | None:
    """An account, or None."""
    if account is None:
        return None
    return {"iban": account.iban, "name": account.name, "bic": account.bic}


def account_text(account: Account) -> str:
    """An account on one line."""
    return f"{account.shown}, {line(account.name)}" + (f", {account.bic}" if account.bic else "")
