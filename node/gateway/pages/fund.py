"""`/fund`: what the funds got and paid out, each spend with its decision; the treasurer's view."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from governance.fund import Granted
from governance.paying import in_office
from node.assembly.finding import state_of
from node.gateway import parties, typed
from node.gateway.forms import Form
from node.gateway.hall import proposal_path, role
from node.gateway.pages.page import DESK, Page
from node.gateway.parties import Shown
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.importing.prices import money
from node.trade import fund, paying
from protocol.errors import MoothallError

SHOWN = 200  # lines of the book on one page


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A fund in one currency; `owed`: what it is still to get, or `owes` to give back."""

    name: str
    amount: str
    owed: str
    owes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What members granted. `left`: as a form holds it; "" when all of it is paid out."""

    id: str
    path: str
    amount: str
    to: Shown
    purpose: str
    left: str
    left_text: str


async def show(visit: Visit) -> Response:
    """All of it."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """As the treasurer: say that something came in, or that a grant was paid out."""
    t = visit.words.gettext
    home = visit.home
    try:
        if form.text("do") == "got":
            paying.confirm(home, form.text("payment"))
            return visit.done("/fund", t("Said. It is in the book."))
        decision, amount = form.text("decision"), None
        if form.text("amount"):
            currency = fund.currency_of(home, fund.proposal_of(home, decision))
            amount = paying.amount_of(typed.pointed(form.text("amount"), currency), currency)
        fund.spend(home, decision, amount)
        return visit.done("/fund", t("Said. It is in the book, with the decision it rests on."))
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error))


def _page(visit: Visit, status: int = 200, problem: str = "") -> Response:
    home, words = visit.home, visit.words
    visit.require_charter()
    book = fund.book(home)
    keepers = in_office(state_of(home.store))
    awaited = {each.record for each in paying.awaited(home) if isinstance(each.payee, str)}
    rows = [
        parties.payment_row(
            visit,
            each,
            mark_name(words, book.marks.get(each.record, "")),
            "" if each.decision is None else proposal_path(each.decision.hex()),
        )
        for each in reversed(book.payments)
    ]
    return visit.render(
        "fund.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        held=[_held(words, each) for each in book.holdings],
        keepers=[parties.shown(visit, each) for each in sorted(keepers)],
        treasurer=home.person in keepers,
        to_confirm=[
            parties.payment_row(visit, each) for each in book.payments if each.record in awaited
        ],
        grants=[_grant(visit, each) for each in reversed(book.granted)],
        ledger=rows[:SHOWN],
        more=words.number(len(rows)) if len(rows) > SHOWN else "",
        marked=[row for row in rows if row.mark],
    )


def _held(words: Words, each: fund.Holding) -> Held:
    return Held(
        name=role(words, each.role),
        amount=words.money(each.held, each.currency),
        owed=words.money(each.owed, each.currency) if each.owed > 0 else "",
        owes=words.money(-each.owed, each.currency) if each.owed < 0 else "",
    )


def _grant(visit: Visit, each: Granted) -> Grant:
    spend = each.spend
    return Grant(
        id=spend.proposal.hex(),
        path=proposal_path(spend.proposal.hex()),
        amount=visit.words.money(spend.amount, spend.currency),
        to=parties.shown(visit, spend.to),
        purpose=spend.purpose,
        left=money(each.left, spend.currency) if each.left else "",
        left_text=visit.words.money(each.left, spend.currency),
    )


def mark_name(words: Words, mark: str) -> str:
    """What is wrong with a payment out of a fund; "" for nothing."""
    t = words.gettext
    names = {
        "no-decision": t("no decision"),
        "unknown-decision": t("a decision that nobody has made"),
        "other-payee": t("not to whom it was granted"),
        "other-currency": t("not in the currency that was granted"),
        "other-fund": t("not from the common fund"),
        "too-much": t("more than was granted"),
    }
    return names.get(mark, mark)


PAGE = Page(path="/fund", name="fund", endpoint=show, post=act, audience=DESK)
