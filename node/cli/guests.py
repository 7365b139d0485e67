"""Commands about guests: who may order in your shop window, and the orders that wait for you."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from node.cli.output import Output
from node.cli.render import line

if TYPE_CHECKING:
    from node.home import Home
    from node.trade.guest_queue import Waiting

SAID = {
    "yes": "Guests may order in your shop window; their orders go out at once.",
    "ask": "Guests may order in your shop window; each order waits until you approve it.",
    "no": "Guests can't order in your shop window.",
}


@click.group()
def guest() -> None:
    """Orders of guests in your shop window."""


@guest.command("orders")
@click.argument("choice", type=click.Choice(["yes", "ask", "no"]), required=False)
@click.pass_obj
def guest_orders(out: Output, choice: str | None) -> None:
    """Say whether guests may order in your shop window.

    "ask" lets each of their orders wait until you approve it. Without a word it shows how it is.
    The charter may forbid it for all.
    """
    from node.trade import guest_rules

    with out.opened() as home:
        if choice is not None:
            guest_rules.choose(home.store, choice)
        found = guest_rules.setting(home.store)
        allowed = home.charter().guests.may_order
    text = SAID[found] if allowed else f"{SAID[found]} The charter forbids it, though."
    out.answer({"orders": found, "charter": allowed}, text)


@guest.command("list")
@click.pass_obj
def guest_list(out: Output) -> None:
    """List the orders of guests that wait for you."""
    from node.trade import guest_queue

    with out.opened() as home:
        rows = [_row(home, each) for each in guest_queue.all_waiting(home)]
    text = "\n".join(
        f"{row['order'][:16]}  {row['quantity']} x {line(row['title'])}"
        + (f" ({line(row['variant'])})" if row["variant"] else "")
        + (f": {line(row['text'])}" if row["text"] else "")
        for row in rows
    )
    out.answer({"orders": rows}, text or "No order of a guest waits for you.")


@guest.command("approve")
@click.argument("order")
@click.pass_obj
def guest_approve(out: Output, order: str) -> None:
    """Let a guest's order go out to the maker.

    ORDER is an id from `moothall guest list`, or its first 8 digits or more.
    """
    from node.trade import guest_queue, guests

    with out.opened() as home:
        found = guest_queue.resolve(home.store, order)
        guests.approve(home, found)
    out.answer({"order": found.hex(), "state": "ordered"}, "Approved: it is on its way.")


@guest.command("decline")
@click.argument("order")
@click.pass_obj
def guest_decline(out: Output, order: str) -> None:
    """Turn a guest's order down.

    The maker never hears of it; the guest reads it on their page.
    """
    from node.trade import guest_queue

    with out.opened() as home:
        found = guest_queue.resolve(home.store, order)
        guest_queue.turn_down(home.store, found)
    out.answer({"order": found.hex(), "state": "declined"}, "Turned down; the guest can read it.")


def _row(home: Home, waiting: Waiting) -> dict[str, Any]:
    from node.status import rfc3339
    from node.trade import guests

    return {
        "order": waiting.order.hex(),
        "listing": waiting.listing.hex(),
        "title": guests.title(home, waiting),
        "quantity": waiting.quantity,
        "variant": waiting.variant,
        "text": waiting.text,
        "received": rfc3339(waiting.received_ms),
    }
