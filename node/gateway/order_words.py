"""Orders in a reader's words: states, moves and what to know before one makes them."""

from __future__ import annotations

from node.gateway.offers import SHOWN_DIGITS
from node.gateway.words import Words


def order_path(order: bytes | str) -> str:
    """Where an order's page is, by its key or that in hex."""
    text = order if isinstance(order, str) else order.hex()
    return f"/orders/{text[:SHOWN_DIGITS]}"


def state_name(words: Words, state: str) -> str:
    """Where an order is, as a label."""
    t = words.gettext
    names = {
        "enquiry": t("Asked"),
        "ordered": t("Ordered"),
        "accepted": t("Accepted"),
        "paid": t("Paid"),
        "sent": t("Sent or ready"),
        "received": t("Received"),
        "completed": t("Completed"),
        "declined": t("Declined"),
        "cancelled": t("Cancelled"),
        "refunded": t("Refunded"),
        "disputed": t("In dispute"),
        "settled": t("Settled"),
        "closed": t("Closed"),
    }
    return names.get(state, state)


def move_said(words: Words, move: str) -> str:
    """What a letter of an order amounts to, above its text."""
    t = words.gettext
    names = {
        "place": t("Ordered"),
        "offer": t("Made an offer"),
        "accept": t("Accepted"),
        "decline": t("Declined"),
        "cancel": t("Cancelled"),
        "pay": t("Says it is paid"),
        "confirm": t("Says the money is here"),
        "sent": t("Sent it, or has it ready"),
        "received": t("Received it"),
        "receipt": t("Published the receipt"),
        "refund": t("Gives money back"),
        "took": t("The receipt counts for less"),
        "dispute": t("Does not agree"),
        "evidence": t("Shows evidence"),
        "propose": t("Proposes how to settle it"),
        "agree": t("Agrees to settle it"),
        "mediator": t("Names a mediator"),
        "mediate": t("Answers as mediator"),
        "verdict": t("Brings the members' decision"),
        "close": t("Closed it"),
    }
    return names.get(move, "")


def move_button(words: Words, move: str, mine: str, state: str) -> str:
    """What the button of a move says."""
    t = words.gettext
    names = {
        "accept": t("Accept it"),
        "decline": t("Decline it"),
        "cancel": t("Cancel it"),
        "offer": t("Make an offer") if state == "enquiry" else t("Propose a change"),
        "pay": t("I have paid"),
        "confirm": t("The money is here"),
        "sent": t("Sent, or ready"),
        "received": t("I have it"),
        "refund": t("Give money back"),
        "took": t("The money is back with me"),
        "dispute": t("Something is wrong"),
        "close": t("Close it"),
    }
    if move == "accept" and mine == "buyer":
        return t("Accept the offer")
    return names.get(move, move)


def move_hint(words: Words, move: str, mine: str) -> str:
    """What a move means, said before it is made: what it costs, and what can't be taken back."""
    t = words.gettext
    if move == "accept":
        if mine == "buyer":
            return t("You agree to pay this. Until you have paid you can still cancel.")
        return t(
            "This fixes the price, everybody's share and the rules for this sale, and keeps the "
            "goods for the buyer. You can cancel only if it is not paid in time."
        )
    hints = {
        "decline": t("That is the end of this order. It can't be taken back."),
        "cancel": t("That is the end of this order. It can't be taken back."),
        "offer": t("It holds once the other side accepts it; until then all stays as it is."),
        "pay": t("Say so after you have paid: this moves no money, and can't be taken back."),
        "confirm": t("Say so once you have the money: it can't be taken back."),
        "sent": t("The buyer is told. It can't be taken back."),
        "received": t(
            "Say so once you have it: this completes the sale and signs its receipt. Everybody "
            "in the community can read that: what, the price and who gets which share, not who "
            "bought it. It can't be taken back."
        ),
        "refund": t(
            "This promises the money to the buyer. Give it back in the way it came: once they say "
            "that it is there, everybody's share goes down. It can't be taken back."
        ),
        "took": t(
            "Say so when the money is back with you. It corrects the public receipt. If you say "
            "nothing and don't object for as long as the charter gives for an answer, your node "
            "says it for you."
        ),
        "dispute": t(
            "You talk first, then a mediator helps whom you both accept, then the members vote. "
            "Deadlines are those of the charter. It can't be taken back, but you can agree at "
            "any time."
        ),
        "close": t("Nothing more can be done about this order then. It can't be taken back."),
    }
    return hints.get(move, "")


def move_done(words: Words, move: str) -> str:
    """What a page says once a move is made."""
    t = words.gettext
    if move == "message":
        return t("Your message is on its way.")
    if move == "received":
        return t("Said. The seller's node publishes the receipt as soon as it hears of it.")
    return t("Done. The others hear of it as soon as their nodes do.")


def asked(words: Words, what: str, mine: str, state: str) -> str:
    """What is awaited of the reader, in a few words."""
    t = words.gettext
    if what == "reply":
        if state not in ("enquiry", "ordered"):
            return t("Accept the change, or let it be")
        if mine == "buyer":
            return t("Accept the offer, or let it be")
        if state == "enquiry":
            return t("Answer with an offer, or decline")
        return t("Accept it or decline")
    if what == "mediator" and mine == "mediator":
        return t("Help them to agree")
    texts = {
        "pay": t("Pay, and say so"),
        "send": t("Send it or have it ready, and say so"),
        "receive": t("Say when you have it"),
        "confirm": t("Say when the money is here"),
        "refund": t("Give the money back"),
        "talk": t("Talk it over"),
        "mediator": t("Agree on a mediator"),
        "vote": t("Ask the members"),
        "over": t("Agree, or close it"),
    }
    return texts.get(what, t("It is your turn"))


def delivery_text(words: Words, state: str, nodes: int) -> str:
    """How far a letter of one's own has come."""
    if state == "received":
        return words.gettext("has arrived")
    if state == "held":
        text = words.ngettext("held by %(n)s node", "held by %(n)s nodes", nodes)
        return text % {"n": words.number(nodes)}
    return words.gettext("waits here for a neighbour")


def ways_to_pay(words: Words) -> list[tuple[str, str]]:
    """How money may come, as choices; what is priced in credits is paid in credits alone."""
    t = words.gettext
    return [
        ("cash", t("In cash")),
        ("bank", t("By bank transfer")),
        ("other", t("In another way")),
    ]
