"""An order in a guest's words: how it stands, what comes next, what each button means."""

from __future__ import annotations

from node.gateway.words import Words


def standing(words: Words, state: str, *, offered: bool) -> tuple[str, str]:
    """(how the order stands, what happens next) in sentences, for a state of an order.

    Or for "waiting" and "turned-down", where the host let nothing out, and "free": accepted, and
    nothing to be paid. `offered`: the maker has made an offer that the guest may accept.
    """
    t = words.gettext
    if offered and state in ("enquiry", "ordered", "accepted"):
        return t("%(name)s has made you an offer."), t("Accept it below, or let it be.")
    texts = {
        "waiting": (
            t("Your order is here, and %(host)s looks at it first."),
            t("Look in again tomorrow: then it is on its way to %(name)s, or was turned down."),
        ),
        "turned-down": (
            t("%(host)s did not let this order through."),
            t("Nobody else has heard of it, and there is nothing to do."),
        ),
        "enquiry": (
            t("Your question is on its way to %(name)s."),
            t("%(name)s makes you an offer or declines. Look in again in a day or two."),
        ),
        "ordered": (
            t("Your order is on its way to %(name)s."),
            t("%(name)s accepts it, offers something else or declines. Look in again in a day."),
        ),
        "accepted": (
            t("You and %(name)s are agreed."),
            t("Now pay %(name)s directly, then say so below."),
        ),
        "free": (
            t("You and %(name)s are agreed."),
            t("Nothing is to be paid. Say below when you have it."),
        ),
        "paid": (
            t("You said that you have paid."),
            t("%(name)s sends it or has it ready for you, and says so here."),
        ),
        "sent": (
            t("%(name)s has sent it, or has it ready for you."),
            t("Say below when you have it."),
        ),
        "received": (
            t("You have received it."),
            t("The receipt is on its way; nothing more is to be done."),
        ),
        "completed": (t("This order is complete."), t("Thank you.")),
        "declined": (t("%(name)s has declined this order."), t("Nothing is owed.")),
        "cancelled": (t("This order was cancelled."), t("Nothing more happens.")),
        "refunded": (t("The whole price is given back."), t("This order is over.")),
        "disputed": (
            t("You and %(name)s don't agree about this order yet."),
            t("Write to each other below; what you both agree to holds."),
        ),
        "settled": (t("You and %(name)s have settled it."), t("This order is over.")),
        "closed": (t("This order was closed."), t("Nothing more happens.")),
    }
    said, after = texts.get(state, (t("This order goes on."), ""))
    return said, after


def button(words: Words, move: str) -> str:
    """What the button of a move says."""
    t = words.gettext
    return {
        "accept": t("Accept the offer"),
        "cancel": t("Cancel the order"),
        "pay": t("I have paid"),
        "received": t("I have it"),
        "took": t("The money is back with me"),
        "dispute": t("Something is wrong"),
        "agree": t("Agree to this"),
        "mediator": t("Agree to this mediator"),
    }[move]


def hint(words: Words, move: str) -> str:
    """What a move means, said before it is made."""
    t = words.gettext
    return {
        "accept": t("You agree to pay this. Until you have paid you can still cancel."),
        "cancel": t("That is the end of this order; it can't be taken back."),
        "pay": t("Say so after you have paid; no money moves by this button."),
        "received": t(
            "This completes the sale and signs its receipt. All can read that: what was sold, the "
            "price and who gets which share, never your name. It can't be taken back."
        ),
        "took": t("Say so when the money is back with you. It corrects the public receipt."),
        "dispute": t("Say what is wrong. You talk first; if that does not help, others step in."),
        "agree": t("What both agree to holds; it can't be taken back."),
        "mediator": t(
            "A mediator reads how the order went and what you both show, and helps you agree."
        ),
    }[move]


def done(words: Words, word: str) -> str:
    """What the page says once something was done; empty for a word that is none of ours."""
    t = words.gettext
    return {
        "placed": t("Your order is on its way."),
        "waiting": t("Your order is here."),
        "before": t("This order was here already; it was not placed a second time."),
        "say": t("Your message is on its way."),
        "review": t("Published. Thank you."),
        "again": t("This was sent before; it was not done a second time."),
        "done": t("Done. It is on its way."),
    }.get(word, "")
