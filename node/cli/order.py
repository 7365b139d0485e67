"""Commands about orders: place, answer, change, pay, send, receive, refund, dispute, list, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from node.cli.completing import order_argument
from node.cli.output import Output
from node.trade.words import HOW, PARTS, STATES

if TYPE_CHECKING:
    from node.home import Home

_text = click.option("--text", default="", metavar="TEXT", help="A word about it, for the other.")


@click.group()
def order() -> None:
    """Order from each other, and follow an order to its receipt."""


@order.command("place")
@click.argument("listing_id", metavar="LISTING")
@click.option(
    "--quantity", default="1", metavar="NUMBER", help="How many: 1 or more.", show_default=True
)
@click.option("--variant", default="", metavar="NAME", help="Which form, where it has several.")
@click.option("--host", metavar="P", help="In whose shop window you found it.")
@click.option("--referrer", metavar="REC", help="The recommendation that brought you, by its id.")
@click.option("--delivery", metavar="AMOUNT", help="What the delivery costs, if that was said.")
@click.option("--tip", metavar="AMOUNT", help="A tip for the seller; no fee is taken of it.")
@click.option("--enquiry", is_flag=True, help="Only ask: the seller names a price.")
@_text
@click.pass_obj
def order_place(out: Output, /, listing_id: str, **given: Any) -> None:
    """Order LISTING, by its id, from who offers it.

    It is a request: it reaches the seller's node when that is next in touch, by way of other
    members' nodes, and nobody is bound until the seller accepts. Only the two of you can read it,
    and the host if you name one. The program moves no money.
    """
    from node.trade import ordering, wishes

    with out.opened() as home:
        _answer(out, home, ordering.place(home, wishes.read(home, listing_id, **given)))


@order.command("accept")
@order_argument
@click.pass_obj
def order_accept(out: Output, order_id: str) -> None:
    """Accept what the other proposes, an order or a change of it.

    That fixes price, shares and charter for this order, whatever is voted later. A seller reserves
    the goods by it, and says where to pay if there is an account (`moothall settle account`).
    """
    from node.importing.prices import CREDIT
    from node.trade import banking, reading

    with out.opened() as home:
        found = reading.get(home, order_id)
        sells = found.mine == "seller" and found.currency != CREDIT
        if sells and banking.account(home) is None:
            out.note(
                "You have set no account, so the buyer is not told where to pay: `moothall settle "
                "account` sets one, or write to them."
            )
    _move(out, order_id, "accept")


@order.command("decline")
@order_argument
@_text
@click.pass_obj
def order_decline(out: Output, order_id: str, text: str) -> None:
    """Say no to an order, as its seller."""
    _move(out, order_id, "decline", text=text)


@order.command("cancel")
@order_argument
@_text
@click.pass_obj
def order_cancel(out: Output, order_id: str, text: str) -> None:
    """Take an order back while nothing is paid or sent.

    As its seller: once it is accepted and was not paid in time.
    """
    _move(out, order_id, "cancel", text=text)


@order.command("change")
@order_argument
@click.option("--quantity", metavar="NUMBER", help="How many instead.")
@click.option("--price", metavar="AMOUNT", help="For all of it, without delivery and tip.")
@click.option("--delivery", metavar="AMOUNT", help="What the delivery costs.")
@click.option("--tip", metavar="AMOUNT", help="A tip for the seller.")
@_text
@click.pass_obj
def order_change(out: Output, /, order_id: str, **given: Any) -> None:
    """Propose other terms; they hold once the other has accepted them.

    What you don't name stays as it is. A seller answers an enquiry in this way, with --price.
    """
    if not any(given.values()):
        raise click.UsageError("Name at least one thing to change.")
    _move(out, order_id, "offer", **given)


@order.command("pay")
@order_argument
@click.option("--amount", metavar="AMOUNT", help="How much.  [default: what is open]")
@click.option("--how", default="other", type=click.Choice(HOW), help="In which way.")
@click.pass_obj
def order_pay(out: Output, order_id: str, amount: str | None, how: str) -> None:
    """Say that you have paid.

    The program moves no money: pay as the seller's answer says, then say so here. Only an order in
    CREDIT is paid by this, in the community's own credits: payer, payee and amount are public.
    """
    from node.importing.prices import CREDIT
    from node.trade import reading
    from node.trade.credit import PUBLIC

    with out.opened() as home:
        if reading.get(home, order_id).currency == CREDIT:
            out.note(PUBLIC)
    _move(out, order_id, "pay", amount=amount, how=how)


@order.command("confirm")
@order_argument
@click.option("--amount", metavar="AMOUNT", help="How much came.  [default: what is open]")
@click.pass_obj
def order_confirm(out: Output, order_id: str, amount: str | None) -> None:
    """Say, as the seller, that the money has come."""
    _move(out, order_id, "confirm", amount=amount)


@order.command("sent")
@order_argument
@_text
@click.pass_obj
def order_sent(out: Output, order_id: str, text: str) -> None:
    """Say, as the seller, that it is on its way or ready."""
    _move(out, order_id, "sent", text=text)


@order.command("received")
@order_argument
@click.pass_obj
def order_received(out: Output, order_id: str) -> None:
    """Say, as the buyer, that the goods or a refund have come.

    By this the order's key signs the receipt, which the seller's node makes public: price, fee,
    shares and time, with the seller's name and without yours. After a refund it signs that the sale
    counts for less, and everybody's share goes down. Who says nothing for as long as the charter
    gives for an answer, and disputes nothing, is taken to have the money back.
    """
    _move(out, order_id, "received", "took")


@order.command("refund")
@order_argument
@click.option(
    "--amount", metavar="AMOUNT", help="How much.  [default: what is owed back; else all]"
)
@_text
@click.pass_obj
def order_refund(out: Output, order_id: str, amount: str | None, text: str) -> None:
    """Say, as the seller, that you gave money back.

    Of a completed order each share of the fee goes down by its part, once the buyer says that the
    money came (`order received`); that is public.
    """
    _move(out, order_id, "refund", amount=amount, text=text)


@order.command("dispute")
@order_argument
@click.option("--text", required=True, metavar="TEXT", help="What is wrong.")
@click.pass_obj
def order_dispute(out: Output, order_id: str, text: str) -> None:
    """Say that you don't agree about an order.

    `moothall dispute` goes on from there.
    """
    _move(out, order_id, "dispute", text=text)


@order.command("close")
@order_argument
@click.pass_obj
def order_close(out: Output, order_id: str) -> None:
    """End an order in which nothing more is to come.

    That is possible once the charter's time is over; the other side can open it again by going on.
    """
    _move(out, order_id, "close")


@order.command("say")
@order_argument
@click.argument("text")
@click.pass_obj
def order_say(out: Output, order_id: str, text: str) -> None:
    """Write to the others of an order; only they can read it."""
    from node.trade import ordering, reading

    with out.opened() as home:
        found = reading.get(home, order_id)
        ordering.say(home, found.id, text)
        _answer(out, home, found.id)


@order.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those that stand so.")
@click.option("--mine", type=click.Choice(PARTS), help="Only those in which you are.")
@click.pass_obj
def order_list(out: Output, state: str | None, mine: str | None) -> None:
    """List your orders: what waits for you first, then the newest."""
    from node.cli.order_text import orders_text
    from node.trade import order_data, reading

    with out.opened() as home:
        every = reading.orders(home)
        some = [
            each for each in every if state in (None, each.life.state) and mine in (None, each.mine)
        ]
        data = order_data.listed(home, some, every)
        out.answer({"orders": data, "total": len(data)}, orders_text(data, home.store.now_ms()))


@order.command("show")
@order_argument
@click.pass_obj
def order_show(out: Output, order_id: str) -> None:
    """Show how an order stands.

    Where the money goes, what you can do, and what was said. ORDER is its id, or the first 8 digits
    or more.
    """
    from node.trade import reading

    with out.opened() as home:
        _answer(out, home, reading.get(home, order_id).id)


def _move(out: Output, order_id: str, name: str, *others: str, **given: Any) -> None:
    """Make a move, or that of `others` which is possible, and answer how the order stands."""
    from node.trade import clerk, ordering, reading, wishes

    with out.opened() as home:
        found = reading.get(home, order_id)
        here = {right.name for right in reading.my_moves(found)}
        chosen = next((each for each in (name, *others) if each in here), name)
        ordering.move(home, found.id, chosen, **wishes.fields(found, given))
        clerk.after_command(home, found.id)
        _answer(out, home, found.id)


def _answer(out: Output, home: Home, order_id: bytes) -> None:
    """An order as it stands, as the answer of a command."""
    from node import post
    from node.cli.order_text import order_text
    from node.trade import reading

    found = reading.get(home, order_id)
    post.mark_read(home, found.id)  # they are shown now
    data = reading.data(home, found)
    out.answer(data, order_text(data, home.store.now_ms()))
