"""Mutual credit: what everybody has given more than taken, and how far below zero one may go.

A payment moves credits from its payer to its payee once both have signed it, and a valid receipt
in credits moves its shares at once; so all balances together are zero at any moment. Nothing here
keeps a balance from falling below the limit: two devices of one person may each pay without
knowing of the other. But every node sees it, and marks that person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.charter_market import Credit
from governance.paying import Party, Payment
from governance.roll import Roll
from governance.settling import Debt


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """A party's credits, in hundredths. `limit`: how far below zero it may go."""

    amount: int
    limit: int

    @property
    def over(self) -> int:
        """How far it is beyond the limit; 0 if it is not."""
        return max(0, -self.amount - self.limit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What a payment would do to its payer; all in hundredths of a credit."""

    balance: int  # before it
    waiting: int  # own payments that nobody has answered yet: each may still be taken
    amount: int
    limit: int
    warn_at: int  # how far below zero it is time to warn

    @property
    def after(self) -> int:
        """The balance with it and with all that waits."""
        return self.balance - self.waiting - self.amount

    @property
    def room(self) -> int:
        """The most that may be paid now."""
        return max(0, self.balance - self.waiting + self.limit)

    @property
    def allowed(self) -> bool:
        """Whether it stays within the limit."""
        return self.after >= -self.limit

    @property
    def warn(self) -> bool:
        """Whether the limit comes near."""
        return self.after < -self.warn_at


def balances(paid: Iterable[Payment], shares: Iterable[Debt]) -> dict[Party, int]:
    """Every party's credits; their sum is zero. `paid` and `shares`: those in credits."""
    found: dict[Party, int] = {}
    for each in paid:
        if each.in_effect and each.payee is not None:
            found[each.payer] = found.get(each.payer, 0) - each.amount
            found[each.payee] = found.get(each.payee, 0) + each.amount
    for debtor, creditor, amount in shares:
        found[debtor] = found.get(debtor, 0) - amount
        found[creditor] = found.get(creditor, 0) + amount
    return found


def limit_of(party: Party, rules: Credit, roll: Roll) -> int:
    """How far below zero a party may go: a fund and a newcomer who is not on the roll never."""
    return rules.limit if isinstance(party, bytes) and party in roll.persons else 0


def forecast(
    rules: Credit, roll: Roll, party: Party, *, balance: int, waiting: int, amount: int
) -> Forecast:
    """What it would mean for `party` to pay `amount`."""
    limit = limit_of(party, rules, roll)
    return Forecast(
        balance=balance,
        waiting=waiting,
        amount=amount,
        limit=limit,
        warn_at=min(limit, rules.warn),
    )
