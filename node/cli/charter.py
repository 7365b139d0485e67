"""Commands about the charter: show the one in force, print a template to start from."""

from __future__ import annotations

import json

import click

from node.cli.output import Output


@click.group()
def charter() -> None:
    """Show the charter, or print a template for one."""


@charter.command("show")
@click.pass_obj
def charter_show(out: Output) -> None:
    """Show the values and rules in force."""
    from governance.charter import charter_hash
    from governance.charter_text import summary

    with out.opened() as home:
        current = home.charter()
        lines = [current.name, current.about, ""]
        lines += [f"{value.id}: {value.text}" for value in current.values]
        lines += ["", *(f"{name}: {text}" for name, text in summary(current))]
        data = {**current.to_data(), "hash": charter_hash(current).hex(), "version": 0}
        out.answer(data, "\n".join(lines))


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
