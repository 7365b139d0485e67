"""Commands about the home's own store: verify, rebuild; and shell completion."""

from __future__ import annotations

import click

from node.cli.output import Output

KEPT = (
    "Nothing was changed. Make a copy of the home before anything else; your neighbours hold what "
    "you published."
)


@click.command()
@click.pass_obj
def verify(out: Output) -> None:
    """Check every record, chain and signature of this home.

    Nothing that is derived is trusted, and nothing is changed. With faults, the exit code is 1.
    """
    from storage.verify import verify as check

    with out.opened() as home, out.progress("Checking") as progress:
        records, faults = check(home.store, progress)
    told = [str(fault) for fault in faults]
    text = "\n".join([*told, KEPT]) if told else f"{records} records, all sound."
    out.answer({"records": records, "faults": told}, text)
    if faults:
        raise click.exceptions.Exit(1)


@click.command()
@click.pass_obj
def rebuild(out: Output) -> None:
    """Build all views again from the log.

    Nothing is lost: the log is the truth, and views only show it.
    """
    from storage.verify import rebuild as build

    with out.opened() as home, out.progress("Rebuilding") as progress:
        views, digest = build(home.store, progress)
    out.answer({"views": views, "digest": digest}, f"{views} views rebuilt; digest {digest[:16]}.")


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for your shell.

    Put what it prints where your shell looks for such scripts.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    root = ctx.find_root().command
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    script = found(root, {}, "moothall", "_MOOTHALL_COMPLETE").source()
    ctx.obj.answer({"script": script}, script)
