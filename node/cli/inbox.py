"""The command that says what waits for the owner."""

from __future__ import annotations

from typing import Any

import click

from node.cli.output import Output


@click.command()
@click.pass_obj
def inbox(out: Output) -> None:
    """Show what waits for you, and until when.

    Orders in which it is your turn, orders of guests to be looked at, payments to be confirmed,
    votes, and letters that you have not looked at: what ends soonest comes first.
    """
    from node.trade import inbox as waiting

    with out.opened() as home:
        found = waiting.data(home, waiting.items(home))
        now_ms = home.store.now_ms()
    lines = [_line(each, now_ms) for each in found["inbox"]]
    out.answer(found, "\n".join(lines) or "Nothing waits for you.")


def _line(each: dict[str, Any], now_ms: int) -> str:
    from node.cli.render import line
    from node.moments import when

    until = f", until {when(each['until'], now_ms)}" if each["until"] else ""
    name, title = line(each["name"]) or (each["person"] or "")[:8], line(each["title"])
    return f"{each['id'][:8]}  {_what(each, name, title)}{until}"


def _what(each: dict[str, Any], name: str, title: str) -> str:
    """A thing that waits, in a sentence."""
    from node.importing.prices import money
    from node.trade.words import STATES

    match each["kind"]:
        case "order":
            moves = ", ".join(each["moves"])
            ways = f": {moves}" if moves else ""
            return f"order of {title or 'a listing'} with {name}, {STATES[each['state']]}{ways}"
        case "guest-order":
            return f"a guest wants to order {title or 'a listing'}: approve or decline"
        case "mediation":
            return f"{name} and another ask you to mediate: `moothall dispute mediate`"
        case "review":
            return f"{name} asks you to publish a review without their name"
        case "payment":
            amount = each["amount"]
            sum_ = f"{money(amount['amount'], amount['currency'])} {amount['currency']}"
            return f"{name} says that {sum_} was paid: confirm it once you have it"
        case "vote":
            return f"vote: {title}"
    letters = "a letter" if each["count"] == 1 else f"{each['count']} letters"
    return f"{letters} from {name}" + (f" about {title}" if title else "")
