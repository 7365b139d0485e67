"""The `moothall` command's front door: options that work anywhere, errors, exit codes.

Commands are imported only when they are called, so that `--help` stays quick. Only this module
turns a MoothallError into text and an exit code: 0 done, 1 refused or not found, 2 usage,
3 unreachable or timed out.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from node.cli.output import Output
from protocol.errors import MoothallError, Unreachable

COMMANDS: dict[str, tuple[str, str]] = {
    "found": ("node.cli.membership", "Found a community and become its first member."),
    "join": ("node.cli.membership", "Join a community with an invitation link."),
    "invite": ("node.cli.membership", "Invite somebody: prints a link that works once."),
    "confirm": ("node.cli.membership", "Say whom you meant when several people used a link."),
    "leave": ("node.cli.membership", "Leave the community; what you published so far stays."),
    "member": ("node.cli.membership", "Who belongs: list members, show one."),
    "profile": ("node.cli.membership", "Your own profile: show it, change it."),
    "run": ("node.cli.running", "Run your node: sync with peers, serve the desk and shop window."),
    "watch": ("node.cli.running", "Print what happens on the running node, an event a line."),
    "status": ("node.cli.running", "How this home and its node are."),
    "listing": ("node.cli.listing", "Offers and wants: add, edit, show, list, import."),
    "search": ("node.cli.listing", "Search the listings of the community."),
    "charter": ("node.cli.charter", "The community's charter: show it, print a template."),
    "verify": ("node.cli.store", "Check every record, chain and signature of this home."),
    "rebuild": ("node.cli.store", "Build all views again from the log."),
    "completion": ("node.cli.store", "Print the shell completion script."),
}


class Commands(click.Group):
    """Commands by name, imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the registry: as one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="MOOTHALL_HOME",
    help="The folder of your membership (or set MOOTHALL_HOME).",
)
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
@click.version_option(package_name="moothall", message="moothall %(version)s")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, as_json: bool) -> None:
    """A market and an assembly for one community, with no one in the middle.

    Begin with `moothall found NAME --person YOU`, or `moothall join LINK --person YOU`; then
    `moothall run`. --home and --json work before and after the command.
    """
    ctx.obj = Output(home=home or _default_home(), as_json=as_json)


def _default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("moothall", appauthor=False))


def _to_front(arguments: list[str]) -> list[str]:
    """Move --home and --json before the command, where click looks for them."""
    front: list[str] = []
    rest: list[str] = []
    items = iter(arguments)
    for item in items:
        if item == "--":
            rest += [item, *items]
        elif item == "--json" or item.startswith("--home="):
            front.append(item)
        elif item == "--home":
            front += [item, *[value for value in [next(items, None)] if value is not None]]
        else:
            rest.append(item)
    return front + rest


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit."""
    given = _to_front(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code: Any = cli.main(args=given, prog_name="moothall", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        if as_json:
            Output.complain("usage", error.format_message())
        else:
            error.show()
        sys.exit(2)
    except click.Abort:
        if as_json:
            Output.complain("aborted", "Stopped; nothing more was done.")
        else:
            click.echo("Stopped.", err=True)
        sys.exit(1)
    except MoothallError as error:
        if as_json:
            Output.complain(error.reason, str(error))
        else:
            click.echo(str(error), err=True)
        sys.exit(3 if isinstance(error, Unreachable) else 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `moothall ... | head`
        sys.exit(0)


if __name__ == "__main__":
    main()
