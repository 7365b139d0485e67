"""Commands about proposals: new, list, show, comment, withdraw, challenge, appeal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli import effects
from node.cli.completing import proposal_argument
from node.cli.files import read_text
from node.cli.output import Output

if TYPE_CHECKING:
    from node.home import Home

STATUSES = (
    "draft",
    "notice",
    "open",
    "counting",
    "challenge",
    "in_effect",
    "failed",
    "annulled",
    "withdrawn",
)


@click.group()
def proposal() -> None:
    """Propose a change, discuss and follow what others propose."""


@proposal.command("new")
@click.option("--title", required=True, metavar="TEXT", help="What it is about, in a few words.")
@click.option(
    "--text",
    "text_file",
    metavar="FILE",
    help='A file with all about it, in Markdown; "-" reads standard input.',
)
@click.option(
    "--kind",
    metavar="NAME",
    help="Which rule of the charter decides it.  [default: the one for its effect]",
)
@click.option(
    "--effect",
    "effect_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What a yes does, as JSON; or say it with the short forms that follow.",
)
@effects.short_forms
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="ID=TEXT",
    help="An option to choose. Can be given several times.",
)
@click.pass_obj
def proposal_new(
    out: Output,
    /,
    title: str,
    text_file: str | None,
    kind: str | None,
    effect_file: Path | None,
    options: tuple[str, ...],
    **short: Any,
) -> None:
    """Propose something to the members.

    Its title and text stay for good: don't write anything about a person that may have to go one
    day. The teller's node puts it to the vote by itself, as the charter says.
    """
    from node.assembly import proposing
    from node.assembly.words import plainly
    from storage.views import profiles

    text = "" if text_file is None else read_text(text_file)
    with out.opened() as home:
        effect = effects.effect(home, effect_file, kind, title, short)
        made = plainly(
            proposing.propose(
                home,
                kind=kind,
                title=title,
                text=text,
                effect=effect,
                options=[_option(each) for each in options],
            ),
            profiles.names(home.store),
        )
        lines = [
            f"{made['proposal'][:8]}  {' '.join(title.split())}",
            "Its title and text stay for good. The teller's node puts it to the vote by itself.",
        ]
        lines += [made["problem"]] if made["problem"] else []
        out.answer(made, "\n".join(lines))


def _option(text: str) -> tuple[str, str]:
    option, equals, said = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} names no option; write ID=TEXT.")
    return option.strip(), said.strip()


@proposal.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only those that stand so.")
@click.option(
    "--limit",
    default=50,
    type=click.IntRange(1, 10_000),
    metavar="NUMBER",
    help="Show at most so many.",
    show_default=True,
)
@click.pass_obj
def proposal_list(out: Output, status: str | None, limit: int) -> None:
    """List what was proposed: drafts first, then the newest votes."""
    from node.assembly import reading
    from node.assembly.words import plainly
    from node.cli.assembly_text import proposals_text

    with out.opened() as home:
        found = reading.proposals(home.store, home.person, status=status, limit=limit)
        data = plainly(found)
        out.answer(data, proposals_text(data["proposals"], data["total"], home.store.now_ms()))


@proposal.command("show")
@proposal_argument
@click.pass_obj
def proposal_show(out: Output, proposal_id: str) -> None:
    """Show a proposal, P, and what was said about it.

    P is its id, or the first 8 digits or more.
    """
    with out.opened() as home:
        answer(out, home, proposal_id)


def answer(out: Output, home: Home, proposal_id: str) -> None:
    """A proposal as it stands, as the answer of a command."""
    from node.assembly import counts, reading
    from node.assembly.words import plainly
    from node.cli.assembly_text import proposal_text
    from storage.views import profiles

    found = reading.proposal(home.store, home.person, proposal_id)
    found["agrees"] = (
        counts.agreement(home.store, proposal_id)["agrees"] if found["rounds"] else None
    )
    data = plainly(found, profiles.names(home.store))
    out.answer(data, proposal_text(data, home.store.now_ms()))


@proposal.command("comment")
@proposal_argument
@click.argument("text")
@click.option("--reply", metavar="ID", help="The comment that this one answers.")
@click.pass_obj
def proposal_comment(out: Output, proposal_id: str, text: str, reply: str | None) -> None:
    """Say something about proposal P.

    Whom a proposal is about answers in the same way. You may erase your words later.
    """
    from node.assembly import acting

    with out.opened() as home:
        made = acting.comment(home, proposal_id, text, reply)
        out.answer(made, f"Said; {made['comment'][:8]} is its id.")


@proposal.command("erase")
@click.argument("comment_id", metavar="COMMENT")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def proposal_erase(out: Output, comment_id: str, yes: bool) -> None:
    """Erase a comment of yours on every node, for good.

    Also the reason that you gave with a ballot, and what you said when you vouched.
    """
    from node.assembly import acting

    with out.opened() as home:
        acting.own_comment(home, comment_id)  # no question about what isn't there
        out.confirm("Erase its text on every node, for good?", yes)
        made = acting.erase_comment(home, comment_id)
        out.answer(made, "Erased.")


@proposal.command("withdraw")
@proposal_argument
@click.pass_obj
def proposal_withdraw(out: Output, proposal_id: str) -> None:
    """Take a proposal of yours back, before its vote begins."""
    from node.assembly import acting

    with out.opened() as home:
        acting.withdraw(home, proposal_id)
        answer(out, home, proposal_id)


@proposal.command("challenge")
@proposal_argument
@click.option(
    "--ballot",
    "ballots",
    multiple=True,
    metavar="ID",
    help="A ballot that should have counted. Can be given several times.",
)
@click.pass_obj
def proposal_challenge(out: Output, proposal_id: str, ballots: tuple[str, ...]) -> None:
    """Say that the vote on P was counted wrongly.

    Or that it was opened for something else than its author proposed. The tellers' nodes look for
    themselves, and annul what is proved wrong. Without --ballot it is about what this node has
    found.
    """
    from node.assembly import acting

    with out.opened() as home:
        made = acting.challenge(home, proposal_id, ballots)
        out.answer(made, "Challenged: the tellers' nodes look for themselves.")


@proposal.command("appeal")
@proposal_argument
@click.pass_obj
def proposal_appeal(out: Output, proposal_id: str) -> None:
    """Ask the members to decide once more, if P expels you.

    Until they have, you stay a member. There is one appeal.
    """
    from node.assembly import acting

    with out.opened() as home:
        made = acting.appeal(home, proposal_id)
        out.answer(made, "Said: the members vote once more.")
