"""Commands about the charter: what is in force, how it came about, templates to start from."""

from __future__ import annotations

import json

import click

from node.cli.output import Output


@click.group()
def charter() -> None:
    """Show the charter and its history, or print a template for one."""


@charter.command("show")
@click.pass_obj
def charter_show(out: Output) -> None:
    """Show the values and rules in force, and who holds the offices."""
    from governance.charter_text import summary
    from node.assembly import charters
    from node.cli.assembly_text import officers_text
    from node.moments import date

    with out.opened() as home:
        current = home.charter()
        data = charters.charter(home.store)
        offices = charters.offices(home.store)["offices"]
    lines = [current.name, current.about, ""]
    lines += [f"{value.id}: {value.text}" for value in current.values]
    told = {value.text for value in current.values}
    lines += ["", *(f"{name}: {text}" for name, text in summary(current) if text not in told)]
    lines += officers_text(offices)
    lines += ["", f"Version {data['version']}, in force since {date(data['since'])}"]
    out.answer(data, "\n".join(lines))


@charter.command("history")
@click.pass_obj
def charter_history(out: Output) -> None:
    """Show every version of the charter, and what each changed."""
    from node.assembly import charters
    from node.assembly.words import plainly
    from node.cli.assembly_text import history_text
    from storage.views import profiles

    with out.opened() as home:
        made = charters.charter_history(home.store)
        data = plainly(made, profiles.names(home.store))
    out.answer(data, history_text(data["versions"]))


@charter.command("diff")
@click.argument("a")
@click.argument("b", required=False)
@click.pass_obj
def charter_diff(out: Output, a: str, b: str | None) -> None:
    """Show what differs between versions A and B of the charter.

    A version is its number in `moothall charter history`, or the first 8 digits of its hash.
    Without B it is the one in force.
    """
    from node.assembly import charters
    from node.assembly.words import plainly
    from node.cli.assembly_text import diff_text
    from storage.views import profiles

    with out.opened() as home:
        made = charters.charter_diff(home.store, a, b)
        data = plainly(made, profiles.names(home.store))
    out.answer(data, diff_text(data))


@charter.command("template")
@click.argument("name", required=False)
@click.pass_obj
def charter_template(out: Output, name: str | None) -> None:
    """Print a charter to start from, as JSON.

    Change it as you like and found with `--charter FILE`. Without NAME: which ones there are.
    """
    from governance.templates import TEMPLATES, template

    if name is None:
        out.answer({"templates": sorted(TEMPLATES)}, "\n".join(sorted(TEMPLATES)))
        return
    data = template(name)
    out.answer(data, json.dumps(data, indent=1, ensure_ascii=False))
