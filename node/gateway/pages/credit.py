"""`/credit`: one's own balance, paying and taking credits, and everybody's balances."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from governance.credit import Forecast
from node.gateway import parties, typed
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.parties import Shown
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.trade import credit, paying
from protocol.errors import MoothallError
from protocol.kinds.payment import CREDIT

SHOWN = 300  # balances on one page


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A balance; `over`: how far beyond the limit, "" if it is not."""

    party: Shown
    amount: str
    below: bool
    over: str


async def show(visit: Visit) -> Response:
    """All of it."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Pay, after a warning where the limit is near; or take what was paid."""
    t = visit.words.gettext
    home = visit.home
    try:
        if form.text("do") == "take":
            paying.confirm(home, form.text("payment"))
            return visit.done("/credit", t("Taken. It is on your balance."))
        to = paying.party(home, form.text("to"))
        amount = paying.amount_of(typed.pointed(form.text("amount"), CREDIT), CREDIT)
        seen = credit.forecast(home, to, amount)
        if seen.warn and not form.checked("sure"):
            return _page(visit, 422, warning=seen, form=form)
        credit.pay(home, to, amount, reference=form.text("reference"))
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error), form=form)
    said = t("Paid. The credits move once %(who)s has taken them.")
    return visit.done("/credit", said % {"who": parties.shown(visit, to).name})


def _page(
    visit: Visit,
    status: int = 200,
    problem: str = "",
    warning: Forecast | None = None,
    form: Form | None = None,
) -> Response:
    home, words = visit.home, visit.words
    rules = visit.charter.credit
    book = credit.ledger(home)
    mine = credit.standing(home, home.person, book=book)
    waiting = [each for each in book.payments if each.waits]
    awaited = {each.record for each in paying.awaited(home)}
    rows = sorted(book.balances.items(), key=lambda item: -item[1].amount)
    return visit.render(
        "credit.html",
        status=status,
        rooms=trade_rooms(visit),
        problem=problem,
        sent=form or Form(),
        enabled=rules.enabled,
        public=words.gettext(credit.PUBLIC),
        balance=words.money(mine.balance, CREDIT),
        room=words.money(mine.room, CREDIT),
        limit=words.money(-mine.limit, CREDIT),
        newcomer=rules.limit > 0 and mine.limit == 0,
        after=words.money(warning.after, CREDIT) if warning else "",
        near=mine.warn,
        to_take=[parties.payment_row(visit, each) for each in waiting if each.record in awaited],
        paid=[parties.payment_row(visit, each) for each in waiting if each.payer == home.person],
        people=parties.members(visit),
        rows=[
            Row(
                party=parties.shown(visit, party),
                amount=words.money(each.amount, CREDIT),
                below=each.amount < 0,
                over=words.money(each.over, CREDIT) if each.over else "",
            )
            for party, each in rows[:SHOWN]
        ],
        more=words.number(len(rows)) if len(rows) > SHOWN else "",
        sum=words.money(book.sum, CREDIT),
    )


PAGE = Page(path="/credit", name="credit", endpoint=show, post=act, audience=DESK)
