"""Commands that move many listings at once: import from a seller's file, export of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.fields import currency_of
from node.cli.output import Output
from protocol.errors import NotFound

if TYPE_CHECKING:
    from node.importer import Imported

SHOWN = 20  # errors of a file that are shown as text


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    help="The file's format: shopify.  [default: found by the column names]",
)
@click.option(
    "--currency", metavar="CODE", help="The currency of its prices.  [default: the community's]"
)
@click.option("--dry-run", is_flag=True, help="Read and check only, and write nothing.")
@click.pass_obj
def listing_import(
    out: Output, file: Path, format_: str | None, currency: str | None, dry_run: bool
) -> None:
    """Import products from a seller's CSV FILE.

    Everything is imported or nothing; unpublished products become drafts; the same file again
    changes nothing. Pictures are noted by their address and never fetched.
    """
    from node import importer

    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotFound("no-file", f"{file} can't be read ({error.strerror}).") from error
    with out.opened() as home, out.progress("Importing") as progress:
        result = importer.run(
            home,
            data,
            format_=format_,
            currency=currency_of(home, currency),
            dry_run=dry_run,
            progress=progress,
        )
    _answer_import(out, result, dry_run)
    if result.errors:
        raise click.exceptions.Exit(1)


def _answer_import(out: Output, result: Imported, dry_run: bool) -> None:
    errors = [
        {"line": fault.line, "column": fault.column, "reason": fault.reason}
        for fault in result.errors
    ]
    counts = {
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "skipped": result.skipped,
        "drafts": result.drafts,
    }
    if errors:
        counts = dict.fromkeys(counts, 0)
        lines = [f"line {e['line']}, {e['column']}: {e['reason']}" for e in errors[:SHOWN]]
        if len(errors) > SHOWN:
            lines.append(f"... and {len(errors) - SHOWN} more")
        lines.append("Nothing was imported.")
    else:
        lines = [
            f"{'Would be imported' if dry_run else 'Imported'}: {result.created} created, "
            f"{result.updated} updated, {result.drafts} kept as drafts, "
            f"{result.unchanged} unchanged, {result.skipped} skipped."
        ]
    out.answer({**counts, "errors": errors}, "\n".join(lines))
