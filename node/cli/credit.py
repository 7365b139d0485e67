"""`credit`: mutual credit, where the charter has it."""

from __future__ import annotations

import click

from node.cli.output import Output


@click.group()
def credit() -> None:
    """Pay in the community's own credits, and show everybody's balance."""


@credit.command("show")
@click.pass_obj
def credit_show(out: Output) -> None:
    """Show everybody's balance.

    All of them together are zero. Payments that wait for their payee are shown, and move nothing
    yet.
    """
    from node.cli.money_text import (
        Parties,
        amount_text,
        party_json,
        payment_json,
        payment_line,
    )
    from node.trade import credit as credits
    from protocol.kinds.payment import CREDIT
    from storage.views import profiles

    with out.opened() as home:
        book = credits.ledger(home)
        mine = credits.standing(home, home.person, book=book)
        parties = Parties(profiles.names(home.store), home.person)
        enabled = home.charter().credit.enabled
    lines = [] if enabled else ["The charter has no mutual credit."]
    for party, each in sorted(
        book.balances.items(), key=lambda item: (-item[1].amount, str(item[0]))
    ):
        mark = f"  OVERDRAWN by {amount_text(each.over, CREDIT)}" if each.over else ""
        lines.append(f"  {amount_text(each.amount, CREDIT):>18}  {parties(party)}{mark}")
    if not book.balances:
        lines.append("Nobody has paid in credits yet.")
    waiting = [each for each in book.payments if each.waits]
    if waiting:
        lines += ["", "Waiting to be taken:", *(payment_line(each, parties) for each in waiting)]
    if enabled:
        lines += ["", f"You can pay {amount_text(mine.room, CREDIT)} now."]
    out.answer(
        {
            "balances": {str(party_json(p)): each.amount for p, each in book.balances.items()},
            "sum": book.sum,
            "overdrawn": [
                {"party": party_json(p), "balance": each.amount, "over": each.over}
                for p, each in book.overdrawn.items()
            ],
            "limit": mine.limit,
            "room": mine.room,
            "waiting": [payment_json(each) for each in waiting],
        },
        "\n".join(lines).strip("\n"),
    )


@credit.command("pay", context_settings={"ignore_unknown_options": True})  # `-5` is an amount
@click.argument("payee", metavar="P|FUND")
@click.argument("amount")
@click.option("--reference", metavar="TEXT", default="", help="What it is for; public as well.")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def credit_pay(out: Output, payee: str, amount: str, reference: str, yes: bool) -> None:
    """Pay AMOUNT credits to P, or into FUND.

    Payer, payee and amount are public, for good: you are told so, and asked, before anything is
    written. The credits move once the payee has taken them.
    """
    from node.cli.money_text import Parties, amount_text, payment_json
    from node.trade import credit as credits
    from node.trade import paying
    from protocol.kinds.payment import CREDIT
    from storage.views import profiles

    with out.opened() as home:
        to = paying.party(home, payee)
        wanted = paying.amount_of(amount, CREDIT)
        seen = credits.forecast(home, to, wanted)
        who = Parties(profiles.names(home.store), home.person)(to)
        out.note(credits.PUBLIC)
        warning = ""
        if seen.warn:
            warning = (
                f"Mind the limit: you would be at {amount_text(seen.after, CREDIT)}, and "
                f"-{amount_text(seen.limit, CREDIT)} is as far as anybody may go."
            )
            out.note(warning)
        out.confirm(f"Pay {amount_text(wanted, CREDIT)} to {who}?", yes)
        record = credits.pay(home, to, wanted, reference=reference.strip())
        made = paying.find(home, record.hex())
    out.answer(
        {**payment_json(made), "after": seen.after, "limit": seen.limit, "warning": warning},
        f"Paid {amount_text(wanted, CREDIT)} to {who}; they have to take it.\n"
        f"payment {record.hex()[:8]}",
    )


@credit.command("take")
@click.argument("payment")
@click.pass_obj
def credit_take(out: Output, payment: str) -> None:
    """Take PAYMENT, by its id.

    That puts it in effect. It is public and can't be taken back. A payer beyond their limit can't
    be taken from.
    """
    from node.cli.money_text import Parties, amount_text, payment_json
    from node.trade import paying
    from storage.views import profiles

    with out.opened() as home:
        made = paying.confirm(home, payment)
        who = Parties(profiles.names(home.store), home.person)(made.payer)
    out.answer(payment_json(made), f"Taken: {amount_text(made.amount, made.currency)} from {who}.")
