"""Receipts as text for people: a line each, or the whole price flowing down to its shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from node.cli.assembly_text import table
from node.cli.render import line
from node.importing.prices import money
from node.moments import date
from node.trade.receipts import WHY
from protocol.errors import Refused

Data = dict[str, Any]
Names = Mapping[bytes, str]
PERSONS = {"host": "host", "referrer": "referrer", "reseller": "vendor", "seller": "seller"}
PUBLIC = (
    "Everybody in the community sees this receipt: the price, the shares, who sold and when. It "
    "does not say who bought."
)


def receipts_text(listed: Sequence[Data], names: Names) -> str:
    """A list, one line each."""
    rows = [
        (
            each["receipt"][:8],
            date(each["made"]),
            amount(each["price"], each["currency"]),
            f"fee {amount(each['fee'], each['currency'])}",
            f"by {who(each['vendor'], names)}",
            f"[{each['reason']}]" if each["reason"] else "",
        )
        for each in listed
    ]
    return "\n".join(table(rows, right=[2, 3])) if rows else "There is none."


def receipt_text(made: Data, names: Names, title: str) -> str:
    """All of it. `title`: of the listing, where that is here."""
    blocks = [
        _head(made, names, title),
        table(_waterfall(made, names), right=[1]),
        list(_extras(made)),
        list(_refunds(made)),
        [PUBLIC],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(made: Data, names: Names, title: str) -> list[str]:
    seller = who(made["vendor"], names)
    goods = "" if made["seller"] == made["vendor"] else f", goods of {who(made['seller'], names)}"
    lines = [
        f"Receipt {made['receipt'][:8]} of {date(made['made'])}",
        f"{made['quantity']} x {_listing(made, title)}, sold by {seller}{goods}",
        f"By charter {made['charter'][:8]}; order {made['order_key'][:8]}",
    ]
    word = made["reason"]
    if word and made["counts"]:
        lines.append(f"MARKED ({word}): {WHY[word]} What it says is owed all the same.")
    else:
        lines.append(f"NOT VALID ({word}): {WHY[word]}" if word else "Valid.")
    return lines


def _listing(made: Data, title: str) -> str:
    number = made["listing"][:8]
    return f"{line(title)} ({number})" if title else f"listing {number}"


def _waterfall(made: Data, names: Names) -> Iterator[tuple[str, str]]:
    currency = made["currency"]
    yield "price", amount(made["price"], currency)
    for role, part in made["shares"].items():
        person = made.get(PERSONS.get(role, ""))
        name = f" ({who(person, names)})" if person else ""
        yield f"  {line(role)}{name}", amount(part, currency)
    yield "of which fee", amount(made["fee"], currency)


def _extras(made: Data) -> Iterator[str]:
    extras, currency = made["extras"], made["currency"]
    for key in ("delivery", "tip"):
        if extras[key]:
            yield f"{key}: {amount(extras[key], currency)}, without a fee"
    if extras["tax"]:
        yield f"tax: {line(extras['tax'])}"


def _refunds(made: Data) -> Iterator[str]:
    for each in made["refunds"]:
        parts = ", ".join(f"{line(role)} {part}" for role, part in _parts(each, made["currency"]))
        given = amount(each["amount"], made["currency"])
        mark = f" [{each['reason']}: it does not count]" if each["reason"] else ""
        yield f"refund {each['number']}: {given} ({parts}){mark}"


def _parts(each: Data, currency: str) -> Iterator[tuple[str, str]]:
    for role, part in each["parts"].items():
        if part:
            yield role, amount(part, currency)


def verified_text(made: Data) -> str:
    """What came of checking every receipt."""
    if not made["receipts"]:
        return "There are no receipts here yet."
    if not made["marked"]:
        return f"{made['receipts']} receipts, all valid."
    lines = [f"{made['receipts']} receipts, {made['valid']} valid. The others:"]
    for each in made["marked"]:
        lines.append(f"{each['receipt'][:8]}  {each['reason']}: {WHY[each['reason']]}")
    return "\n".join(lines)


def amount(value: int, currency: str) -> str:
    """`3.50 EUR`; whole minor units where another member's program made up a currency."""
    try:
        return f"{money(value, currency)} {currency}"
    except Refused:
        return f"{value} in an unknown currency"


def who(person: str, names: Names) -> str:
    """A name, or the beginning of an id."""
    return line(names.get(bytes.fromhex(person), "")) or person[:8]
