"""`/settle`: what its owner pays and gets, what waits for either side's word, and the account."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from governance import fund
from governance.paying import Payment
from governance.settling import Transfer
from node.gateway import parties, qr, typed
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.parties import PaymentRow, Shown
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Problem, Visit
from node.importing.prices import money
from node.trade import banking, paying, settling
from node.trade.banking import Account
from protocol.errors import MoothallError

SHOWN = 200  # transfers of everybody on one page


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A transfer. `to`: the payee as a form names it; `left`: what is not said to be paid yet."""

    payer: Shown
    payee: Shown
    amount: str
    to: str = ""
    left: str = ""  # as a form holds it; "" when all of it is said to be paid
    waiting: str = ""  # what is said to be paid and waits
    reference: str = ""
    account: Account | None = None  # where to pay, as the payee told it
    code: str = ""  # the path of a picture that a bank's program reads


async def show(visit: Visit) -> Response:
    """In the community's currency, or the one that is asked for."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Say that one paid or got something, or name one's account."""
    t = visit.words.gettext
    home = visit.home
    try:
        match form.text("do"):
            case "pay":
                currency = form.text("currency")
                to = paying.party(home, form.text("to"))
                amount = paying.amount_of(typed.pointed(form.text("amount"), currency), currency)
                settling.pay(home, to, amount, currency)
                said = t("Said. It counts once %(who)s says that it came.")
                who = parties.shown(visit, to).name
                return visit.done(_path(visit, currency), said % {"who": who})
            case "got":
                made = paying.confirm(home, form.text("payment"))
                return visit.done(_path(visit, made.currency), t("Said. That payment counts now."))
            case "account":
                row = form.text("row")  # "" for one's own: each form of the page has its fields
                chosen = banking.checked(
                    form.text(f"iban{row}"), form.text(f"name{row}"), form.text("bic")
                )
                of = paying.party(home, form.text("to")) if form.text("to") else None
                banking.set_account(home, chosen, of)
                return visit.done("/settle", t("The account is kept, on this machine alone."))
            case "forget":
                banking.set_account(home, None)
                return visit.done("/settle", t("Your account is forgotten."))
            case _:
                return _page(visit, 422)
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error), form)


def _path(visit: Visit, currency: str) -> str:
    return "/settle" if currency == visit.charter.currency else f"/settle?currency={currency}"


def _page(visit: Visit, status: int = 200, problem: str = "", form: Form | None = None) -> Response:
    home, words = visit.home, visit.words
    visit.require_charter()
    currencies = settling.currencies(home)
    sent = form or Form()
    asked = sent.text("currency") or visit.request.query_params.get("currency", "")
    currency = asked if asked in currencies else currencies[0]
    found = settling.settlement(home, currency)
    me = home.person
    waiting = [each for each in found.payments if each.waits]
    awaited = {each.record for each in paying.awaited(home)}
    account = banking.account(home)
    return visit.render(
        "settle.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        sent=sent,
        currency=currency,
        currencies=[(each, _path(visit, each)) for each in currencies],
        pays=[_row(visit, found, each) for each in found.transfers if each.payer == me],
        gets=[_row(visit, found, each) for each in found.transfers if each.payee == me],
        to_confirm=[_payment(visit, each) for each in waiting if each.record in awaited],
        told=[_payment(visit, each) for each in waiting if each.payer == me],
        all=[_row(visit, found, each) for each in found.transfers[:SHOWN]],
        more=words.number(len(found.transfers)) if len(found.transfers) > SHOWN else "",
        people=[*parties.members(visit), *_funds(visit)],
        account=account,
    )


def _payment(visit: Visit, each: Payment) -> PaymentRow:
    return parties.payment_row(visit, each)


def _funds(visit: Visit) -> list[tuple[str, str]]:
    return [(each, parties.shown(visit, each).name) for each in fund.roles(visit.charter)]


def _row(visit: Visit, found: settling.Settlement, each: Transfer) -> Row:
    words = visit.words
    waiting = found.waiting(each.payer, each.payee)
    left = max(0, each.amount - waiting)
    to = each.payee.hex() if isinstance(each.payee, bytes) else each.payee
    mine = each.payer == visit.home.person
    account = banking.account(visit.home, each.payee) if mine else None
    code = account and left and found.currency == banking.EURO
    return Row(
        payer=parties.shown(visit, each.payer),
        payee=parties.shown(visit, each.payee),
        amount=words.money(each.amount, found.currency),
        to=to,
        account=account,
        code=f"/settle/pay.svg?to={to}" if code else "",
        left=money(left, found.currency) if left else "",
        waiting=words.money(waiting, found.currency) if waiting else "",
        reference=settling.next_reference(found, each.payer, each.payee),
    )


async def code(visit: Visit) -> Response:
    """What a bank's program needs for the owner's transfer to somebody, as a QR code."""
    visit.require_charter()
    asked = visit.request.query_params.get("to", "")
    found = settling.settlement(visit.home, banking.EURO)
    for each in found.transfers:
        row = _row(visit, found, each)
        if each.payer == visit.home.person and row.to == asked and row.account:
            drawn = banking.epc_qr(
                iban=row.account.iban,
                name=row.account.name,
                bic=row.account.bic,
                amount=max(0, each.amount - found.waiting(each.payer, each.payee)),
                currency=found.currency,
                reference=row.reference,
            )
            if drawn is not None:
                return qr.svg(drawn)
    t = visit.words.gettext
    raise Problem(404, t("Not here"), t("There is no such transfer of yours."))


CODE = Page(path="/settle/pay.svg", name="pay-code", endpoint=code, audience=DESK, html=False)
PAGE = Page(
    path="/settle",
    name="settle",
    endpoint=show,
    post=act,
    audience=DESK,
    examples=("", "?currency=CHF"),
)
