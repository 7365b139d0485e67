"""Commands that move many listings at once: import from a seller's file, export of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.fields import currency_of
from node.cli.output import Output
from protocol.errors import NotFound, Refused

if TYPE_CHECKING:
    from node.importer import Imported, Row
    from node.importing.model import RowError

SHOWN = 20  # rows of a file that are shown as text
SIGNS = {"point": ".", "comma": ","}


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    help="Whose file it is: shopify, etsy, woocommerce, ofn (Open Food Network) or csv (our own)."
    "  [default: found by the column names]",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="The currency of prices that name none.  [default: the community's]",
)
@click.option(
    "--decimal",
    type=click.Choice(list(SIGNS)),
    help="Which sign marks the decimals in its prices, where they could be read in two ways.",
)
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "windows-1252"]),
    default="utf-8",
    help="The file's character set, UTF-8 unless an older spreadsheet made it.",
)
@click.option("--dry-run", is_flag=True, help="Show what would become of each row; write nothing.")
@click.pass_obj
def listing_import(
    out: Output,
    file: Path,
    format_: str | None,
    currency: str | None,
    decimal: str | None,
    encoding: str,
    dry_run: bool,
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
            decimal=SIGNS.get(decimal or "", ""),
            encoding=encoding,
            dry_run=dry_run,
            progress=progress,
        )
    _answer(out, result, dry_run)
    if result.errors:
        raise click.exceptions.Exit(1)


@click.command("export")
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    default="csv",
    help="One of csv (our own, for a backup or a spreadsheet), shopify and json-ld."
    "  [default: csv]",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="The currency of a Shopify file, which has only one.  [default: the community's]",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of the terminal.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there already.")
@click.pass_obj
def listing_export(
    out: Output, format_: str, currency: str | None, output: Path | None, force: bool
) -> None:
    """Write your own listings into a file for other programs.

    Drafts are among them; what you withdrew is not. Photos stay out of it.
    """
    from node import exporter

    with out.opened() as home:
        written = exporter.export(home, format_, currency_of(home, currency))
    answer = {"format": format_, "count": written.count, "left_out": written.left_out}
    if output is not None:
        _save(output, written.text, force)
        noun = "listing" if written.count == 1 else "listings"
        lines = [f"Wrote {written.count} {noun} to {output}."]
        lines += [_left_out(written.left_out)] if written.left_out else []
        out.answer({**answer, "path": str(output)}, "\n".join(lines))
        return
    if out.as_json or sys.stdout.isatty():
        out.answer({**answer, "path": None, "text": written.text}, written.text.rstrip())
    else:  # into a file or another program: byte for byte
        click.echo(written.text.encode(), nl=False)
    if written.left_out:
        out.note(_left_out(written.left_out))


def _left_out(count: int) -> str:
    have = "has" if count == 1 else "have"
    return f"{count} of your listings {have} no place in this format; left out."


def _save(path: Path, text: str, force: bool) -> None:
    """Write a whole file; Refused rather than overwrite one that is there."""
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(
            "file-exists", f"{path} is there already and was left as it is; say --force with it."
        ) from error
    except OSError as error:
        raise Refused("no-file", f"{path} can't be written ({error.strerror}).") from error


def _answer(out: Output, result: Imported, dry_run: bool) -> None:
    errors = [
        {"line": fault.line, "column": fault.column, "reason": _reason(fault)}
        for fault in result.errors
    ]
    rows = [
        {"line": row.line, "title": row.title, "fate": row.fate, "reason": _reason(row)}
        for row in result.rows
    ]
    counts = {
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "skipped": result.skipped,
        "drafts": result.drafts,
    }
    text = _faults(result) if errors else _fates(result, dry_run)
    out.answer({**counts, "format": result.format, "errors": errors, "rows": rows}, text)


def _reason(row: Row | RowError) -> str:
    """A sentence, and the option that settles it."""
    return f"{row.reason} See --{row.choice}." if row.choice else row.reason


def _faults(result: Imported) -> str:
    lines = [f"line {e.line}, {e.column}: {_reason(e)}" for e in result.errors[:SHOWN]]
    if len(result.errors) > SHOWN:
        lines.append(f"... and {len(result.errors) - SHOWN} more")
    return "\n".join([*lines, "Nothing was imported."])


def _fates(result: Imported, dry_run: bool) -> str:
    """The counts, and each row of a dry run; of an import only what needs a word."""
    rows = result.rows if dry_run else [row for row in result.rows if row.reason]
    lines = [
        f"line {row.line}, {row.fate}: {' '.join(row.title.split())}"
        + (f" ({row.reason})" if row.reason else "")
        for row in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        lines.append(f"... and {len(rows) - SHOWN} more")
    said = "Would be imported" if dry_run else "Imported"
    lines.append(
        f"{said}: {result.created} created, {result.updated} updated, {result.drafts} kept as "
        f"drafts, {result.unchanged} unchanged, {result.skipped} skipped."
    )
    return "\n".join(lines)
