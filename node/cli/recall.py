"""Commands about recalls: replacing the tellers by the signatures of members."""

from __future__ import annotations

from typing import Any

import click

from node.cli.completing import recall_argument
from node.cli.output import Output
from node.cli.render import line

STATUS = {
    "open": "not enough yet",
    "ready": "enough, and it waits: `moothall teller show` says for what",
    "in-force": "in force",
    "over": "over",
    "elsewhere": "it goes on from a certificate that is not here",
}


@click.group()
def recall() -> None:
    """Replace the tellers, if enough members sign."""


@recall.command("new")
@click.option(
    "--teller",
    "tellers",
    multiple=True,
    required=True,
    metavar="PERSON",
    help="Who should be teller; once, or four times for four.",
)
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def recall_new(out: Output, tellers: tuple[str, ...], yes: bool) -> None:
    """Begin a recall, and sign it.

    It takes so many of the members as the charter says, mostly two thirds. Everybody's node puts
    the others in as tellers as soon as it holds enough signatures. What was certified until now
    stays; what the old tellers certify from now on is void then.
    """
    from node import recalling

    with out.opened() as home:
        out.confirm("Sign that these people should be the tellers instead? All can see it.", yes)
        made = recalling.propose(home, tellers)
    out.answer(made, "\n".join(_lines(made) + _next(made)))


@recall.command("sign")
@recall_argument
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def recall_sign(out: Output, recall_id: str, yes: bool) -> None:
    """Sign a recall that somebody else has begun.

    You sign one of each attempt at most.
    """
    from node import recalling

    with out.opened() as home:
        found = recalling.show(home, recall_id)
        out.note("\n".join(_lines(found)))
        out.confirm("Sign it? All can see that you did.", yes)
        made = recalling.sign(home, recall_id)
    out.answer(made, "\n".join(_lines(made) + _next(made)))


@recall.command("show")
@recall_argument
@click.pass_obj
def recall_show(out: Output, recall_id: str) -> None:
    """Show who would be teller, and who has signed."""
    from node import recalling

    with out.opened() as home:
        found = recalling.show(home, recall_id)
    out.answer(found, "\n".join(_lines(found)))


@recall.command("list")
@click.pass_obj
def recall_list(out: Output) -> None:
    """List the recalls under way, and what speaks for one."""
    from node import fraud, recalling

    with out.opened() as home:
        listed, why = recalling.listed(home), recalling.reasons(home.store)
        data = {"recalls": listed, "reasons": why, "fraud": fraud.proved(home.store)}
    lines = [str(recalling.REASONS[each]) for each in why]
    for each in listed:
        lines += ["", *_lines(each)] if lines else _lines(each)
    out.answer(data, "\n".join(lines) or "No recall is under way.")


def _lines(found: dict[str, Any]) -> list[str]:
    """The recall, who should be teller, and who signed it."""
    names = ", ".join(_name(each) for each in found["tellers"])
    signed = f"{found['signed']}"
    if found["needed"] is not None:
        signed = f"{found['signed']} of {found['needed']} signatures"
    by = ", ".join(_name(each) for each in found["by"])
    lines = [
        f"{found['recall'][:8]}  {names}",
        f"  {signed}, {STATUS[found['status']]}" + (f": {by}" if by else ""),
    ]
    if found["height"] is not None:
        lines.append(
            f"  Attempt {found['attempt']}; what was certified up to step {found['height']} stays."
        )
    return lines


def _next(made: dict[str, Any]) -> list[str]:
    """What has to be done now."""
    if made["status"] == "in-force":
        return ["", "That was enough: they are the tellers now."]
    missing = (made["needed"] or 0) - made["signed"]
    if made["status"] != "open" or missing < 1:
        return []
    some = "One more member has" if missing == 1 else f"{missing} more members have"
    return ["", f"{some} to sign, each with `moothall recall sign {made['recall'][:8]}`."]


def _name(person: dict[str, Any]) -> str:
    return line(person["name"]) or person["person"][:8]
