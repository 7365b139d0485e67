"""Templates: compiled once per language, escaping everything, refusing unknown names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from node.gateway import statics
from node.gateway.markup import markdown
from node.gateway.words import Words

_FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=16)
def environment(words: Words) -> Environment:
    """The templates in one language. They stay compiled in memory."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension brings it
        words.gettext, words.ngettext, newstyle=True
    )
    made.filters["markdown"] = markdown
    made.globals.update(words=words, static=statics.PATHS)
    return made
