"""The texts of the sources, and how a catalogue compares with them.

A catalogue is right when it holds exactly the texts of the sources, each translated, none marked
fuzzy, with the same placeholders, elements and ending. `scripts/translations` runs this file, and
a test asks the same of it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).resolve().parent.parent
LOCALE = PROJECT / "node" / "gateway" / "locale"
TEMPLATES = PROJECT / "node" / "gateway" / "templates"
SOURCES = ("protocol", "governance", "storage", "node")
SILENT = ("node/cli", "node/network")  # what they say reaches no page
# Calls whose arguments are texts, and which of them: `t` is what pages call `words.gettext`,
# `later` and `Term` mark a constant, and an error's sentence is its second argument. The rules say
# what they did by `said`, and what is wrong with a charter by `refuse`.
CALLS = {
    **dict.fromkeys(("_", "gettext", "t", "later", "Term"), (0,)),
    "ngettext": (0, 1),
    **dict.fromkeys(("Refused", "Stale", "NotFound", "StoreError", "PriceError"), (1,)),
    **dict.fromkeys(("DescriptionError", "UnknownFormat"), (1,)),
    **dict.fromkeys(("said", "refuse"), (0,)),
    "fault": (2,),  # of a file that is imported: row, field, text
}
WIDTH = 100

PLACE = re.compile(r"%\(\w+\)[a-z]|%[^(]|\{\w*\}")
ELEMENT = re.compile(r"<[^>]*>")
ENDINGS = (".", "?", "!", "…", ":", ",")


def texts() -> Catalog:
    """Every text of the sources, untranslated. Raises what the parsers raise."""
    found = Catalog(project="Moothall", charset="utf-8")
    options = {"**": {"trimmed": "true", "silent": "false"}}
    rows = extract_from_dir(TEMPLATES, [("**", "jinja2.ext:babel_extract")], options)
    for _, _, text, comments, _ in rows:
        found.add(text, auto_comments=comments)
    for folder in SOURCES:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if not path.relative_to(PROJECT).as_posix().startswith(SILENT):
                for text in literals(path.read_text(encoding="utf-8")):
                    found.add(text)
    return found


def literals(source: str) -> Iterator[str | tuple[str, ...]]:
    """The texts of a module. What is put together at run time is no literal and is left out."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name | ast.Attribute):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        given = [call.args[n] for n in CALLS.get(name, ()) if n < len(call.args)]
        found = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if found and len(found) == len(CALLS[name]):
            yield tuple(found) if len(found) > 1 else found[0]


def catalogue(path: Path) -> Catalog:
    """A catalogue as it stands in its file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def update(path: Path, found: Catalog) -> None:
    """Bring the texts of a catalogue in line with the sources; what was translated stays."""
    held = catalogue(path)
    held.update(found, no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(written, held, width=WIDTH, no_location=True, sort_output=True, ignore_obsolete=True)
    path.write_bytes(written.getvalue())


def faults(held: Catalog, found: Catalog) -> list[str]:
    """What is wrong with a catalogue, a sentence each."""
    wrong = []
    known = {message.id: message for message in held if message.id}
    wanted = {message.id for message in found if message.id}
    wrong += [
        f"not in the catalogue: {_shown(text)}" for text in sorted(wanted - set(known), key=str)
    ]
    old = set(known) - wanted | set(held.obsolete)
    wrong += [f"no longer in the sources: {_shown(text)}" for text in sorted(old, key=str)]
    for text in sorted(set(known) & wanted, key=str):
        wrong += [f"{why}: {_shown(text)}" for why in _faults(known[text], held.num_plurals)]
    return wrong


def _faults(message: Message, plurals: int) -> list[str]:
    many = isinstance(message.id, tuple)
    sources = [str(text) for text in (message.id if many else (message.id,))]
    given = message.string if isinstance(message.string, tuple) else (message.string,)
    forms = [str(form or "") for form in given]
    if not all(forms):
        return ["not translated"]
    wrong = ["marked fuzzy"] if message.fuzzy else []
    if len(forms) != (plurals if many else 1):
        wrong.append(f"{len(forms)} forms instead of {plurals if many else 1}")
    for place, form in enumerate(forms):
        source = sources[min(place, len(sources) - 1)]
        for what, pattern in (("placeholders", PLACE), ("elements", ELEMENT)):
            if sorted(pattern.findall(form)) != sorted(pattern.findall(source)):
                wrong.append(f"other {what} in {_shown(form)}")
        if _ending(form) != _ending(source):
            wrong.append(f"another ending in {_shown(form)}")
        if form != form.strip():
            wrong.append(f"spaces at an end of {_shown(form)}")
    return wrong


def _ending(text: str) -> str:
    return text[-1] if text.endswith(ENDINGS) else ""


def _shown(text: object) -> str:
    return str(text[0] if isinstance(text, tuple) else text)


def main(arguments: list[str]) -> int:
    """Do what was asked; 1 for faults, 2 for a wrong use."""
    if arguments not in (["check"], ["update"], ["extract"]):
        print("Usage: scripts/translations check|update|extract", file=sys.stderr)
        return 2
    found = texts()
    if arguments == ["extract"]:
        write_po(sys.stdout.buffer, found, width=WIDTH, no_location=True, sort_output=True)
        return 0
    bad = False
    for path in sorted(LOCALE.glob("*.po")):
        if arguments == ["update"]:
            update(path, found)
        wrong = faults(catalogue(path), found)
        bad = bad or bool(wrong)
        print(f"{path.name}: {len(wrong) or 'nothing'} to do", *wrong, sep="\n  ")
    return int(bad and arguments == ["check"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
