"""What the lively community owes and pays: settling up, credits, and the funds' book.

Ana keeps the purse, owes a share and gets one; a payment to her waits, and one of hers.
"""

from __future__ import annotations

from typing import Any

from governance.paying import in_office
from node.assembly.finding import state_of
from node.home import Home
from node.trade import banking, credit, paying, settling
from node.trade.banking import Account
from tests.node.selling import sell

IBAN = "DE89370400440532013000"  # the one in the standard's own examples


def moved(world: Any, ben: Home, cleo: Home) -> None:
    """Sales, payments that count and payments that wait, in euros and in credits."""
    ana: Home = world.ana
    sell(ana, 1, 84_000, host=cleo)
    sell(ben, 2, 126_050, host=ana)
    sell(cleo, 3, 9_990, host=ben)
    world.now += 3_600_000
    world.catch_up()
    _pay(world, ben, ana, settling.pay(ben, ana.person, 1_000, "EUR"))
    _pay(world, ben, ana, credit.pay(ben, ana.person, 850, reference="Two candles"))
    _pay(world, ana, cleo, credit.pay(ana, cleo.person, 6_200, reference="A jar of plum jam 🫙"))
    for keeper in (ben, cleo, ana):
        if keeper.person in in_office(state_of(ana.store)):
            payer = ana if keeper is not ana else ben
            _pay(world, payer, keeper, settling.pay(payer, "community", 321, "EUR"))
    banking.set_account(ana, Account(iban=IBAN, name="The purse of the market"), "community")
    settling.pay(ben, ana.person, 777, "EUR")
    settling.pay(ana, cleo.person, 500, "EUR")
    settling.pay(ben, "community", 2_000, "EUR")
    credit.pay(cleo, ana.person, 1_200, reference="Mending a coat")
    credit.pay(ana, ben.person, 450)
    world.now += 3_600_000
    world.catch_up()


def _pay(world: Any, payer: Home, payee: Home, record: bytes) -> None:
    """The payee says that it came."""
    world.catch_up()
    paying.confirm(payee, record.hex())
    world.now += 60_000
    world.catch_up()
