"""`fund`: the funds' book, and paying out what members granted."""

from __future__ import annotations

import click

from node.cli.output import Output

MARKS = {
    "no-decision": "no decision",
    "unknown-decision": "a decision that nobody has made",
    "other-payee": "not to whom it was granted",
    "other-currency": "not in the currency that was granted",
    "other-fund": "not from the common fund",
    "too-much": "more than was granted",
}


@click.group()
def fund() -> None:
    """Show what the funds got and paid out, and by which decision."""


@fund.command("show")
@click.pass_obj
def fund_show(out: Output) -> None:
    """Show the funds' book.

    It says what they hold, what came in, what went out and why. The money itself lies with the
    treasurer. What went out otherwise than members decided is marked.
    """
    from node.cli.money_text import Parties, amount_text, party_json, payment_json, payment_line
    from node.cli.render import line
    from node.trade import fund as funds
    from storage.views import profiles

    with out.opened() as home:
        book = funds.book(home)
        parties = Parties(profiles.names(home.store), home.person)
    lines = []
    for each in book.holdings:
        more = f", is owed {amount_text(each.owed, each.currency)}" if each.owed else ""
        lines.append(f"{each.role}: {amount_text(each.held, each.currency)}{more}")
    if book.granted:
        lines += ["", "Granted by members:"]
    for grant in book.granted:
        spend = grant.spend
        lines.append(
            f"  {spend.proposal.hex()[:8]}  {amount_text(spend.amount, spend.currency)} to "
            f"{parties(spend.to)} for: {line(spend.purpose)}; "
            f"{amount_text(grant.left, spend.currency)} left to pay"
        )
    if book.payments:
        lines += ["", "Came in and went out:"]
    for payment in book.payments:
        state = "" if payment.in_effect else "  waits for an answer"
        mark = book.marks.get(payment.record)
        told = f"  MARKED: {MARKS[mark]}" if mark else ""
        lines.append(payment_line(payment, parties) + state + told)
    out.answer(
        {
            "funds": [
                {
                    "fund": each.role,
                    "currency": each.currency,
                    "held": each.held,
                    "owed": each.owed,
                }
                for each in book.holdings
            ],
            "granted": [
                {
                    "decision": grant.spend.proposal.hex(),
                    "amount": grant.spend.amount,
                    "currency": grant.spend.currency,
                    "to": party_json(grant.spend.to),
                    "purpose": grant.spend.purpose,
                    "paid": grant.paid,
                    "waiting": grant.waiting,
                    "left": grant.left,
                }
                for grant in book.granted
            ],
            "ledger": [
                {**payment_json(each), "mark": book.marks.get(each.record, "")}
                for each in book.payments
            ],
        },
        "\n".join(lines),
    )


@fund.command("pay")
@click.argument("decision", metavar="PROPOSAL")
@click.option("--amount", metavar="AMOUNT", help="A part of it.  [default: all that is left]")
@click.pass_obj
def fund_pay(out: Output, decision: str, amount: str | None) -> None:
    """Say that you paid out what PROPOSAL granted.

    That is for the treasurer. The program moves no money: pay it first. A member who gets it has
    to say that it came.
    """
    from node.cli.money_text import Parties, amount_text, payment_json
    from node.trade import fund as funds
    from node.trade import paying
    from storage.views import profiles

    with out.opened() as home:
        part = None
        if amount is not None:
            currency = funds.currency_of(home, funds.proposal_of(home, decision))
            part = paying.amount_of(amount, currency)
        record = funds.spend(home, decision, part)
        made = paying.find(home, record.hex())
        parties = Parties(profiles.names(home.store), home.person)
    out.answer(
        payment_json(made),
        f"Said: {amount_text(made.amount, made.currency)} from {parties(made.payer)} to "
        f"{parties(made.payee)}.\n"
        f"payment {record.hex()[:8]}",
    )
