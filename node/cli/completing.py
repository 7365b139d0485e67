"""What a shell may complete beside commands and options: proposals, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def proposals(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The proposals of this home whose ids begin like this, with their titles; quiet on errors."""
    import contextlib
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from node.assembly import reading
    from node.cli.main import default_home
    from node.cli.render import line
    from node.home import open_home
    from node.terminal import visible
    from protocol.errors import MoothallError

    named = ctx.find_root().params.get("home")
    folder = Path(named).expanduser() if named else default_home()
    try:
        with contextlib.closing(open_home(folder)) as home:
            listed = reading.proposals(home.store)["proposals"]
    except (MoothallError, OSError):
        return []
    return [
        CompletionItem(each["proposal"][:8], help=visible(line(each["title"])))
        for each in listed
        if each["proposal"].startswith(incomplete.lower())
    ]


proposal_argument = click.argument("proposal_id", metavar="P", shell_complete=proposals)
