"""Whether a move may be made by a side that has certain letters: the table's rows, looked up.

`fault` gives the reason word for which a move is void, "" if it holds. The same question is asked
of letters that came and, with `move` None, of what somebody might do: "is there any amount, offer
or proposal for which this word would hold?"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from governance.charter import Charter
from governance.effects.verdict import Verdict as Decided
from governance.orders import table as t
from governance.orders.view import Terms, View, terms
from governance.receipts import adds_up
from protocol.keys import RECEIPT, verified
from protocol.kinds.receipt import Statement, digest
from protocol.letters.moves import Accept, Mediator, Move, Received

NOT_YOURS = "not-yours"  # not this side's move, whatever the state
NOT_NOW = "not-now"  # the state does not allow it
WRONG_TERMS = "wrong-terms"  # the statement says something else than the offer
SUPERSEDED = "superseded-charter"  # another one was in force at the newer certificate
WRONG_SHARE = "wrong-share"  # the charter divides the price in another way


class Context(Protocol):
    """What is certified; None means: not here, at least not yet."""

    @property
    def community(self) -> bytes:
        """The community's id."""

    def height(self, certificate: bytes) -> int | None:
        """The height of a certificate of our chain."""

    def in_force(self, height: int) -> bytes:
        """The hash of the charter in force at a height."""

    def charter(self, charter: bytes) -> Charter | None:
        """A charter that is or was in force, by its hash."""

    def verdict(self, proposal: bytes) -> Decided | None:
        """What the members decided about an order by this proposal, once that is in effect."""


@dataclass(frozen=True, slots=True)
class Case:
    """`side`, who is `person`, has seen `view` and makes a move; None: any move of its word."""

    view: View
    side: str
    person: bytes
    move: Move | None
    order: bytes
    context: Context

    def said(self, name: str, otherwise: Any) -> Any:
        """A field of the move."""
        return otherwise if self.move is None else getattr(self.move, name)


def fault(case: Case, word: str) -> str:
    """Why this move is void."""
    rows = _ROWS.get(word, {})
    if case.side not in rows:
        return NOT_YOURS
    for row in rows[case.side]:
        if case.view.state in row.states:
            return next((bad for need in row.needs if (bad := _missing(case, need))), "")
    return NOT_NOW


def _missing(case: Case, need: str) -> str:
    if need == "statement":  # the one that says more than that it is missing
        return _statement(case)
    return "" if _CHECKS[need](case) else need


def ruling(case: Case) -> int | None:
    """By how much less the sale counts, as the members decided by what the move names."""
    found = case.context.verdict(case.said("proposal", b""))
    place, start = case.view.place, case.view.start.said
    buyers = (start.person, None) if start.letter.guest else (start.person,)
    about = (case.order, place.seller, place.currency)
    if found is None or (found.order, found.seller, found.currency) != about:
        return None
    return found.refund if found.buyer in buyers else None


def _open_offer(case: Case) -> bool:
    offers = [line.id for line in case.view.offers if line.side != case.side]
    return case.said("offer", offers[0] if offers else None) in offers


def _statement(case: Case) -> str:
    """Compares the statement with the terms, the certificates and the charter."""
    move = case.move
    if not isinstance(move, Accept):
        return ""  # there is an offer, and the right statement can be made
    said = move.statement
    offered = next(line.move for line in case.view.offers if line.id == move.offer)
    agreed = terms(offered)
    heights = [(case.context.height(at) or 0, at) for at in (offered.at, move.at)]
    older, newer = sorted(heights)
    if agreed is None or said.at != (older[1], newer[1]):
        return WRONG_TERMS
    stated = Terms(
        quantity=said.quantity,
        price=said.price,
        delivery=said.extras.delivery,
        tip=said.extras.tip,
    )
    if stated != agreed or not _fits(said, case):
        return WRONG_TERMS
    if case.context.in_force(newer[0]) != said.charter:
        return SUPERSEDED
    charter = case.context.charter(said.charter)
    return "" if charter is not None and adds_up(charter, said) else WRONG_SHARE


def _fits(said: Statement, case: Case) -> bool:
    """Whether a statement is about this order. A host who has another part in it is no host."""
    place, start = case.view.place, case.view.start.said
    part = {place.seller, said.seller} | ({start.person} if not start.letter.guest else set())
    host = None if place.host in part else place.host
    return (
        (said.order, said.vendor, said.listing) == (case.order, place.seller, place.listing)
        and (said.currency, said.host) == (place.currency, host)
        and said.referral in (None, place.referral)
    )


def _this_deal(case: Case) -> bool:
    deal = case.view.deal
    if deal is None or not isinstance(case.move, Received):
        return deal is not None
    return case.move.deal == deal.id and _signed(
        case.order,
        case.move.signature,
        case.context.community,
        digest(deal.move.statement.data()),
    )


@lru_cache(maxsize=4096)  # an order is followed anew with each letter that comes
def _signed(order: bytes, signature: bytes, community: bytes, digested: bytes) -> bool:
    return verified(order, signature, RECEIPT, community, digested)


def confirmable(view: View) -> int:
    """As much as a seller who knows this can have got in all."""
    due: int = 0 if view.terms is None or view.ends else view.terms.total - view.reduced
    return max(due, view.paid)


def _unconfirmed(case: Case) -> bool:
    return bool(case.said("amount", 1) + case.view.confirmed <= confirmable(case.view))


def _all_paid(case: Case) -> bool:
    view = case.view
    return view.received is not None and view.receipt is None and not view.owing


def _left(case: Case) -> bool:
    return bool(case.said("amount", 1) <= case.view.money - case.view.refunded)


def _refund(case: Case) -> bool:
    given = [line.id for line in case.view.refunds]
    return case.said("refund", given[0] if given else None) in given


def _at_stake(case: Case) -> bool:
    view = case.view
    return view.money > view.refunded or view.sent is not None or view.received is not None


def _in_dispute(case: Case) -> bool:
    return case.view.dispute is not None and case.view.settled is None


def _in_total(case: Case) -> bool:
    total = 0 if case.view.terms is None else case.view.terms.total
    return bool(case.said("refund", 0) <= total)


def _proposal(case: Case) -> bool:
    by_word = case.view.by_word
    done = {line.move.proposal for line in by_word["agree"] if line.side == case.side}
    open_ = [
        line.id for line in by_word["propose"] if line.side != case.side and line.id not in done
    ]
    return case.said("proposal", open_[0] if open_ else None) in open_


def _steps(case: Case) -> tuple[str, ...]:
    """The steps of a dispute by the deal's charter."""
    return charter_of(case.view, case.context).disputes.steps


def charter_of(view: View, context: Context) -> Charter:
    """The charter of the deal; before there is one, that of the newest certificate named.

    LookupError if the context knows a certificate but not the charter in force there.
    """
    if view.deal is not None:
        named = view.deal.move.statement.charter
    else:
        heights = [
            context.height(line.move.at)
            for line in view.letters
            if line.word in ("place", "offer", "accept")
        ]
        named = context.in_force(max(each for each in heights if each is not None))
    found = context.charter(named)
    if found is None:
        raise LookupError("a charter that was in force is not here")
    return found


def _mediation(case: Case) -> bool:
    parties = (case.view.start.said.person, case.view.place.seller)
    named = case.move.person if isinstance(case.move, Mediator) else None
    return "mediator" in _steps(case) and named not in parties


def _vote(case: Case) -> bool:
    return "vote" in _steps(case) and (case.move is None or ruling(case) is not None)


_CHECKS: Mapping[str, Callable[[Case], bool]] = {
    "open-offer": _open_offer,
    "unpaid": lambda case: not case.view.money,
    "unsent": lambda case: case.view.sent is None,
    "owing": lambda case: bool(case.said("amount", 1) <= case.view.owing),
    "unconfirmed": _unconfirmed,
    "this-deal": _this_deal,
    "unreceived": lambda case: case.view.received is None,
    "all-paid": _all_paid,
    "left": _left,
    "refund": _refund,
    "at-stake": _at_stake,
    "in-dispute": _in_dispute,
    "in-total": _in_total,
    "proposal": _proposal,
    "mediation": _mediation,
    "taken": lambda case: bool(case.view.taken),
    "vote": _vote,
}


def by_move(table: Iterable[t.Row]) -> dict[str, dict[str, list[t.Row]]]:
    """The rows of a table by move and side."""
    found: dict[str, dict[str, list[t.Row]]] = {}
    for row in table:
        found.setdefault(row.move, {}).setdefault(row.side, []).append(row)
    return found


_ROWS = by_move(t.TABLE)
