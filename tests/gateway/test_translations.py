"""Every text of every page and error is there in every language, and none is forgotten.

The texts are taken from the sources anew each time, so a string that was added a minute ago and
is missing in a catalogue fails here; `scripts/translations update` shows what to write.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment

import node.gateway
from node.gateway.languages import FOLDER, LANGUAGES

GATEWAY = Path(node.gateway.__file__).parent
PROJECT = GATEWAY.parent.parent
TRANSLATED = sorted(set(LANGUAGES) - {"en"})
SHOWN = ("alt", "title", "aria-label", "placeholder", "content", "label", "value")
MARKERS = {"t", "_", "gettext", "ngettext", "later"}


@pytest.fixture(scope="module")
def translations() -> Iterator[ModuleType]:
    """`scripts/translations.py`."""
    spec = importlib.util.spec_from_file_location(
        "translations", PROJECT / "scripts" / "translations.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def texts(translations: ModuleType) -> Catalog:
    found: Catalog = translations.texts()
    return found


def test_every_language_has_one_catalogue():
    assert sorted(path.stem for path in FOLDER.iterdir()) == TRANSLATED


@pytest.mark.parametrize("tag", TRANSLATED)
def test_nothing_is_missing_fuzzy_or_left_over(translations, texts, tag):
    held = translations.catalogue(FOLDER / f"{tag}.po")

    assert translations.faults(held, texts) == []
    assert held.num_plurals == 2


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalogue_is_as_the_script_writes_it(translations, texts, tag, tmp_path):
    shutil.copy(FOLDER / f"{tag}.po", tmp_path)
    translations.update(tmp_path / f"{tag}.po", texts)
    assert (tmp_path / f"{tag}.po").read_text() == (FOLDER / f"{tag}.po").read_text()


def small(**texts: str | tuple[str, ...]) -> Catalog:
    made = Catalog(locale="de")
    made.add("Search", texts.get("word", "Suche"))
    made.add("by %(maker)s", texts.get("named", "von %(maker)s"))
    made.add("Nothing is on offer yet.", texts.get("sentence", "Noch gibt es nichts."))
    forms = texts.get("counted", ("%(n)s Angebot", "%(n)s Angebote"))
    made.add(("%(n)s listing", "%(n)s listings"), forms)
    return made


def test_the_check_sees_what_can_be_wrong(translations):
    def told(held: Catalog) -> str:
        return "\n".join(translations.faults(held, small()))

    new, old, fuzzy = small(), small(), small()
    new.delete("Search")
    old.add("Gone", "Fort")
    fuzzy["Search"].flags.add("fuzzy")
    assert told(small()) == ""
    for held, fault in (
        (new, "not in the catalogue: Search"),
        (old, "no longer in the sources: Gone"),
        (fuzzy, "marked fuzzy: Search"),
        (small(word=""), "not translated: Search"),
        (small(word=" Suche"), "spaces at an end of"),
        (small(named="von %(name)s"), "other placeholders in von %(name)s"),
        (small(named="von <b>%(maker)s</b>"), "other elements in"),
        (small(sentence="Noch nichts"), "another ending in"),
        (small(counted=("%(n)s Angebot", "")), "not translated: %(n)s listing"),
        (small(counted=("%(n)s Angebot",)), "1 forms instead of 2"),
        (small(counted=("%(n)s Angebot", "Angebote")), "other placeholders in Angebote"),
    ):
        assert told(held).startswith(fault)
        assert "\n" not in told(held)


def templates() -> list[Path]:
    return sorted((GATEWAY / "templates").rglob("*.html"))


def bare(source: str) -> str:
    """What a template shows outside of `trans` and `{{ }}`; a text in an attribute counts too."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    parts, inside, skip, begun = [], False, False, False
    for _, kind, value in environment.lex(source):
        if kind == "block_begin":
            begun = True
        elif begun and kind == "name":
            inside = (inside or value == "trans") and value != "endtrans"
            begun = False
        elif kind == "variable_begin":
            parts.append("\0")
        elif kind in ("raw_begin", "raw_end"):
            skip = kind == "raw_begin"
        elif kind == "data" and not inside and not skip:
            parts.append(value)
    text = "".join(parts)
    shown = [m[2] for m in re.finditer(r'\b([a-z-]+)="([^"]*)"', text) if m[1] in SHOWN]
    text = re.sub(r'[a-z-]+="[^"]*"|<[^>]*>', " ", re.sub(r"<!--.*?-->|<!doctype html>", " ", text))
    return " ".join([text, *shown])


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_templates_show_no_text_outside_of_gettext(path):
    known = {"Moothall", "width", "device", "initial", "scale", "noindex", "light", "dark"}
    known |= {"yes", "no", "summary_large_image", "website", "product", "profile", "article"}
    assert set(re.findall(r"[^\W\d_]{2,}", bare(path.read_text()))) <= known


def test_the_check_of_templates_sees_a_bare_word():
    assert "Bread" in bare("<p>Bread</p>")
    assert "Bread" in bare('<img alt="Bread">')
    assert "Bread" in bare("{% if x %}Bread{% endif %}")
    assert "Bread" not in bare("{% trans %}Bread{% endtrans %}{{ _('Bread') }}{# Bread #}")
    assert "Bread" not in bare('<a href="/Bread" class="Bread">{{ Bread }}</a>')


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def bare_sentences(source: str) -> list[str]:
    """Literals of two words or more that a page hands on untranslated to what shows them."""
    found = []
    for node_ in ast.walk(ast.parse(source)):
        if isinstance(node_, ast.Call) and called(node_) in ("Problem", "render", "done"):
            values = [*node_.args, *(keyword.value for keyword in node_.keywords)]
            found += [text for value in values for text in literals(value)]
    return found


def literals(value: ast.AST) -> list[str]:
    if isinstance(value, ast.Call) and called(value) in MARKERS:
        return []
    if isinstance(value, ast.Constant):
        text = value.value
        return [text] if isinstance(text, str) and re.search(r"\w{2,} \w", text) else []
    return [text for child in ast.iter_child_nodes(value) for text in literals(child)]


@pytest.mark.parametrize(
    "path", sorted(GATEWAY.rglob("*.py")), ids=lambda path: str(path.relative_to(GATEWAY))
)
def test_pages_show_no_english_that_was_not_translated(path):
    assert bare_sentences(path.read_text()) == []


def test_the_check_of_pages_sees_a_bare_sentence():
    assert bare_sentences('raise Problem(404, t("Not here"), "No such thing.")')
    assert bare_sentences('visit.render("a.html", problem="No such thing." if x else "")')
    assert bare_sentences('visit.done("/", f"{n} loaves baked")')
    assert not bare_sentences('visit.done("/", t("Loaves baked") % {"n": n})')


@pytest.mark.parametrize("path", sorted(GATEWAY.rglob("*.py")), ids=lambda path: path.name)
def test_gettext_is_given_literals_that_can_be_found(path):
    """A text that is put together first is in no catalogue."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and called(call) in ("t", "_", "ngettext", "later"):
            for argument in call.args[: 2 if called(call) == "ngettext" else 1]:
                assert not isinstance(argument, ast.JoinedStr | ast.BinOp), ast.unparse(call)


# Where each of them has its sentence; `refuse` is about a charter and adds the path in it.
SENTENCES = {
    **dict.fromkeys(("Refused", "NotFound", "StoreError", "PriceError"), 1),
    **dict.fromkeys(("said", "refuse"), 0),
}


def sentences(translations: ModuleType) -> Iterator[tuple[Path, ast.Call, ast.expr]]:
    """Every call that says a sentence to a page, and that sentence."""
    for folder in translations.SOURCES:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if path.relative_to(PROJECT).as_posix().startswith(translations.SILENT):
                continue
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and called(call) in SENTENCES:
                    place = SENTENCES[called(call)]
                    if len(call.args) > place:
                        yield path, call, call.args[place]


def test_errors_that_reach_a_page_say_a_sentence_that_can_be_translated(translations):
    """Values stand beside the sentence, as `%(name)s` and a keyword; pieces are never glued."""
    for path, call, sentence in sentences(translations):
        assert not isinstance(sentence, ast.JoinedStr), (path, call.lineno)


def test_an_errors_sentence_and_its_values_fit(translations):
    for path, call, sentence in sentences(translations):
        if isinstance(sentence, ast.Constant) and (call.keywords or called(call) == "refuse"):
            wanted = set(re.findall(r"%\((\w+)\)", str(sentence.value)))
            given = {keyword.arg for keyword in call.keywords}
            given |= {"path"} if called(call) == "refuse" else set()
            assert None in given or wanted == given, (path, call.lineno)
