"""Commands about reviews: new, list, answer, carry, withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from node.cli.completing import order_argument
from node.cli.files import read_text
from node.cli.output import Output
from node.cli.render import line

if TYPE_CHECKING:
    from node.home import Home

_REASONS = {
    "no-order-key": "the order's key did not sign it",
    "not-buyer": "it names somebody else than its author",
    "no-receipt": "there is no receipt of such an order here",
    "waiting": "something that the order's receipt names is not here yet",
    "bad-receipt": "the order's receipt is not in order",
    "oneself": "it is about a sale of their own",
}


@click.group()
def review() -> None:
    """Say how an order went, and answer what others say."""


@review.command("new")
@order_argument
@click.option(
    "--stars",
    required=True,
    type=click.IntRange(1, 5),
    metavar="NUMBER",
    help="From 1, bad, to 5, very good.",
)
@click.option("--text", default="", metavar="TEXT", help="What you think of it.")
@click.option(
    "-f", "--file", "file", metavar="FILE", help='Take the text from a file; "-": standard input.'
)
@click.option("--unnamed", is_flag=True, help="Without your name; it then counts in no total.")
@click.option(
    "--by",
    "carrier",
    metavar="P",
    help="Who is asked to publish it unnamed.  [default: the host, else the seller]",
)
@click.pass_obj
def review_new(
    out: Output,
    order_id: str,
    stars: int,
    text: str,
    file: str | None,
    unnamed: bool,
    carrier: str | None,
) -> None:
    """Review ORDER, which you bought and which has its receipt.

    A named review is public with your name, and that you bought; you can erase it. Said again, the
    newer one stands. An unnamed one stands in somebody else's name as carried for a buyer: who
    publishes it knows that it is yours, and decides whether to. Nothing else hangs on a review.
    """
    from node.trade import reviews

    if file is not None and text:
        raise click.UsageError("Give either --text or --file.")
    if carrier is not None and not unnamed:
        raise click.UsageError("--by is for an --unnamed review.")
    said = read_text(file) if file is not None else text
    with out.opened() as home:
        made = reviews.write(home, order_id, stars, said, unnamed=unnamed, carrier=carrier)
        text = f"{made.get('review', '')[:8]}  Published under your name."
        if not made["named"]:
            text = f"{_name(home, made['carrier'])} is asked to publish it."
    out.answer(made, text)


@review.command("list")
@click.option("--of", "person", metavar="P", help="Of what this person sold or made.")
@click.option("--listing", metavar="ID", help="Of what this listing sold.")
@click.option("--order", metavar="ORDER", help="Of an order of yours.")
@click.option("--marked", is_flag=True, help="Those that count nowhere, each with the reason.")
@click.option("--asked", is_flag=True, help="Those that others ask you to publish.")
@click.pass_obj
def review_list(
    out: Output,
    person: str | None,
    listing: str | None,
    order: str | None,
    marked: bool,
    asked: bool,
) -> None:
    """List reviews, the newest first.

    Named ones of valid sales count in the stars; unnamed ones stand apart, in no total.
    """
    from node.trade import reviews

    if sum(each is not None for each in (person, listing, order)) > 1:
        raise click.UsageError("Give one of --of, --listing and --order.")
    with out.opened() as home:
        if asked:
            found = _asked(home)
            out.answer({"asked": found}, "\n".join(map(_asked_line, found)) or "There is none.")
            return
        data = reviews.listed(home, person=person, listing=listing, order=order, marked=marked)
    lines = [each for one in data["reviews"] for each in _lines(one)]
    if data["stars"] is not None:
        lines.append(f"{data['stars']} of 5 stars from {data['counted']} named.")
    out.answer(data, "\n".join(lines) or "There is none.")


@review.command("answer")
@click.argument("review_id", metavar="REVIEW")
@click.argument("text")
@click.pass_obj
def review_answer(out: Output, review_id: str, text: str) -> None:
    """Answer REVIEW with TEXT, as whoever sold or made it.

    It stands below the review, and you can erase it.
    """
    from node.trade import reviews

    with out.opened() as home:
        made = reviews.answer(home, review_id, text)
    out.answer(made, f"{made['comment'][:8]}  Your answer stands below the review.")


@review.command("carry")
@click.argument("order_id", metavar="ORDER")
@click.pass_obj
def review_carry(out: Output, order_id: str) -> None:
    """Publish the review that ORDER's buyer sent you.

    Their name is not on it. It stands among your records as something that you carry for a buyer.
    You may as well not do it.
    """
    from node.trade import reviews

    with out.opened() as home:
        made = reviews.carry(home, order_id)
    out.answer(made, f"{made['review'][:8]}  Published; nobody sees whose it is.")


@review.command("withdraw")
@click.argument("review_id", metavar="REVIEW")
@click.pass_obj
def review_withdraw(out: Output, review_id: str) -> None:
    """Erase a review that you wrote or carry.

    Its earlier versions go with it.
    """
    from node.trade import reviews

    with out.opened() as home:
        made = reviews.withdraw(home, review_id)
    out.answer(made, "Erased. Other nodes delete it as they hear of it.")


def _asked(home: Home) -> list[dict[str, Any]]:
    from node.status import rfc3339
    from node.trade import reviews

    return [
        {
            "letter": each.letter.hex(),
            "order": each.review.order.hex(),
            "person": each.by.hex(),
            "name": _name(home, each.by.hex()),
            "stars": each.review.stars,
            "text": each.review.text,
            "at": rfc3339(each.received_ms),
        }
        for each in reviews.asked(home)
    ]


def _asked_line(each: dict[str, Any]) -> str:
    said = line(each["text"])
    return f"{each['order'][:8]}  {each['name']} asks: {each['stars']} of 5  {said}".rstrip()


def _lines(each: dict[str, Any]) -> list[str]:
    who = line(each["name"]) or each["published_by"][:8]
    if each["buyer"] is None:
        who = f"a buyer without a name, carried by {who}"
    marks = "" if not each["reason"] else f"  [{_REASONS[each['reason']]}]"
    lines = [f"{each['review'][:8]}  {each['stars']} of 5  {who}, {each['at'][:10]}{marks}"]
    if each["text"]:
        lines.append(f"  {line(each['text'])}")
    for answer in each["answers"]:
        lines.append(
            f"    {line(answer['name']) or answer['person'][:8]} answers: {line(answer['text'])}"
        )
    return lines


def _name(home: Home, person: str) -> str:
    from storage.views import profiles

    key = bytes.fromhex(person)
    return line(profiles.names(home.store).get(key, "")) or person[:8]
