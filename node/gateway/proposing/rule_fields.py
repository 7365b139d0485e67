"""Fields for the numbers and words of a charter: how each is shown, typed and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from governance.charter_parts import KINDS, METHODS
from governance.charter_read import Threshold
from node.gateway.forms import Form
from node.gateway.hall import OFFICES, kind_name, method_name, office_name
from node.gateway.visit import Visit
from node.gateway.words import Words
from protocol.errors import Refused

Sort = Literal["span", "count", "flag", "method", "threshold", "share", "text", "lines"]
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
SHARES = ((0, 1), (1, 10), (1, 5), (1, 4), (1, 3), (3, 8), (1, 2), (2, 3), (3, 4))
THRESHOLDS = ((1, 2, "more"), (3, 5, "at_least"), (2, 3, "at_least"), (3, 4, "at_least"))
_RULE: tuple[tuple[str, Sort], ...] = (
    ("method", "method"),
    ("threshold", "threshold"),
    ("approval_quorum", "share"),
    ("notice_s", "span"),
    ("open_s", "span"),
    ("min_open_s", "span"),
    ("challenge_s", "span"),
    ("delay_s", "span"),
    ("early_close", "flag"),
    ("revise", "flag"),
    ("recuse", "flag"),
    ("second_call", "flag"),
)
_MEMBERSHIP: tuple[tuple[str, Sort], ...] = (
    ("invite_slots", "count"),
    ("vouches", "count"),
    ("probation_s", "span"),
    ("max_members", "count"),
    ("expel_notice_s", "span"),
    ("expel_hearing_s", "span"),
    ("appeal_s", "span"),
    ("exit_s", "span"),
)
_OFFICE: tuple[tuple[str, Sort], ...] = (("seats", "count"), ("term_s", "span"))
_TELLER: tuple[tuple[str, Sort], ...] = (("alternates", "count"),)
_GUESTS: tuple[tuple[str, Sort], ...] = (
    ("see_listings", "flag"),
    ("see_members", "flag"),
    ("may_order", "flag"),
)
_ABOUT: tuple[tuple[str, Sort], ...] = (
    ("name", "text"),
    ("about", "lines"),
    ("place", "text"),
    ("currency", "text"),
)
Path = tuple[str, ...]
PARTS: dict[str, list[tuple[Path, Sort]]] = {
    **{f"rules-{kind}": [(("rules", kind, key), sort) for key, sort in _RULE] for kind in KINDS},
    "membership": [(("membership", key), sort) for key, sort in _MEMBERSHIP],
    "offices": [
        (("offices", office, key), sort)
        for office in OFFICES
        for key, sort in (*_OFFICE, *(_TELLER if office == "teller" else ()))
    ],
    "guests": [(("guests", key), sort) for key, sort in _GUESTS],
    "about": [((key,), sort) for key, sort in _ABOUT],
    "other": [],
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. `choices` for those that are chosen from; `unit` for spans."""

    name: str
    label: str
    sort: Sort
    value: str
    unit: str
    choices: list[tuple[str, str]]


def part_label(words: Words, part: str) -> str:
    """What a part of the form is about."""
    t = words.gettext
    if part.startswith("rules-"):
        kind = kind_name(words, part.removeprefix("rules-"))
        return t("How we decide: %(kind)s") % {"kind": kind}
    names = {
        "membership": t("Coming and going"),
        "offices": t("Seats and terms of offices"),
        "guests": t("What guests may do"),
        "about": t("Name and description"),
        "other": t("Anything else"),
    }
    return names[part]


def label(words: Words, path: Path) -> str:
    """What a field asks for."""
    t = words.gettext
    names = {
        "method": t("Method"),
        "threshold": t("How many of those who take a side must be in favour"),
        "approval_quorum": t("How many of all members must be in favour"),
        "notice_s": t("Notice before a vote"),
        "open_s": t("How long a vote is open"),
        "min_open_s": t("How long it is open at least"),
        "challenge_s": t("Time to challenge the count"),
        "delay_s": t("Time until it takes effect"),
        "early_close": t("A vote ends early once nothing can change its outcome"),
        "revise": t("Ballots can be changed until the end"),
        "recuse": t("Whom it is about does not vote"),
        "second_call": t("When too few are in favour, there is a second call"),
        "invite_slots": t("Invitations of each member at a time"),
        "vouches": t("Members who have to stand up for a newcomer"),
        "probation_s": t("Probation of newcomers"),
        "max_members": t("Room for members"),
        "expel_notice_s": t("Notice before an expulsion is voted on"),
        "expel_hearing_s": t("Time to be heard"),
        "appeal_s": t("Time to appeal"),
        "exit_s": t("Time that leaving takes"),
        "see_listings": t("Guests see listings"),
        "see_members": t("Guests see who belongs"),
        "may_order": t("Guests may order"),
        "name": t("Name"),
        "about": t("What it is"),
        "place": t("Place"),
        "currency": t("Currency"),
        "seats": t("Seats"),
        "term_s": t("Term"),
        "alternates": t("Alternates"),
    }
    text = names[path[-1]]
    return f"{office_name(words, path[1])}: {text}" if path[0] == "offices" else text


def fields_of(visit: Visit, part: str, form: Form, *, typed: bool) -> list[Field]:
    """The fields of a part: as the charter has them, or as they were typed."""
    charter = visit.charter.to_data()
    return [_field(visit, path, sort, charter, form, typed=typed) for path, sort in PARTS[part]]


def _field(
    visit: Visit, path: Path, sort: Sort, charter: Mapping[str, Any], form: Form, *, typed: bool
) -> Field:
    name = "-".join(path)
    value, unit = written(sort, _at(charter, path))
    if typed:
        value = form.lines(name) if sort == "lines" else form.text(name)
        unit = form.text(f"{name}-unit")
    return Field(
        name, label(visit.words, path), sort, value, unit, _choices(visit.words, sort, value)
    )


def written(sort: Sort, value: Any) -> tuple[str, str]:
    """A value of the charter as its field holds it, and the unit of a span."""
    match sort:
        case "span":
            unit = next(unit for unit, size in UNITS.items() if value % size == 0)
            return str(value // UNITS[unit]), unit
        case "flag":
            return ("yes" if value else ""), ""
        case "share":
            return f"{value[0]}/{value[1]}", ""
        case "threshold":
            return f"{value[0]}/{value[1]} {value[2]}", ""
    return str(value), ""


def _choices(words: Words, sort: Sort, value: str) -> list[tuple[str, str]]:
    t = words.gettext
    match sort:
        case "method":
            return [(each, method_name(words, each)) for each in METHODS]
        case "share":
            known = {f"{num}/{den}": (num, den) for num, den in SHARES}
            if value not in known and (read := _share(value)):
                known[value] = read
            text = t("at least %(num)s in %(den)s")
            return [
                (key, text % {"num": words.number(num), "den": words.number(den)})
                if num
                else (key, t("no minimum"))
                for key, (num, den) in known.items()
            ]
        case "threshold":
            asked = {f"{n}/{d} {c}": Threshold(n, d, c) for n, d, c in THRESHOLDS}  # type: ignore[arg-type]
            if value not in asked and (found := _threshold(value)):
                asked[value] = found
            return [(key, _threshold_text(words, each)) for key, each in asked.items()]
    return []


def _threshold_text(words: Words, asked: Threshold) -> str:
    t = words.gettext
    if (asked.num, asked.den, asked.compare) == (1, 2, "more"):
        return t("more than half")
    more = asked.compare == "more"
    text = t("more than %(num)s in %(den)s") if more else t("at least %(num)s in %(den)s")
    return text % {"num": words.number(asked.num), "den": words.number(asked.den)}


def changes_of(visit: Visit, part: str, form: Form) -> dict[str, Any]:
    """What was typed otherwise than the charter has it, as a patch; Refused for what is wrong."""
    charter = visit.charter.to_data()
    patch: dict[str, Any] = {}
    for path, sort in PARTS[part]:
        now = _read(visit, path, sort, form)
        if now != _at(charter, path):
            inner = patch
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = now
    return patch


def _read(visit: Visit, path: Path, sort: Sort, form: Form) -> Any:
    name, words = "-".join(path), visit.words
    text = form.text(name)
    match sort:
        case "flag":
            return form.checked(name)
        case "lines":
            return form.lines(name).strip()
        case "text" | "method":
            return text
        case "share":
            return _known(words, path, None if (share := _share(text)) is None else [*share])
        case "threshold":
            asked = _threshold(text)
            return _known(words, path, None if asked is None else [*asked])
        case "count":
            return _known(words, path, _whole(text))
    number, unit = _whole(text), UNITS.get(form.text(f"{name}-unit"))
    return _known(words, path, None if number is None or unit is None else number * unit)


def _known(words: Words, path: Path, value: Any) -> Any:
    if value is None:
        sentence = words.gettext("“%(field)s” needs a whole number.")
        raise Refused("bad-number", sentence % {"field": label(words, path)})
    return value


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _share(text: str) -> tuple[int, int] | None:
    num, _, den = text.partition("/")
    top, whole = _whole(num), _whole(den)
    return None if top is None or whole is None else (top, whole)


def _threshold(text: str) -> Threshold | None:
    share, _, compare = text.partition(" ")
    found = _share(share)
    if found is None or compare not in ("more", "at_least"):
        return None
    return Threshold(*found, compare)  # type: ignore[arg-type]


def _at(data: Mapping[str, Any], path: Path) -> Any:
    for step in path:
        data = data[step]
    return data
