"""Which languages there are, and which of them a reader gets.

The texts stand in English in the sources; every other language is a catalogue, `locale/TAG.po`,
read when somebody first asks for it and kept from then on. To add a language, write its catalogue
(`scripts/translations`) and put a line into LANGUAGES.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale

from node.gateway.words import ENGLISH, Words

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}  # tag -> its own name
COOKIE = "moothall-language"  # where a reader's choice is kept; the ports of a machine share it
FOLDER = Path(__file__).parent / "locale"
_LONGEST = 500  # characters of an Accept-Language header that are read
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def choose(accepted: str = "", chosen: str = "") -> Words:
    """The language that a reader chose, or the best for an Accept-Language header, or English."""
    return words_in(chosen if chosen in LANGUAGES else _best(accepted[:_LONGEST]))


@cache
def words_in(tag: str) -> Words:
    """One of LANGUAGES, ready for use."""
    if tag == ENGLISH.tag:
        return ENGLISH
    direction = Locale.parse(tag, sep="-").text_direction
    return Words(tag.replace("-", "_"), tag, direction, read_catalogue(FOLDER / f"{tag}.po"))


def read_catalogue(path: Path) -> GNUTranslations:
    """The texts of a .po file, as gettext uses them."""
    from babel.messages.mofile import write_mo  # not before they are needed: English needs none
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=256)
def _best(accepted: str) -> str:
    """Lookup as RFC 4647 (3.4) has it: each range, best first, cut from its end until one fits."""
    wishes = []
    for place, part in enumerate(accepted.lower().split(",")):
        wish, _, weight = part.replace(" ", "").partition(";")
        quality = _QUALITY.fullmatch(weight or "q=1")
        if quality and float(quality[1]) > 0:
            wishes.append((-float(quality[1]), place, wish))
    for _, _, wish in sorted(wishes):
        subtags = wish.split("-")
        while subtags:
            if "-".join(subtags) in LANGUAGES:
                return "-".join(subtags)
            subtags.pop()
    return ENGLISH.tag
