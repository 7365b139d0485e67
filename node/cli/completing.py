"""What a shell may complete beside commands and options: proposals, recalls, orders, by ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from node.home import Home


def proposals(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The proposals of this home whose ids begin like this, with their titles; quiet on errors."""
    return _items(ctx, incomplete, _proposals)


def recalls(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The recalls whose ids begin like this, with whom they would make tellers; quiet on errors."""
    return _items(ctx, incomplete, _recalls)


def orders(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The orders whose ids begin like this, with what they are of; quiet on errors."""
    return _items(ctx, incomplete, _orders)


def _items(
    ctx: click.Context, incomplete: str, read: Callable[[Home], Iterable[tuple[str, str]]]
) -> list[CompletionItem]:
    import contextlib
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from node.cli.main import default_home
    from node.cli.render import line
    from node.home import open_home
    from node.terminal import visible
    from protocol.errors import MoothallError

    named = ctx.find_root().params.get("home")
    folder = Path(named).expanduser() if named else default_home()
    try:
        with contextlib.closing(open_home(folder)) as home:
            listed = list(read(home))
    except (MoothallError, OSError):
        return []
    return [
        CompletionItem(each[:8], help=visible(line(said)))
        for each, said in listed
        if each.startswith(incomplete.lower())
    ]


def _proposals(home: Home) -> Iterable[tuple[str, str]]:
    from node.assembly import reading

    listed = reading.proposals(home.store)["proposals"]
    return ((each["proposal"], each["title"]) for each in listed)


def _recalls(home: Home) -> Iterable[tuple[str, str]]:
    from node import recalling

    return (
        (each["recall"], ", ".join(person["name"] for person in each["tellers"]))
        for each in recalling.listed(home)
    )


def _orders(home: Home) -> Iterable[tuple[str, str]]:
    from node.trade import reading

    return ((each.id.hex(), each.title) for each in reading.orders(home))


proposal_argument = click.argument("proposal_id", metavar="P", shell_complete=proposals)
recall_argument = click.argument("recall_id", metavar="ID", shell_complete=recalls)
order_argument = click.argument("order_id", metavar="ORDER", shell_complete=orders)
