"""A dispute as the order's page shows it: whose time it is, what is proposed, what one may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from node.gateway.forms import Form
from node.gateway.hall import proposal_path
from node.gateway.offers import SHOWN_DIGITS
from node.gateway.orders import name_of, price
from node.gateway.proposing.kind import people
from node.gateway.visit import Visit
from node.trade import disputing, reading
from node.trade.reading import Order


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposed:
    """A proposal to settle it. `id`: to agree to it; empty where the reader can't."""

    id: str
    sentence: str
    text: str
    agreed: str  # who has, in a sentence; may be empty


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What the page says and asks for. `may`: moves with a form; `votes`: their pages."""

    path: str
    over: bool
    step: str
    outcome: str
    mediator: str
    proposed: Sequence[Proposed]
    votes: Sequence[str]
    may: frozenset[str]
    members: Sequence[tuple[str, str]]
    currency: str
    typed: Mapping[str, str]  # what the fields hold, by name


FIELDS = ("do", "refund", "why", "said", "person", "less", "reason", "story")


def dispute_path(order: bytes | str) -> str:
    """Where a dispute's forms lead, by the order's key or that in hex."""
    text = order if isinstance(order, str) else order.hex()
    return f"/disputes/{text[:SHOWN_DIGITS]}"


def dispute(visit: Visit, order: Order, form: Form | None = None) -> Shown | None:
    """The dispute about an order; None if there never was one, or the reader has no part in it."""
    held = order.life.dispute
    if held is None or order.mine == "host":
        return None
    step = order.rights.step
    may = {right.name for right in reading.my_moves(order)} & set(disputing.MOVES)
    if may and step in disputing.OPEN_TO_VOTE and "vote" in order.life.charter.disputes.steps:
        may.add("vote")
    sides = {order.buyer, order.seller}
    return Shown(
        path=dispute_path(order.id),
        over=bool(held.outcome),
        step=_step(visit, step),
        outcome=_outcome(visit, order),
        mediator=_mediator(visit, order),
        proposed=[_proposed(visit, order, each) for each in disputing.proposals(visit.home, order)],
        votes=[proposal_path(each) for each in disputing.votes(visit.home, order)],
        may=frozenset(may),
        members=[
            (id_, name)
            for id_, name in people(visit)
            if not any(side.hex().startswith(id_) for side in sides)
        ],
        currency=order.currency,
        typed={name: (form or Form()).lines(name) for name in FIELDS},
    )


def _step(visit: Visit, step: str) -> str:
    t = visit.words.gettext
    steps = {
        "talk": t("Now it is time to talk it over. Say what happened, and propose a way out."),
        "mediator": t("Now it is time for somebody you both accept to help you."),
        "vote": t("Talk and mediation have had their time: the members can decide."),
        "over": t("All deadlines have passed. You can still agree, or close it."),
    }
    return steps.get(step, "")


def _outcome(visit: Visit, order: Order) -> str:
    held, t = order.life.dispute, visit.words.gettext
    if held is None or not held.outcome:
        return ""
    if held.refund is None:
        return t("It was closed without a settlement. Either side can open it again.")
    amount = price(visit, held.refund, order.currency)
    if held.outcome == "agreed":
        return t("You have agreed: the order counts for %(amount)s less.") % {"amount": amount}
    return t("The members have decided: the order counts for %(amount)s less.") % {"amount": amount}


def _mediator(visit: Visit, order: Order) -> str:
    held, t = order.life.dispute, visit.words.gettext
    if held is None:
        return ""
    if held.mediator is not None:
        name = {"name": name_of(visit, held.mediator)}
        if held.taken:
            return t("%(name)s mediates, and can read what was said.") % name
        if held.taken is False:
            return t("%(name)s does not want to mediate: name somebody else.") % name
        return t("%(name)s was asked to mediate, and reads nothing before saying yes.") % name
    named = [
        t("%(side)s would have %(name)s as mediator.")
        % {"side": _side(visit, order, side), "name": name_of(visit, person)}
        for side, person in sorted(held.named.items())
    ]
    return " ".join(named)


def _side(visit: Visit, order: Order, side: str) -> str:
    if side == "mediator":
        held = order.life.dispute
        return "" if held is None or held.mediator is None else name_of(visit, held.mediator)
    if side == "buyer" and order.guest:
        return visit.words.gettext("The guest")
    return name_of(visit, order.buyer if side == "buyer" else order.seller)


def _proposed(visit: Visit, order: Order, each: disputing.Open) -> Proposed:
    t = visit.words.gettext
    said = each.proposal
    sentence = t("%(side)s proposes that it counts for %(amount)s less.")
    agreed = t("Agreed to by %(names)s.")
    names = [_side(visit, order, side) for side in sorted(said.agreed)]
    return Proposed(
        id=said.id.hex() if each.may_agree else "",
        sentence=sentence
        % {
            "side": _side(visit, order, said.side),
            "amount": price(visit, said.refund, order.currency),
        },
        text=said.text,
        agreed=agreed % {"names": visit.words.list(names)} if names else "",
    )
