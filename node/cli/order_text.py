"""Orders as text for people: what waits for whom, where the money goes, what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from node.cli.assembly_text import table
from node.cli.render import line
from node.importing.prices import money
from node.moments import date, when
from node.trade.words import STATES

Data = dict[str, Any]
SHOWN_LETTERS = 30

MOVES = {
    "place": "ordered",
    "offer": "proposed other terms",
    "accept": "accepted",
    "decline": "declined",
    "cancel": "cancelled",
    "pay": "said: paid",
    "confirm": "said: the money has come",
    "sent": "said: on its way",
    "received": "said: received",
    "receipt": "published the receipt",
    "refund": "gave money back",
    "took": "agreed that the receipt counts for less",
    "dispute": "opened a dispute",
    "evidence": "showed evidence",
    "propose": "proposed how to settle it",
    "agree": "agreed to settle it",
    "mediator": "named a mediator",
    "mediate": "answered as mediator",
    "verdict": "brought the members' decision",
    "close": "closed the order",
}
IN_DISPUTE = {"evidence", "propose", "agree", "mediator", "mediate", "verdict", "vote"}


def orders_text(listed: Sequence[Data], now_ms: int) -> str:
    """A list, one line each."""
    rows = [
        (
            each["order"][:8],
            STATES[each["state"]],
            line(each["title"])[:40] or "(no title)",
            _total(each),
            _with(each),
            _asked(each, now_ms),
        )
        for each in listed
    ]
    return "\n".join(table(rows, right=[3])) if rows else "There is none."


def _with(each: Data) -> str:
    """Whom it is with, from where the reader stands."""
    if each["mine"] == "buyer":
        return f"from {_name(each, each['seller'])}"
    if each["guest"]:
        return f"for a guest of {_name(each, each['buyer'])}"
    return f"for {_name(each, each['buyer'])}"


def _name(each: Data, person: str | None) -> str:
    if person is None:
        return ""
    return line(each["names"].get(person, "")) or person[:8]


def _total(each: Data) -> str:
    total = each["total"]
    if total is None:
        return "on request"
    return f"{money(total['amount'], total['currency'])} {total['currency']}"


def _asked(each: Data, now_ms: int) -> str:
    """What a line of a list says at its end: whether something is asked of the reader."""
    if each["waits_for"] != each["mine"]:
        return ""
    return "waits for you" + (f", until {when(each['due'], now_ms)}" if each["due"] else "")


def order_text(each: Data, now_ms: int) -> str:
    """Everything about one order."""
    currency = each["currency"]
    rows = [
        ("id", each["order"]),
        ("of", _goods(each)),
        ("buyer", _party(each, "buyer")),
        ("seller", _party(each, "seller")),
    ]
    if each["host"]:
        rows.append(("host", _party(each, "host")))
    rows.append(("state", STATES[each["state"]] + _after(each)))
    rows += _money_rows(each, currency)
    rows += _offer_rows(each, currency)
    if each["charter"]:
        rows.append(("charter", each["charter"][:16]))
    if each["receipt"]:
        rows.append(("receipt", each["receipt"][:16]))
    if each["pay"] and each["owing"]:
        rows += [(f"pay {name}", line(value)) for name, value in each["pay"].items() if value]
    if each["contact"]:
        rows.append(("contact", line(", ".join(each["contact"].values()))))
    lines = table(rows)
    lines += list(_next(each, now_ms))
    letters = each["letters"]
    if letters:
        lines.append("")
    if len(letters) > SHOWN_LETTERS:
        lines.append(f"... {len(letters) - SHOWN_LETTERS} earlier")
    for letter in letters[-SHOWN_LETTERS:]:
        lines += _letter(each, letter)
    return "\n".join(lines)


def _goods(each: Data) -> str:
    variant = f" ({line(each['variant'])})" if each["variant"] else ""
    return f"{each['quantity']} x {line(each['title']) or each['listing'][:8]}{variant}"


def _party(each: Data, role: str) -> str:
    you = " (you)" if each["mine"] == role else ""
    if role == "buyer" and each["guest"]:
        return f"a guest of {_name(each, each['buyer'])}{you}"
    return f"{_name(each, each[role])}{you}"


def _after(each: Data) -> str:
    """What has to be known beside the state."""
    return " (you have promised more than you have)" if each["oversold"] else ""


def _money_rows(each: Data, currency: str) -> Iterator[tuple[str, str]]:
    """Where the money goes, and how much of it has."""

    def text(amount: int) -> str:
        return f"{money(amount, currency)} {currency}"

    if each["total"] is None:
        yield "price", "on request"
        return
    yield "total", text(each["total"]["amount"])
    if each["listed"] not in (None, each["price"]) and not each["agreed"]:
        yield "  listed at", text(each["listed"]["amount"])
    for name in ("delivery", "tip"):
        if each["extras"][name]:
            yield f"  {name}", text(each["extras"][name])
    for role, amount in each["shares"].items():
        if amount:
            yield f"  {role}", text(amount)
    for name in ("paid", "confirmed", "refunded", "owed_back"):
        if each[name]:
            yield name.replace("_", " "), text(each[name])
    if each["paid"] and each["owing"]:
        yield "still to pay", text(each["owing"])


def _offer_rows(each: Data, currency: str) -> Iterator[tuple[str, str]]:
    """What is proposed, where that is more than the total says."""
    if not each["agreed"] and len(each["offers"]) < 2:
        return
    for offer in each["offers"]:
        total = offer["price"] + offer["delivery"] + offer["tip"]
        made = f"{offer['quantity']} x, {money(total, currency)} {currency} in all"
        yield f"proposed by the {offer['by']}", made


def _next(each: Data, now_ms: int) -> Iterator[str]:
    """What may be done now, by what command, and until when."""
    if each["waits_for"] == each["mine"]:
        due = f", until {when(each['due'], now_ms)}" if each["due"] else ""
        yield f"It waits for you{due}."
    elif each["waits_for"]:
        due = f", until {when(each['due'], now_ms)}" if each["due"] else ""
        yield f"It waits for the {each['waits_for']}{due}."
    if each["my_moves"]:
        yield f"You can: {', '.join(map(_command, each['my_moves']))}."
    for right in each["later"]:
        move = "vote" if right["move"] == "verdict" else right["move"]  # how one comes to it
        yield f"From {when(right['from'], now_ms)} on you can: {_command(move)}."


def _command(move: str) -> str:
    """A move as it is called for; those of a dispute are commands of their own."""
    return f"dispute {move}" if move in IN_DISPUTE else move


def _letter(each: Data, letter: Data) -> Iterator[str]:
    who = "you" if letter["mine"] else _name(each, letter["from"])
    if letter["guest"]:
        who = "the guest"
    move = str(letter["move"] or "")
    what = "wrote" if letter["kind"] == "message" else MOVES.get(move, move)
    if move == "place" and each["enquiry"]:
        what = "asked"
    amount = letter.get("amount")
    if amount is not None:
        what += f" ({money(amount, each['currency'])} {each['currency']})"
    if letter["void"]:
        what += f", which does not count: {letter['void']}"
    held = letter.get("delivery")
    where = ""
    if held is not None:
        nodes = "1 node" if held["nodes"] == 1 else f"{held['nodes']} nodes"
        where = {"sent": ", not passed on yet", "received": ", has arrived"}.get(
            held["state"], f", held by {nodes}"
        )
    yield f"{date(letter['at'])}  {who} {what}{where}"
    if letter["text"]:
        yield f"    {line(letter['text'])}"
