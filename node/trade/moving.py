"""The fields of each move in an order, made from what was asked for and from this home's store.

A maker says what can't be, by a sentence, before the table is asked; it writes nothing, but for a
payment in credits, which has to be there before the letter that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from governance.orders.judging import NOT_NOW, NOT_YOURS
from governance.orders.parts import Standing
from governance.orders.table import BUYER, SELLER
from governance.orders.view import Terms
from node.home import Home
from node.importing.prices import CREDIT
from node.trade import banking, credit, reading, refunding, stock, terms
from node.trade.context import Context
from node.trade.limits import check_text, fits
from node.trade.reading import Order
from node.trade.refusals import refused
from protocol.errors import Refused, Term
from protocol.keys import Signer
from protocol.kinds import receipt
from protocol.kinds.receipt import Units
from protocol.letters import moves
from protocol.letters.moves import Move, PayTo
from protocol.letters.order import OrderLetter
from storage import certificates
from storage.own import Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A move to be written, and records to go with it."""

    move: Move
    drafts: Sequence[Draft] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A move that was asked for: in which order, by whose key, with which fields."""

    home: Home
    order: Order
    side: str
    key: Signer | None
    guest: bool = False
    fields: dict[str, Any] = field(default_factory=dict)

    def text(self, name: Term | None = None) -> str:
        """The text that goes with the move."""
        said = str(self.fields.get("text") or "")
        return check_text(name or Term("text"), said)

    def amount(self, name: str, usual: int) -> int:
        """An amount above zero; `usual` where none was named."""
        given = self.fields.get(name)
        return fits(Term("amount"), usual if given is None else given, 1)


def _offer(asked: Asked) -> Made:
    home, order, given = asked.home, asked.order, asked.fields
    before = order.terms
    quantity = int(given.get("quantity") or (before or order.life.place).quantity)
    price = given.get("price")
    if price is None:
        price = _scaled(before, quantity)
    after = Terms(
        quantity=quantity,
        price=fits(Term("price"), price),
        delivery=_kept(given, "delivery", before),
        tip=_kept(given, "tip", before),
    )
    fits(Term("total"), after.total)
    if asked.side == SELLER:
        stock.check(home, order, quantity)
        # A receipt must be able to come of it: said now, while the terms can still be changed.
        _statement(asked, after, _tip(home))
    return Made(
        move=moves.Offer(
            quantity=quantity,
            price=after.price,
            at=_tip(home),
            delivery=after.delivery,
            tip=after.tip,
            text=asked.text(),
            pay=_pay_to(asked) if asked.side == SELLER else None,
        )
    )


def _scaled(before: Terms | None, quantity: int) -> int:
    """The price of another quantity at the same price for one."""
    if before is None or (before.price * quantity) % before.quantity:
        raise Refused(
            "price-needed",
            "Name the price of all of it as well (--price). Nothing was written.",
        )
    return before.price * quantity // before.quantity


def _kept(given: dict[str, Any], name: str, before: Terms | None) -> int:
    value = given.get(name)
    if value is None:
        value = 0 if before is None else getattr(before, name)
    return fits(Term(name), value)


def _accept(asked: Asked) -> Made:
    home, order = asked.home, asked.order
    offer = _open_offer(order, asked.side, asked.fields.get("offer"))
    if asked.side == SELLER:
        stock.check(home, order, offer.terms.quantity)
    elif _is_consigned(order):
        # Only the seller knows which of the maker's units are free: the buyer says the same back,
        # and the seller's node, whose owner has agreed to these terms, accepts by itself.
        return _offer(_repeated(asked, offer))
    statement = _statement(asked, offer.terms, offer.at)
    return Made(
        move=moves.Accept(
            offer=offer.id,
            at=_tip(home),
            statement=statement,
            pay=_pay_to(asked) if asked.side == SELLER else None,
        )
    )


def _open_offer(order: Order, side: str, wanted: bytes | None) -> Standing:
    """The other side's offer that is to be accepted: the one that is named, else its last."""
    others = [each for each in order.life.offers if each.side != side]
    named = [each for each in others if wanted in (None, each.id)]
    if not named:
        raise Refused(
            "nothing-to-accept",
            "There is no proposal of the other side that you could accept; nothing was written.",
        )
    return named[-1]


def _is_consigned(order: Order) -> bool:
    return order.version is not None and order.version.grant is not None


def _repeated(asked: Asked, offer: Standing) -> Asked:
    same = {name: getattr(offer.terms, name) for name in ("quantity", "price", "delivery", "tip")}
    return Asked(
        home=asked.home,
        order=asked.order,
        side=asked.side,
        key=asked.key,
        guest=asked.guest,
        fields={**same, "text": asked.fields.get("text", "")},
    )


def _statement(asked: Asked, agreed: Terms, at: bytes) -> receipt.Statement:
    home, order = asked.home, asked.order
    return terms.statement(
        home, Context(home.store), order.life, agreed, at, taken=taken(home, order)
    )


def taken(home: Home, besides: Order) -> list[Units]:
    """Units of consigned goods in this seller's deals, but for those of one order."""
    if besides.version is None or besides.version.grant is None or besides.mine != SELLER:
        return []
    return [
        each.life.deal.statement.units
        for each in reading.orders(home)
        if each.mine == SELLER
        and each.id != besides.id
        and each.life.deal is not None
        and each.life.deal.statement.units is not None
        and each.life.deal.statement.seller == _maker(home, besides)
        and stock.is_promised(each)
    ]


def _maker(home: Home, order: Order) -> bytes | None:
    return None if order.version is None else terms.maker_of(home, order.version)


def _pay_to(asked: Asked) -> PayTo | None:
    if asked.order.currency == CREDIT:
        return None  # no bank is needed
    found = banking.pay_map(asked.home, asked.order.id)
    return None if found is None else PayTo(**found)


def _pay(asked: Asked) -> Made:
    order = asked.order
    how = asked.fields.get("how") or "other"
    in_credit = order.currency == CREDIT
    if how == "other" and in_credit:
        how = "credit"
    if (how == "credit") != in_credit:
        raise Refused(
            "bad-currency",
            "This order is in %(currency)s: community credit pays what is priced in CREDIT, and "
            "nothing else does. Nothing was written.",
            currency=order.currency,
        )
    _check_deal(asked)
    amount = _open_amount(asked, order.life.owing, "pay")
    payment = asked.fields.get("payment")
    if how == "credit" and payment is None:
        payment = _paid_in_credit(asked, amount)
    return Made(move=moves.Pay(amount=amount, how=how, payment=payment))


def _open_amount(asked: Asked, left: int, word: str) -> int:
    """The amount that was named, else all that is left; Refused where nothing is."""
    if asked.fields.get("amount") is None and left < 1:
        probes: dict[str, Move] = {
            "pay": moves.Pay(amount=1, how="other"),
            "confirm": moves.Confirm(amount=1),
            "refund": moves.Refund(amount=1),
        }
        reason = asked.order.life.refusal(asked.home.person, probes[word], guest=asked.guest)
        if reason in (NOT_YOURS, NOT_NOW):
            raise refused(asked.order, reason)
        raise Refused("nothing-open", "Nothing is open in this order; nothing was written.")
    return asked.amount("amount", left)


def _paid_in_credit(asked: Asked, amount: int) -> bytes:
    """The payment that this move is about: made now, unless it was and only its letter is missing.

    The table is asked first, since a payment can't be taken back.
    """
    home, order = asked.home, asked.order
    reason = order.life.refusal(
        home.person, moves.Pay(amount=amount, how="credit", payment=bytes(32))
    )
    if reason:
        raise refused(order, reason)
    named = {
        letter.body.move.payment
        for letter in order.letters
        if isinstance(letter.body, OrderLetter) and isinstance(letter.body.move, moves.Pay)
    }
    for each in credit.of_order(home, order.id):
        if each.payer == home.person and each.amount == amount and each.record not in named:
            return each.record
    draft = credit.draft(home, order.seller, amount, order=order.id)
    (record,) = home.append([draft])
    return record


def _confirm(asked: Asked) -> Made:
    life = asked.order.life
    due = life.owing if life.deal is not None and not life.paid else life.paid - life.confirmed
    return Made(move=moves.Confirm(amount=_open_amount(asked, due, "confirm")))


def _received(asked: Asked) -> Made:
    deal = asked.order.life.deal
    if deal is None:
        raise refused(asked.order, "this-deal")
    _check_deal(asked)
    signature = receipt.sign(_order_key(asked), _community(asked), deal.statement.data())
    return Made(move=moves.Received(deal=deal.id, signature=signature))


def _check_deal(asked: Asked) -> None:
    """Refused where the seller has accepted something else than the listing says.

    Everybody checks the sums of a receipt. By which category, and whose goods they were, only the
    buyer holds against the listing, before the order's key signs.
    """
    order = asked.order
    deal, listing = order.life.deal, order.version
    if deal is None or listing is None:
        return
    said = deal.statement
    maker = order.seller if listing.grant is None else terms.maker_of(asked.home, listing)
    if (said.category, said.grant is None, said.goods, said.margin_bps) != (
        listing.category,
        listing.grant is None,
        listing.goods,
        listing.margin_bps or 0,
    ) or maker not in (None, said.seller):
        raise Refused(
            "wrong-statement",
            "The seller has accepted this for another category, or as somebody else's goods, than "
            "the listing says. Nothing was written: ask them to propose it anew.",
        )


def _order_key(asked: Asked) -> Signer:
    """The order's key; Refused where it is not on this device."""
    found = asked.key or reading.order_seed(asked.home, asked.order.id)
    if found is None:
        raise Refused(
            "no-order-key",
            "The key of this order is not on this device: do it on the one with which you ordered, "
            "or wait until that one was in touch. Nothing was written.",
        )
    return found


def _refund(asked: Asked) -> Made:
    life = asked.order.life
    return Made(
        move=moves.Refund(
            amount=_open_amount(asked, life.owed_back or life.money - life.refunded, "refund"),
            text=asked.text(),
        )
    )


def _took(asked: Asked) -> Made:
    wanted: bytes = asked.fields.get("refund") or next(iter(asked.order.refunds), b"")
    signature = refunding.agree(asked.home, asked.order.life, wanted, _order_key(asked))
    return Made(move=moves.Took(refund=wanted, signature=signature))


def _propose(asked: Asked) -> Made:
    amount = fits(Term("amount"), asked.fields["refund"])
    move = moves.Propose(refund=amount, text=asked.text(), signature=_settling(asked, amount))
    return Made(move=move)


def _agree(asked: Asked) -> Made:
    wanted: bytes = asked.fields["proposal"]
    held = asked.order.life.dispute
    found = [each.refund for each in held.proposals if each.id == wanted] if held else []
    signature = _settling(asked, found[0]) if found else None
    return Made(move=moves.Agree(proposal=wanted, signature=signature))


def _settling(asked: Asked, less: int) -> bytes | None:
    """The order's key's word for the counter-receipt of a settlement; None without one, or key."""
    if asked.side != BUYER:
        return None
    key = asked.key or reading.order_seed(asked.home, asked.order.id)
    return refunding.settle(asked.home, asked.order.life, less, key)


def _person(asked: Asked) -> Made:
    return Made(move=moves.Mediator(person=asked.fields["person"]))


def _needed(asked: Asked) -> str:
    said = asked.text()
    if not said.strip():
        raise Refused("no-text", "Say it in words; nothing was written.")
    return said


def _community(asked: Asked) -> bytes:
    return asked.home.store.community


def _tip(home: Home) -> bytes:
    return certificates.tip(home.store)[1]


MAKERS: dict[str, Callable[[Asked], Made]] = {
    "offer": _offer,
    "accept": _accept,
    "decline": lambda asked: Made(move=moves.Decline(text=asked.text())),
    "cancel": lambda asked: Made(move=moves.Cancel(text=asked.text())),
    "pay": _pay,
    "confirm": _confirm,
    "sent": lambda asked: Made(move=moves.Sent(text=asked.text())),
    "received": _received,
    "receipt": lambda asked: Made(move=moves.ReceiptOut()),
    "refund": _refund,
    "took": _took,
    "dispute": lambda asked: Made(move=moves.Dispute(text=_needed(asked))),
    "evidence": lambda asked: Made(move=moves.Evidence(text=_needed(asked))),
    "propose": _propose,
    "agree": _agree,
    "mediator": _person,
    "mediate": lambda asked: Made(move=moves.Mediate(take=bool(asked.fields.get("take", True)))),
    "verdict": lambda asked: Made(move=moves.Verdict(proposal=asked.fields["proposal"])),
    "close": lambda asked: Made(move=moves.Close()),
}
