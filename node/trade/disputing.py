"""A dispute about an order: talk, a mediator whom both sides accept, a vote of the members.

All that is said stands in letters that only those involved can open. A mediator gets the older
ones when both sides have named them and they have agreed to do it; before that they see who asks,
and nothing of the order. Whoever does not answer in time is replaced: either side then names
somebody else. At any step both sides can sign what one of them, or the mediator, proposes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from governance.effects.verdict import EFFECT, verdicts
from governance.orders.life import Life
from governance.orders.parts import Dispute, Proposal
from governance.orders.rights import OVER, VOTE
from governance.orders.table import BUYER, SELLER
from governance.roll import MEMBER
from node import people, post
from node.assembly import proposing
from node.home import Home
from node.importing.prices import minor_units
from node.post import Letter, Outgoing
from node.status import rfc3339
from node.trade import ordering, reading
from node.trade.reading import Order
from protocol.errors import NotFound, Refused
from protocol.letters.moves import Mediate, Mediator, Verdict
from protocol.letters.order import OrderLetter
from storage import certificates
from storage.database import FAST
from storage.views import profiles
from storage.views.members import PROVISIONALLY

SHORTEST = 8  # digits of an id
MOVES = ("dispute", "evidence", "propose", "agree", "mediator", "mediate", "verdict", "close")
OPEN_TO_VOTE = (VOTE, OVER)  # steps in which the members may be asked
ASKED, TAKEN = "asked", "taken"  # what a mediator was handed: the two requests, or everything


class Open(NamedTuple):
    """A proposal to settle a dispute, and whether this home's owner could agree to it."""

    proposal: Proposal
    may_agree: bool


class Request(NamedTuple):
    """Both sides of an order ask this home's owner to mediate. `letters`: by which they do."""

    order: bytes
    sides: tuple[bytes, ...]  # persons
    letters: tuple[bytes, ...]
    received_ms: int
    taken: bool | None  # what was answered; None so far


def disputes(home: Home) -> list[Order]:
    """The orders of this home about which there is, or was, a dispute: what waits for it first."""
    return [order for order in reading.orders(home) if order.life.dispute is not None]


def get(home: Home, text: str) -> tuple[Order, Dispute]:
    """An order in dispute by its id; Refused `no-dispute` where there is none about it."""
    try:
        order = reading.get(home, text)
    except NotFound:
        if _asked_about(home, text):
            raise Refused(
                "not-taken",
                "You are asked to mediate in this order; `moothall dispute mediate` answers, and "
                "what was said in it comes once you have said yes.",
            ) from None
        raise
    if order.life.dispute is None:
        raise Refused(
            "no-dispute",
            "There is no dispute about this order; `moothall order dispute` opens one.",
        )
    return order, order.life.dispute


def _asked_about(home: Home, text: str) -> bool:
    """Whether the order is one in which this home's owner has yet to answer as mediator."""
    wanted = text.strip().lower()
    return len(wanted) >= SHORTEST and any(
        each.taken is None and each.order.hex().startswith(wanted) for each in requests(home)
    )


# Moves


def evidence(home: Home, text: str, said: str) -> Order:
    """Say or show something, to the other side and a mediator who took it."""
    return _move(home, text, "evidence", text=said)


def propose(home: Home, text: str, amount: str, said: str = "") -> Order:
    """Propose by how much less than agreed the sale should count; both sides sign to settle it."""
    order, _ = get(home, text)
    return _move(home, text, "propose", refund=minor_units(amount, order.currency), text=said)


def proposals(home: Home, order: Order) -> list[Open]:
    """What was proposed, oldest first."""
    held, side = order.life.dispute, order.life.side_of(home.person)
    if held is None:
        return []
    party = side in (BUYER, SELLER) and not held.outcome
    return [Open(each, party and side not in {each.side, *each.agreed}) for each in held.proposals]


def agree(home: Home, text: str, proposal: str | None = None) -> Order:
    """Agree to a proposal of the other side or the mediator: the only one, or the one named."""
    order, _ = get(home, text)
    wanted = (proposal or "").strip().lower()
    found = [
        each.proposal.id
        for each in proposals(home, order)
        if each.may_agree and each.proposal.id.hex().startswith(wanted)
    ]
    if (wanted and len(wanted) < SHORTEST) or not found:
        raise NotFound(
            "no-proposal", "There is no such proposal that you could agree to; nothing was written."
        )
    if len(found) > 1:
        raise Refused(
            "ambiguous", "There are several proposals: name one by its id. Nothing was written."
        )
    return _move(home, text, "agree", proposal=found[0])


def name_mediator(home: Home, text: str, who: str) -> Order:
    """Name whom one would have as mediator; it takes the same name from the other side."""
    order, _ = get(home, text)
    found = people.resolve(home, who)
    if found.person in (order.buyer, order.seller):
        raise Refused(
            "not-neutral",
            "A mediator is neither the buyer nor the seller; nothing was written.",
        )
    if found.status not in (MEMBER, PROVISIONALLY):
        raise Refused("not-member", "Only somebody who belongs can mediate; nothing was written.")
    return _move(home, text, "mediator", person=found.person)


def requests(home: Home) -> list[Request]:
    """Of whom this home's owner was asked to mediate, and has not begun to, oldest first."""
    grouped: dict[bytes, list[Letter]] = {}
    for letter in post.order_letters(home):
        if letter.kind == "order":
            grouped.setdefault(letter.body.order, []).append(letter)
    found = [
        request
        for order, letters in grouped.items()
        if (request := _request(home, order, letters)) is not None
    ]
    return sorted(found, key=lambda each: each.received_ms)


def _request(home: Home, order: bytes, letters: list[Letter]) -> Request | None:
    """Whether these letters, all of an order that are here, ask to mediate and no more."""
    if any(letter.body.move.word == "place" for letter in letters):
        return None  # it can be read like any other order
    naming: dict[tuple[bytes, bool], Letter] = {}  # a host may write for a guest and sell, too
    taken: bool | None = None
    for letter in letters:
        match letter.body.move:
            case Mediator(person=person) if person == home.person:
                naming[letter.person, letter.body.guest] = letter
            case Mediate(take=take) if letter.mine:
                taken = take
    if len(naming) < 2:
        return None
    return Request(
        order=order,
        sides=tuple(dict.fromkeys(person for person, _ in naming)),
        letters=tuple(sorted(letter.id for letter in naming.values())),
        received_ms=max(letter.received_ms for letter in naming.values()),
        taken=taken,
    )


def mediate(home: Home, text: str, take: bool) -> bytes:
    """Say whether one mediates, having been named by both sides; the order."""
    with home.turn():
        post.open_pending(home)
        wanted = text.strip().lower()
        for request in requests(home):
            if len(wanted) >= SHORTEST and request.order.hex().startswith(wanted):
                letter = OrderLetter(
                    order=request.order, after=request.letters, move=Mediate(take=take)
                )
                post.send(home, [Outgoing("order", letter.body(), frozenset(request.sides))])
                return request.order
        order, _ = get(home, text)
        ordering.move(home, order.id, "mediate", take=take)
    return order.id


def ask_members(home: Home, text: str, amount: str, why: str, story: str = "") -> dict[str, Any]:
    """Put a dispute to the vote. Buyer, seller, amount and both texts stay for all to read.

    `why` is one line for the ballot, `story` what the members are told of it. The answer is that
    of any new proposal.
    """
    order, _ = get(home, text)
    if VOTE not in order.life.charter.disputes.steps:
        raise Refused(
            "no-vote",
            "The charter of this order has no vote in disputes; nothing was written.",
        )
    if order.rights.step not in OPEN_TO_VOTE:
        raise Refused(
            "too-early",
            "The members decide when talk and mediation have had their time; nothing was written. "
            "`moothall dispute show` says until when.",
        )
    refund = minor_units(amount, order.currency)
    total = 0 if order.terms is None else order.terms.total
    if refund > total:
        raise Refused("too-much", "That is more than the order's total; nothing was written.")
    return proposing.propose(
        home,
        kind=None,
        title=f"A dispute about order {order.id.hex()[:SHORTEST]}",
        text=story,
        effect={
            "type": EFFECT.name,
            "order": order.id.hex(),
            "buyer": None if order.guest else order.buyer.hex(),
            "seller": order.seller.hex(),
            "refund": refund,
            "currency": order.currency,
            "text": why,
        },
    )


def carry_out(home: Home, text: str) -> Order:
    """Say in the order's letters what the members have decided; a running node does so by itself.

    Refused `no-verdict` while no vote about it is in effect.
    """
    order, _ = get(home, text)
    if not _carried_out(home, order):
        raise Refused(
            "no-verdict",
            "No vote about this order is in effect; `moothall proposal list` shows how they stand.",
        )
    return reading.get(home, order.id)


def _move(home: Home, text: str, name: str, /, **fields: Any) -> Order:
    order, _ = get(home, text)
    ordering.move(home, order.id, name, **fields)
    after = reading.get(home, order.id)
    tend(home, after)
    return after


# What a node does by itself


def tend(home: Home, order: Order) -> bool:
    """What is due in a dispute from a side's own node; whether a move was written.

    Doing it twice, or being ended in between, does no harm.
    """
    dispute = order.life.dispute
    if dispute is None or home.person not in (order.buyer, order.seller):
        return False
    if dispute.mediator is not None and dispute.mediator != home.person:
        _hand_over(home, order, dispute.mediator, bool(dispute.taken))
    return not dispute.outcome and _carried_out(home, order)


def _hand_over(home: Home, order: Order, mediator: bytes, taken: bool) -> None:
    """Let the mediator read what was written before: the two requests, later all of it."""
    step = TAKEN if taken else ASKED
    row = [order.id, mediator, step]
    if home.store.db.execute(
        "SELECT 1 FROM handed WHERE order_key = ? AND person = ? AND step = ?", row
    ).fetchone():
        return
    letters = [letter for letter in order.letters if letter.kind == "order"]
    if not taken:
        letters = _requests_of(order.life, letters, mediator)
    post.share(home, letters, mediator)
    with home.store.transaction(sync=FAST):
        home.store.db.execute("INSERT OR IGNORE INTO handed VALUES (?, ?, ?)", row)


def _requests_of(life: Life, letters: list[Letter], mediator: bytes) -> list[Letter]:
    """The last letter of each side that names the mediator."""
    found: dict[str | None, Letter] = {}
    for letter in letters:
        match letter.body.move:
            case Mediator(person=person) if person == mediator and letter.id not in life.void:
                found[life.side_of(letter.person, guest=letter.body.guest)] = letter
    return list(found.values())


def _carried_out(home: Home, order: Order) -> bool:
    """Name the vote that is in effect about this order, if there is one and nobody has yet."""
    state = certificates.current(home.store)
    if state is None:
        return False
    guest = _for_guest(home, order)
    for proposal, verdict in verdicts(state).items():
        move = Verdict(proposal=proposal)
        if verdict.order == order.id and not order.life.refusal(home.person, move, guest=guest):
            ordering.move(home, order.id, move.word, guest=guest, proposal=proposal)
            return True
    return False


def _for_guest(home: Home, order: Order) -> bool:
    """Whether what this home writes here by itself is written for its guest."""
    return order.guest and home.person == order.buyer != order.seller


# As JSON


def data(home: Home, order: Order) -> dict[str, Any]:
    """Where a dispute stands, who may do what and from when; amounts in minor units."""
    found = reading.data(home, order)
    shown = ("order", "title", "state", "mine", "buyer", "seller", "guest", "names", "currency")
    held = order.life.dispute
    moves = [
        {"move": right.name, "from": None if right.from_s is None else rfc3339(right.from_s * 1000)}
        for right in order.rights.moves
        if right.name in MOVES
    ]
    return {
        **{key: found[key] for key in shown},
        "total": found["total"],
        "dispute": found["dispute"],
        "step": order.rights.step,
        "steps": list(order.life.charter.disputes.steps),
        "votes": [] if held is None else votes(home, order),
        "moves": moves,
        "waits_for_me": reading.waits(home, order),
        "due": found["due"],
        "said": [each for each in found["letters"] if each["move"] in MOVES],
    }


def votes(home: Home, order: Order) -> list[str]:
    """The proposals to the members about this order, whatever became of them."""
    state = certificates.current(home.store)
    if state is None:
        return []
    return [
        proposal.hex()
        for proposal, vote in state.votes.items()
        if vote.effect.get("type") == EFFECT.name and vote.effect["order"] == order.id
    ]


def requests_data(home: Home) -> list[dict[str, Any]]:
    """The requests to mediate."""
    names = profiles.names(home.store)
    return [
        {
            "order": each.order.hex(),
            "sides": [{"person": side.hex(), "name": names.get(side, "")} for side in each.sides],
            "at": rfc3339(each.received_ms),
            "taken": each.taken,
        }
        for each in requests(home)
    ]
