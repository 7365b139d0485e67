"""`/settle/statement`: all that changed what its owner owes and is owed, to print or download."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.gateway import parties
from node.gateway.pages.page import DESK, Page
from node.gateway.parties import Shown
from node.gateway.typed import day_ms
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.trade import settling, statement
from node.trade.statement import PAYMENT, REFUND, SHARE, Statement
from protocol.kinds.payment import CREDIT

DAY = 86_400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line; `position`: what is owed after it."""

    at_ms: int
    what: str
    other: Shown
    amount: str
    position: str
    reference: str


async def show(visit: Visit) -> Response:
    """The statement of a period, oldest first."""
    visit.require_charter()
    words, made = visit.words, _asked(visit)
    position = made.before
    rows = []
    for each in made.lines:
        position += each.amount
        rows.append(
            Row(
                at_ms=each.at_ms,
                what=what_name(words, each.what),
                other=parties.shown(visit, each.other),
                amount=words.money(each.amount, made.currency),
                position=words.money(position, made.currency),
                reference=each.reference,
            )
        )
    query = visit.request.query_params
    return visit.render(
        "statement.html",
        rows=rows,
        name=visit.gateway.name(),
        currency=made.currency,
        currencies=_currencies(visit),
        first=query.get("from", "") if made.from_ms is not None else "",
        last=query.get("to", "") if made.to_ms is not None else "",
        from_ms=made.from_ms,
        to_ms=None if made.to_ms is None else made.to_ms - DAY,
        before=words.money(made.before, made.currency),
        after=words.money(made.after, made.currency),
        owed=made.after > 0,
        owes=made.after < 0,
        credits=made.currency == CREDIT,
    )


async def table(visit: Visit) -> Response:
    """The same for a spreadsheet."""
    visit.require_charter()
    text = statement.as_csv(_asked(visit), visit.gateway.facts.names())
    return Response(
        text.encode(),
        headers={
            "Content-Disposition": 'attachment; filename="statement.csv"',
            "Cache-Control": "no-store",
        },
        media_type="text/csv; charset=utf-8",
    )


def _asked(visit: Visit) -> Statement:
    """The statement that the address names; what it says wrongly is left out."""
    query = visit.request.query_params
    currency = query.get("currency", "")
    if currency not in _currencies(visit):
        currency = visit.charter.currency
    end = day_ms(query.get("to", ""))
    return statement.statement(
        visit.home,
        visit.home.person,
        currency,
        day_ms(query.get("from", "")),
        None if end is None else end + DAY,
    )


def _currencies(visit: Visit) -> list[str]:
    return [*settling.currencies(visit.home), CREDIT]


def what_name(words: Words, what: str) -> str:
    """What a line is."""
    t = words.gettext
    names = {
        SHARE: t("share of a sale"),
        REFUND: t("share given back"),
        PAYMENT: t("payment"),
    }
    return names.get(what, what)


PAGES_HERE = (
    Page(
        path="/settle/statement",
        name="statement",
        endpoint=show,
        audience=DESK,
        examples=("", "?from=2026-01-01&to=2030-12-31", "?currency=CREDIT"),
    ),
    Page(
        path="/settle/statement.csv",
        name="statement-csv",
        endpoint=table,
        audience=DESK,
        html=False,
    ),
)
