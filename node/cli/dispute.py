"""Commands about disputes: list, show, evidence, propose, agree, mediate, vote, verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from node.cli.completing import order_argument
from node.cli.files import read_text
from node.cli.output import Output
from node.cli.render import line
from node.importing.prices import money
from node.moments import when

if TYPE_CHECKING:
    from node.home import Home
    from node.trade.reading import Order

_STEPS = {
    "talk": "the two sides talk",
    "mediator": "a mediator helps",
    "vote": "the members may decide",
    "over": "all deadlines have passed",
}
_OUTCOMES = {
    "agreed": "both sides agreed",
    "verdict": "the members have decided",
    "closed": "closed",
}


@click.group()
def dispute() -> None:
    """Settle an order that did not go as agreed; `moothall order dispute` opens one."""


@dispute.command("list")
@click.pass_obj
def dispute_list(out: Output) -> None:
    """List your disputes, and those that you are asked to mediate."""
    from node.trade import disputing

    with out.opened() as home:
        found = [disputing.data(home, each) for each in disputing.disputes(home)]
        asked = disputing.requests_data(home)
        now = home.store.now_ms()
    lines = [_row(each, now) for each in found]
    lines += [_request(each) for each in asked if each["taken"] is None]
    data = {"disputes": found, "requests": asked}
    out.answer(data, "\n".join(lines) or "There is none.")


@dispute.command("show")
@order_argument
@click.pass_obj
def dispute_show(out: Output, order_id: str) -> None:
    """Show a dispute.

    What was said, what is proposed, who may do what and until when.
    """
    from node.trade import disputing

    with out.opened() as home:
        _answer(out, home, disputing.get(home, order_id)[0])


@dispute.command("evidence")
@order_argument
@click.argument("text", required=False)
@click.option(
    "-f", "--file", "file", metavar="FILE", help='Take the text from a file; "-": standard input.'
)
@click.pass_obj
def dispute_evidence(out: Output, order_id: str, text: str | None, file: str | None) -> None:
    """Say or show something.

    The other side reads it, and a mediator who has begun; nobody else.
    """
    from node.trade import disputing

    if (text is None) == (file is None):
        raise click.UsageError("Give either TEXT or a file with it.")
    said = read_text(file) if file is not None else text or ""
    _do(out, lambda home: disputing.evidence(home, order_id, said))


@dispute.command("propose")
@order_argument
@click.option(
    "--refund",
    required=True,
    metavar="AMOUNT",
    help="By how much less than agreed the order should count; 0 is allowed.",
)
@click.option("--text", default="", metavar="TEXT", help="Why.")
@click.pass_obj
def dispute_propose(out: Output, order_id: str, refund: str, text: str) -> None:
    """Propose how to settle it, as a side or as mediator.

    It holds as soon as both sides agree, at any step.
    """
    from node.trade import disputing

    _do(out, lambda home: disputing.propose(home, order_id, refund, text))


@dispute.command("agree")
@order_argument
@click.argument("proposal", required=False)
@click.pass_obj
def dispute_agree(out: Output, order_id: str, proposal: str | None) -> None:
    """Agree to PROPOSAL, by its id, or to the only one there is."""
    from node.trade import disputing

    _do(out, lambda home: disputing.agree(home, order_id, proposal))


@dispute.command("mediator")
@order_argument
@click.argument("person", metavar="P")
@click.pass_obj
def dispute_mediator(out: Output, order_id: str, person: str) -> None:
    """Name P as mediator. Once the other side names the same person, P is asked.

    P reads the order's letters after having agreed to mediate, and not before. Who does not answer
    in time, or does not want to, is replaced by naming somebody else.
    """
    from node.trade import disputing

    _do(out, lambda home: disputing.name_mediator(home, order_id, person))


@dispute.command("mediate")
@click.argument("order_id", metavar="ORDER")
@click.option("--no", "refuse", is_flag=True, help="Say that you don't want to.")
@click.pass_obj
def dispute_mediate(out: Output, order_id: str, refuse: bool) -> None:
    """Say that you mediate, having been named by both sides."""
    from node.trade import disputing

    with out.opened() as home:
        order = disputing.mediate(home, order_id, not refuse).hex()
    text = "You said no; they will name somebody else."
    if not refuse:
        text = (
            "You mediate now. The order's letters come as soon as a node of either side has heard "
            f"of it; then `moothall dispute show {order[:8]}` shows them."
        )
    out.answer({"order": order, "taken": not refuse}, text)


@dispute.command("vote")
@order_argument
@click.option(
    "--refund",
    required=True,
    metavar="AMOUNT",
    help="By how much less than agreed the order should count, if a vote passes this; maybe 0.",
)
@click.option("--why", required=True, metavar="TEXT", help="In one line, for the ballot.")
@click.option(
    "--text",
    "text_file",
    metavar="FILE",
    help='A file with what the members are told, in Markdown; "-" reads standard input.',
)
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def dispute_vote(
    out: Output, order_id: str, refund: str, why: str, text_file: str | None, yes: bool
) -> None:
    """Let the members decide.

    That is open to you when talk and mediation have had their time. Buyer, seller, amount and what
    you write here are public and stay for good; no letter is.
    """
    from node.trade import disputing

    story = "" if text_file is None else read_text(text_file)
    with out.opened() as home:
        out.confirm("Tell all members who is in dispute, for how much, and why?", yes)
        made = disputing.ask_members(home, order_id, refund, why, story)
    lines = [f"{made['proposal'][:8]}  The teller's node puts it to the vote by itself."]
    lines += [str(made["problem"])] if made["problem"] else []
    out.answer({**made, "problem": made["problem"] and str(made["problem"])}, "\n".join(lines))


@dispute.command("verdict")
@order_argument
@click.pass_obj
def dispute_verdict(out: Output, order_id: str) -> None:
    """Bring what the members have decided to the order.

    A running node does so by itself.
    """
    from node.trade import disputing

    _do(out, lambda home: disputing.carry_out(home, order_id))


def _do(out: Output, act: Callable[[Home], Order]) -> None:
    with out.opened() as home:
        _answer(out, home, act(home))


def _answer(out: Output, home: Home, order: Order) -> None:
    from node.trade import disputing

    data = disputing.data(home, order)
    out.answer(data, "\n".join(_lines(data, home.store.now_ms())))


def _row(each: dict[str, Any], now: int) -> str:
    waits = ""
    if each["waits_for_me"]:
        waits = "  waits for you" + (f", until {when(each['due'], now)}" if each["due"] else "")
    title = line(each["title"])[:40] or "(no title)"
    return f"{each['order'][:8]}  {title}  {_step(each)}{waits}"


def _request(each: dict[str, Any]) -> str:
    sides = " and ".join(line(side["name"]) or side["person"][:8] for side in each["sides"])
    return (
        f"{each['order'][:8]}  {sides} ask you to mediate; `moothall dispute mediate` answers them"
    )


def _step(each: dict[str, Any]) -> str:
    held = each["dispute"]
    step = "mediator" if held["taken"] and each["step"] == "talk" else each["step"]
    return _OUTCOMES.get(held["outcome"]) or _STEPS.get(step, "")


def _lines(each: dict[str, Any], now: int) -> list[str]:
    held, currency = each["dispute"], each["currency"]
    lines = [f"{each['order'][:8]}  {line(each['title']) or '(no title)'}", f"  {_step(each)}"]
    if held["refund"] is not None:
        lines.append(f"  The order counts for {money(held['refund'], currency)} {currency} less.")
    if held["mediator"]:
        begun = "mediates" if held["taken"] else "is asked to mediate"
        lines.append(f"  {_name(each, held['mediator'])} {begun}.")
    else:
        for side, person in held["named"].items():
            lines.append(f"  The {side} names {_name(each, person)} as mediator.")
    for one in held["proposals"]:
        agreed = f", agreed by {' and '.join(one['agreed'])}" if one["agreed"] else ""
        why = f": {line(one['text'])}" if one["text"] else ""
        amount = f"{money(one['refund'], currency)} {currency}"
        lines.append(
            f"  {one['proposal'][:8]}  the {one['by']} proposes {amount} less{agreed}{why}"
        )
    lines += [f"  Vote {vote[:8]}" for vote in each["votes"]]
    for one in each["said"]:
        if one["text"]:
            lines.append(f"  {one['at'][:10]} {_name(each, one['from'])}: {line(one['text'])}")
    now_may = [one["move"] for one in each["moves"] if one["from"] is None]
    if now_may:
        lines.append(f"  You may: {', '.join(dict.fromkeys(now_may))}.")
    for one in each["moves"]:
        if one["from"] is not None:
            word = "vote" if one["move"] == "verdict" else one["move"]  # how one comes to it
            lines.append(f"  {word}: from {when(one['from'], now)}")
    return lines


def _name(each: dict[str, Any], person: str) -> str:
    return line(each["names"].get(person, "")) or person[:8]
