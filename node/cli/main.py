"""The `moothall` command's front door: options that work anywhere, errors, exit codes.

Commands are imported only when they are called, so that `--help` stays quick. Only this module
turns a MoothallError into text and an exit code: 0 done, 1 refused or not found, 2 usage,
3 unreachable or timed out.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from node.cli.output import Output
from node.terminal import visible
from protocol.errors import Misused, MoothallError, Unreachable

DONE, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3

COMMANDS: dict[str, tuple[str, str]] = {
    "found": ("node.cli.membership", "Found a community and become its first member."),
    "join": ("node.cli.membership", "Join a community with an invitation link."),
    "invite": ("node.cli.membership", "Make an invitation link that lets one person in."),
    "invitations": ("node.cli.membership", "List the invitations that you made."),
    "confirm": ("node.cli.membership", "Say whom you meant when several people used a link."),
    "vouch": ("node.cli.people", "Stand up for somebody who is not certified yet."),
    "leave": ("node.cli.membership", "Leave the community."),
    "device": ("node.cli.devices", "Show your devices, and give up one that you lost."),
    "recovery": ("node.cli.devices", "Save your recovery file anew."),
    "recover": ("node.cli.devices", "Make a new home from your recovery file."),
    "teller": ("node.cli.teller", "Show who certifies, and move the teller's seat."),
    "recall": ("node.cli.recall", "Replace the tellers, if enough members sign."),
    "member": ("node.cli.people", "Show who belongs to the community."),
    "profile": ("node.cli.people", "Show and change your own profile."),
    "start": ("node.cli.starting", "Start your node; the first time, make a home in the browser."),
    "run": ("node.cli.running", "Run your node until Ctrl-C."),
    "desk": ("node.cli.running", "Print a new link that opens your desk."),
    "watch": ("node.cli.running", "Print what happens on the running node, an event a line."),
    "status": ("node.cli.running", "Show how this home and its node are."),
    "peers": ("node.cli.network", "Show which nodes yours is in touch with, and how."),
    "doctor": ("node.cli.network", "Look after this home and its node, and say what to do."),
    "inbox": ("node.cli.inbox", "Show what waits for you, and until when."),
    "listing": ("node.cli.listing", "Add, edit, show, list, import and withdraw listings."),
    "search": ("node.cli.finding", "Search the listings of the community."),
    "message": ("node.cli.message", "Write to one member, and read what others wrote to you."),
    "review": ("node.cli.review", "Say how an order went, and answer what others say."),
    "dispute": ("node.cli.dispute", "Settle an order that did not go as agreed."),
    "order": ("node.cli.order", "Order from each other, and follow an order to its receipt."),
    "receipt": ("node.cli.receipt", "Show where the money of sales went, and check it."),
    "consign": ("node.cli.consign", "Let others sell your goods, and sell theirs."),
    "recommend": ("node.cli.recommend", "Recommend what others sell."),
    "settle": ("node.cli.settle", "Show who pays whom, and say that you paid or got it."),
    "credit": ("node.cli.credit", "Pay in credits, and show everybody's balance."),
    "fund": ("node.cli.fund", "Show the funds' book, and pay out what members granted."),
    "guest": ("node.cli.guests", "Orders of guests in your shop window."),
    "charter": ("node.cli.charter", "Show the charter and its history, or print a template."),
    "proposal": ("node.cli.assembly", "Propose a change, discuss and follow what others propose."),
    "vote": ("node.cli.voting", "Cast your ballot on a proposal."),
    "count": ("node.cli.voting", "Count a vote again, and say every step."),
    "rehearse": ("node.cli.voting", "Show what a proposal would have meant for past sales."),
    "verify": ("node.cli.store", "Check every record, chain and signature of this home."),
    "rebuild": ("node.cli.store", "Build all views again from the log."),
    "completion": ("node.cli.store", "Print the completion script for your shell."),
}


class Asking(click.Context):
    """A context whose help is a JSON object where JSON was asked for."""

    def get_help(self) -> str:
        """The help page, or `{"help": page}`."""
        out = self.find_object(Output)
        text = super().get_help()
        if out is None or not out.as_json:
            return text
        return json.dumps({"help": text})


class Commands(click.Group):
    """Commands by name, imported when needed."""

    context_class = Asking

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the registry: as one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        for each in (command, *getattr(command, "commands", {}).values()):
            each.context_class = Asking
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        found = version("moothall")
        out = ctx.find_object(Output)
        assert out is not None  # noqa: S101 - main gives one
        out.answer({"version": found}, f"moothall {found}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    metavar="DIR",
    envvar="MOOTHALL_HOME",
    help="The folder of your membership; MOOTHALL_HOME names another default.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@click.pass_obj
def cli(out: Output, home: str | None, as_json: bool) -> None:
    """A market and an assembly for one community, with no one in the middle.

    Begin with `moothall start`, in the browser; or with `moothall found NAME --person YOU` or
    `moothall join LINK --person YOU`, then `moothall run`. --home and --json work before and after
    the command.
    """
    if home == "":
        raise click.UsageError("--home needs the name of a folder.")
    out.home = Path(home).expanduser().absolute() if home else default_home()
    out.as_json = as_json


def default_home() -> Path:
    """The folder of a home where nobody names another."""
    import platformdirs

    return Path(platformdirs.user_data_dir("moothall", appauthor=False))


def _to_front(arguments: list[str]) -> tuple[list[str], list[str]]:
    """--home and --json, which click looks for before the command, and everything else."""
    front: list[str] = []
    rest: list[str] = []
    items = iter(arguments)
    for item in items:
        if item == "--":
            rest += [item, *items]
        elif item == "--json" or item.startswith("--home="):
            front.append(item)
        elif item == "--home":
            front.append(f"--home={next(items, '')}")
        else:
            rest.append(item)
    return front, rest


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit."""
    os.umask(0o077)  # what a home holds is its owner's business
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows `?`
    front, rest = _to_front(sys.argv[1:] if arguments is None else arguments)
    out = Output(home=Path(), as_json="--json" in front)
    try:
        for item in (*front, *rest):
            if not _is_text(item):
                raise click.UsageError(f"{visible(item)} is not UTF-8 text.")
        code: Any = cli.main(
            args=front + rest, prog_name="moothall", standalone_mode=False, obj=out
        )
        sys.exit(code if isinstance(code, int) else DONE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `moothall ... | head`
        sys.exit(DONE)
    except click.ClickException as error:
        _explain_usage(out, error)
        sys.exit(USAGE)
    except click.Abort:
        out.complain("aborted", "Stopped; nothing more was done.")
        sys.exit(REFUSED)
    except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a sentence
        sys.exit(_explain(out, error))


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _explain_usage(out: Output, error: click.ClickException) -> None:
    """Say how the command is meant to be used."""
    if not out.as_json:
        error.show()
        return
    message = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        command = error.ctx.command
        names = command.list_commands(error.ctx) if isinstance(command, click.Group) else []
        message = f"Say which command: {', '.join(names)}."
    out.complain("usage", message)


def _explain(out: Output, error: BaseException) -> int:
    """Turn an error into a sentence and an exit code; also one that a nursery has wrapped."""
    ours = _ours(error)
    if isinstance(ours, MoothallError):
        out.complain(ours.reason, str(ours))
        if isinstance(ours, Misused):
            return USAGE
        return UNREACHABLE if isinstance(ours, Unreachable) else REFUSED
    if isinstance(ours, OSError):
        where = f" ({ours.filename})" if ours.filename else ""
        out.complain("system", f"The system says: {ours.strerror or ours}{where}.")
        return REFUSED
    if not out.as_json:
        import traceback

        traceback.print_exception(error)
    out.complain(
        "internal",
        f"This is a mistake of the program: {type(error).__name__}: {error}. What was written "
        "before is kept. Please report it.",
    )
    return REFUSED


def _ours(error: BaseException) -> BaseException:
    """The error itself, or the first of a group that has a sentence of its own."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    found = [_ours(each) for each in error.exceptions]
    for sort in (MoothallError, OSError):
        for each in found:
            if isinstance(each, sort):
                return each
    return found[0]


if __name__ == "__main__":
    main()
