"""`settle`: who pays whom, saying that one paid or got it, statements, and one's own account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.output import Output

if TYPE_CHECKING:
    from governance.paying import Payment
    from governance.settling import Transfer
    from node.cli.money_text import Parties
    from node.home import Home

_currency = click.option(
    "--currency", metavar="CODE", help="In which currency.  [default: the community's]"
)


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND]")
@_currency
@click.option("--mine", is_flag=True, help="Only what you pay and get.")
@click.pass_context
def settle(ctx: click.Context, currency: str | None, mine: bool) -> None:
    """Show who pays whom so that nobody owes anything any more.

    What members owe each other follows from the receipts of their sales; all of it is netted, so
    whom you pay may be somebody you never traded with. A payment counts once both have said so.
    """
    if ctx.invoked_subcommand is not None:
        if currency is not None or mine:
            raise click.UsageError("--currency and --mine belong to `moothall settle` alone.")
        return
    from node.cli.fields import currency_of
    from node.cli.money_text import payment_json, transfer_json
    from node.trade import settling

    out: Output = ctx.obj
    with out.opened() as home:
        chosen = currency_of(home, currency)
        found = settling.settlement(home, chosen)
        ways = [
            (each, settling.next_reference(found, each.payer, each.payee))
            for each in (found.of(home.person) if mine else found.transfers)
        ]
        waiting = [
            each
            for each in found.payments
            if each.waits and (not mine or home.person in (each.payer, each.payee))
        ]
        lines = _shown(home, chosen, ways, waiting, mine)
    out.answer(
        {
            "currency": chosen,
            "transfers": [transfer_json(*each) for each in ways],
            "waiting": [payment_json(each) for each in waiting],
        },
        "\n".join(lines),
    )


def _shown(
    home: Home,
    currency: str,
    ways: list[tuple[Transfer, str]],
    waiting: list[Payment],
    mine: bool,
) -> list[str]:
    from node.cli.money_text import payment_line, transfer_lines
    from protocol.kinds.payment import CREDIT

    parties = _parties(home)
    if currency == CREDIT:
        return ["Credits settle themselves; `moothall credit show` has the balances."]
    if ways:
        lines = [f"In {currency}:", *transfer_lines(ways, currency, parties)]
    elif mine:
        lines = [f"You owe nothing in {currency}, and nobody owes you."]
    else:
        lines = [f"Nobody owes anything in {currency}."]
    if waiting:
        lines += ["", "Said to be paid; each counts once its payee says so:"]
        lines += [payment_line(each, parties) for each in waiting]
        if any(each.payer == home.person for each in waiting):
            lines += ["", "What you said you paid stands above until then: don't pay it again."]
        if any(each.payer != home.person for each in waiting):
            lines += ["", "If one of them came to you: moothall settle got PAYMENT"]
    elif any(home.person == each.payer for each, _ in ways):
        lines += ["", "Write the reference into the transfer; then: moothall settle pay P AMOUNT"]
    return lines


def _parties(home: Home) -> Parties:
    from node.cli.money_text import Parties
    from storage.views import profiles

    return Parties(profiles.names(home.store), home.person)


@settle.command("pay", context_settings={"ignore_unknown_options": True})  # `-5` is an amount
@click.argument("payee", metavar="P|FUND")
@click.argument("amount")
@_currency
@click.option("--from-fund", metavar="FUND", default="", help="Out of this fund, as its treasurer.")
@click.pass_obj
def settle_pay(out: Output, payee: str, amount: str, currency: str | None, from_fund: str) -> None:
    """Say that you paid P, or paid into FUND.

    The program moves no money: pay by bank or in cash first. That you say so is public, and counts
    once the payee says that it came.
    """
    from node.cli.fields import currency_of
    from node.cli.money_text import amount_text, payment_json
    from node.trade import paying, settling

    with out.opened() as home:
        chosen = currency_of(home, currency)
        to = paying.party(home, payee)
        record = settling.pay(
            home, to, paying.amount_of(amount, chosen), chosen, from_fund=from_fund.strip()
        )
        made = paying.find(home, record.hex())
        who = _parties(home)(to)
    out.answer(
        payment_json(made),
        f"Said: {amount_text(made.amount, chosen)} to {who}. It counts once they say that it "
        f"came.\npayment {record.hex()[:8]}, reference {made.reference}",
    )


@settle.command("got")
@click.argument("payment")
@click.pass_obj
def settle_got(out: Output, payment: str) -> None:
    """Say that PAYMENT came to you.

    PAYMENT is its id, or the reference on your bank's statement. As the treasurer, also of what
    came into a fund. It is public and can't be taken back.
    """
    from node.cli.money_text import amount_text, payment_json
    from node.trade import paying

    with out.opened() as home:
        made = paying.confirm(home, payment)
        who = _parties(home)(made.payer)
    out.answer(
        payment_json(made), f"Said: {amount_text(made.amount, made.currency)} came from {who}."
    )


@settle.command("match")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--yes", is_flag=True, help="Say of all that are found that they came.")
@click.pass_obj
def settle_match(out: Output, file: str, yes: bool) -> None:
    """Look for payments in a bank's statement.

    Those that wait for you are found by their references. FILE is any text that holds them, such
    as your bank's CSV; - is standard input. Look at the amounts before you say --yes: only
    references are compared.
    """
    from node.cli.files import read_text
    from node.cli.money_text import payment_json, payment_line
    from node.trade import banking, paying

    with out.opened() as home:
        told = read_text(file)
        found = [each for each in paying.awaited(home) if banking.mentions(told, each.reference)]
        if yes:
            found = [paying.confirm(home, each.record.hex()) for each in found]
        parties = _parties(home)
        lines = [payment_line(each, parties) for each in found]
    if not found:
        lines = ["None of the payments that wait for you is mentioned there."]
    elif yes:
        lines = ["Said that these came:", *lines]
    else:
        lines = ["Mentioned there:", *lines, "", "If the amounts are right, say --yes with it."]
    out.answer({"found": [payment_json(each) for each in found]}, "\n".join(lines))


@settle.command("statement")
@_currency
@click.option("--from", "begin", metavar="DATE", help="The first day, such as 2027-01-31.")
@click.option("--to", "end", metavar="DATE", help="The last day.")
@click.option("--fund", metavar="FUND", help="Of a fund instead of you.")
@click.option(
    "--csv",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it as a table for spreadsheets.",
)
@click.pass_obj
def settle_statement(
    out: Output,
    currency: str | None,
    begin: str | None,
    end: str | None,
    fund: str | None,
    file: Path | None,
) -> None:
    """Show your statement of account.

    It lists all that changed what you owe and are owed in a period. The days are those that each
    record claims, in UTC.
    """
    from node.cli.fields import currency_of, date
    from node.cli.money_text import amount_text, party_json
    from node.status import rfc3339
    from node.trade import paying, statement
    from storage.views import profiles

    from_ms = None if begin is None else date(begin)
    to_ms = None if end is None else date(end) + 86_400_000
    with out.opened() as home:
        party = home.person if fund is None else paying.party(home, fund)
        made = statement.statement(home, party, currency_of(home, currency), from_ms, to_ms)
        parties = _parties(home)
        names = profiles.names(home.store)
    if file is not None:
        _write(file, statement.as_csv(made, names))
    lines = [f"before: {amount_text(made.before, made.currency)}"]
    position = made.before
    for each in made.lines:
        position += each.amount
        lines.append(
            f"{rfc3339(each.at_ms)[:10]}  {each.what:<7}  "
            f"{amount_text(each.amount, made.currency):>16}  {parties(each.other)}"
        )
    lines.append(f"after: {amount_text(made.after, made.currency)}")
    lines.append("Above zero you are owed, below zero you owe.")
    out.answer(
        {
            "party": party_json(made.party),
            "currency": made.currency,
            "before": made.before,
            "after": made.after,
            "lines": [
                {
                    "at": rfc3339(each.at_ms),
                    "what": each.what,
                    "with": party_json(each.other),
                    "amount": each.amount,
                    "reference": each.reference,
                    "record": each.record.hex(),
                }
                for each in made.lines
            ],
        },
        "\n".join(lines),
    )


def _write(file: Path, text: str) -> None:
    from protocol.errors import StoreError

    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise StoreError(
            "read-only", f"{file} can't be written ({error.strerror}); nothing was changed."
        ) from error


@settle.command("account")
@click.option("--iban", metavar="NUMBER", help="The account's number.")
@click.option("--name", metavar="NAME", help="Whose account it is.")
@click.option("--bic", metavar="CODE", default="", help="The bank's code, where it is needed.")
@click.option("--of", metavar="P|FUND", help="Where to pay them; what you note stays with you.")
@click.option("--forget", is_flag=True, help="Forget the account.")
@click.pass_obj
def settle_account(
    out: Output, iban: str | None, name: str | None, bic: str, of: str | None, forget: bool
) -> None:
    """Show or set your bank account.

    It stays in a file on this machine that only you can read; buyers get it with the acceptance of
    their order, sealed.
    """
    from node.cli.money_text import account_json, account_text
    from node.trade import banking, paying

    if forget and iban:
        raise click.UsageError("Name either --iban or --forget.")
    if (iban is None) != (name is None):
        raise click.UsageError("Name --iban and --name together.")
    with out.opened() as home:
        whose = None if of is None else paying.party(home, of)
        if iban is not None and name is not None:
            banking.set_account(home, banking.checked(iban, name, bic), whose)
        elif forget:
            banking.set_account(home, None, whose)
        found = banking.account(home, whose)
    out.answer(
        {"account": account_json(found)},
        "No account is set." if found is None else account_text(found),
    )
