"""`/import`: choose a seller's file, see what would become of each of its rows, import it.

The file waits in the home meanwhile (`node.pending`). The button names what was seen, so a file
that another tab brought is never imported unseen. Files are read in a thread (`file_reading`), and
taken in in small steps, so that the node goes on with everything else. While a large one is being
read, the page says so and offers to put it away.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import trio
from starlette.responses import Response

from node import pending
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.importer import Import, Imported, Row
from node.importing.formats import FORMATS
from node.importing.model import Reading
from node.importing.prices import decimals
from node.importing.table import ENCODINGS
from node.pending import Choices, Pending
from protocol.errors import Refused

UPLOAD = 20 * 2**20  # bytes
SHOWN = 200  # rows of a preview, and as many faults
CONFLICT, WRONG = 409, 422


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A product in the preview."""

    title: str
    line: str
    fate: str
    said: str


async def show(visit: Visit) -> Response:
    """The file that waits and what would become of it, or the form to choose one."""
    found = pending.waiting(visit.home)
    return _empty(visit) if found is None else await _preview(visit, found)


async def send(visit: Visit, form: Form) -> Response:
    """Take a file, read the waiting one otherwise, import it, or put it away."""
    found = pending.waiting(visit.home)
    t = visit.words.gettext
    match form.text("do"):
        case "import" if found is not None and form.text("mark") == found.mark:
            return await _import(visit, found)
        case "import" if found is not None:
            problem = t(
                "Another file was chosen in the meantime, so nothing was imported. This is what "
                "would become of that one."
            )
            return await _preview(visit, found, problem, CONFLICT)
        case "import":
            problem = t(
                "No file waits any more: it was imported or put away in the meantime. Look at "
                "your listings before you choose it again."
            )
            return _empty(visit, problem=problem, status=CONFLICT)
        case "drop":
            _put_away(visit)
            return visit.done("/import", t("The file is put away; nothing was imported."))
    return await _take(visit, form, found)


async def _take(visit: Visit, form: Form, found: Pending | None) -> Response:
    """Keep a new file, or the waiting one with other choices."""
    t = visit.words.gettext
    choices = Choices(
        format=_one_of(form.text("format"), FORMATS),
        currency=form.text("currency").upper() or visit.charter.currency,
        decimal=_one_of(form.text("decimal"), (".", ",")),
        encoding=_one_of(form.text("encoding"), ENCODINGS) or ENCODINGS[0],
    )
    file = form.file("file")
    problem = ""
    try:
        decimals(choices.currency)
    except Refused as error:
        problem = visit.words.told(error)
    if file is None and (found is None or form.text("mark") != found.mark):
        problem = problem or t("Choose a file first.")
    if problem:
        return _empty(visit, choices, problem, WRONG)
    if file is not None:
        pending.keep(visit.home, file.name, choices, file.data)
    elif found is not None:
        pending.keep(visit.home, found.name, choices, found.data)
    return visit.done("/import")


async def _import(visit: Visit, found: Pending) -> Response:
    reading = await visit.gateway.file_reading.read(found)
    if reading is None:
        return visit.done("/import")  # which says that it is being read
    result = await _run(visit, reading, dry_run=False)
    if result.errors:
        return _shown(visit, found, result, status=WRONG)
    _put_away(visit)
    words = visit.words
    said = words.gettext(
        "Imported: %(created)s new, %(updated)s changed, %(drafts)s kept as drafts, "
        "%(unchanged)s as they were, %(skipped)s left out."
    )
    return visit.done("/mine", said % _counts(words, result))


async def _preview(visit: Visit, found: Pending, problem: str = "", status: int = 200) -> Response:
    """What would become of the file: worked out once for each state of the store."""
    held = visit.gateway.file_reading
    reading = await held.read(found)
    if reading is None:
        return visit.render("import_reading.html", found=found, problem=problem, status=status)
    known = (found.mark, visit.gateway.facts.version())
    result = held.preview(known)
    if result is None:
        result = await _run(visit, reading, dry_run=True)
        held.keep_preview(known, result)
    return _shown(visit, found, result, problem, status)


async def _run(visit: Visit, reading: Reading, *, dry_run: bool) -> Imported:
    """What was read, taken in in this thread, to which the store belongs."""
    job = Import(visit.home, reading, dry_run=dry_run)
    for _ in job.steps():
        await trio.lowlevel.checkpoint()
    return job.result


def _put_away(visit: Visit) -> None:
    pending.forget(visit.home)
    visit.gateway.file_reading.forget()


def _empty(
    visit: Visit, choices: Choices | None = None, problem: str = "", status: int = 200
) -> Response:
    """The form alone."""
    usual = Choices(format="", currency=visit.charter.currency, decimal="", encoding=ENCODINGS[0])
    return visit.render(
        "import.html",
        status=status,
        found=None,
        problem=problem,
        typed=choices or usual,
        options=_options(visit.words),
    )


def _shown(
    visit: Visit, found: Pending, result: Imported, problem: str = "", status: int = 200
) -> Response:
    """The preview: counts first, faults first."""
    words = visit.words
    rows = [] if result.errors else [_row(words, row) for row in result.rows[:SHOWN]]
    faults = [
        (words.number(row.line), row.column, _said(words, row), row.choice)
        for row in result.rows[:SHOWN]
        if result.errors
    ]
    return visit.render(
        "import.html",
        status=status,
        found=found,
        problem=problem,
        typed=found.choices,
        format=FORMATS[result.format].name if result.format else "",
        rows=rows,
        faults=faults,
        more=words.number(len(result.rows) - SHOWN) if len(result.rows) > SHOWN else "",
        summary=words.gettext(
            "%(created)s new, %(updated)s changed, %(drafts)s kept as drafts, %(unchanged)s as "
            "they are, %(skipped)s left out."
        )
        % _counts(words, result),
        wrong=len(result.errors),
        total=len(result.rows),
        options=_options(words),
    )


def _options(words: Words) -> dict[str, list[tuple[str, str]]]:
    """What the form offers to choose from: value and label."""
    t = words.gettext
    return {
        "formats": [
            ("", t("find out by its columns")),
            *((name, known.name) for name, known in FORMATS.items()),
        ],
        "decimals": [
            ("", t("only what can be read in one way")),
            (".", t("a point, as in 12.50")),
            (",", t("a comma, as in 12,50")),
        ],
        "encodings": [
            (ENCODINGS[0], t("UTF-8, as nearly all programs write it")),
            (ENCODINGS[1], t("Windows 1252, of older spreadsheets")),
        ],
    }


def _row(words: Words, row: Row) -> ShownRow:
    t = words.gettext
    fates = {
        "create": t("new"),
        "update": t("changed"),
        "unchanged": t("stays as it is"),
        "draft": t("kept as a draft"),
        "skip": t("left out"),
    }
    return ShownRow(row.title, words.number(row.line), fates[row.fate], _said(words, row))


def _said(words: Words, row: Row) -> str:
    """The sentences about a row."""
    return " ".join(
        words.gettext(text) % values if values else words.gettext(text)
        for text, values in row.texts
    )


def _counts(words: Words, result: Imported) -> dict[str, str]:
    names = ("created", "updated", "drafts", "unchanged", "skipped")
    return {name: words.number(getattr(result, name)) for name in names}


def _one_of(text: str, known: Collection[str]) -> str:
    """A choice of the page's form, or nothing."""
    return text if text in known else ""


PAGE = Page(
    path="/import",
    name="import",
    endpoint=show,
    audience=DESK,
    post=send,
    upload=UPLOAD,
)
