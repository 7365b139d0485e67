"""What differs between two charters, a change at a time, in the order in which a charter is read.

Things that have an id (values by theirs, rows of a fee by role, rules by kind, parts by the class
that covers them) are compared by it, wherever they stand; their order is a change of its own, but
for the parts of a class, where it means nothing. Nothing here decides anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from governance.charter import Charter
from governance.charter_diff_text import (
    KIND_NAMES,
    METHOD_NAMES,
    OFFICE_NAMES,
    PART_NAMES,
    STEP_NAMES,
    TEXTS,
)
from governance.charter_market import FeeRule
from governance.charter_parts import INVITE_SECONDS, plain
from governance.charter_text import ROLES
from governance.saying import Amount, Percent, Said, Span, said
from protocol.codec import Plain
from protocol.errors import Term

_PLAIN_STEP = re.compile(r"[A-Za-z0-9_-]+")
_MONEY = ("fee_min", "fee_cap", "limit", "warn")
_NOTHING = Term("not stated")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference.

    `before` and `after` are plain data as it stands in the charter, without the id that `steps`
    ends in; None where there is nothing (or where a key may hold null). A changed order of what
    has ids is a change of the list that holds them, from ids to ids.
    """

    steps: tuple[str, ...]  # the way there: ("rules", "fees", "notice_s"), ("values", "mend")
    fate: Literal["added", "changed", "retired"]
    before: Plain
    after: Plain
    currencies: tuple[str, str]  # of amounts in `before` and in `after`

    @property
    def path(self) -> str:
        """The steps in one text; one that holds more than a word is in quotation marks."""
        return ".".join(
            step if _PLAIN_STEP.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            for step in self.steps
        )


def differences(before: Charter, after: Charter) -> list[Change]:
    """Every difference: retired and changed things in the old order, then added ones.

    Empty only for charters that say the same; their hashes may differ by the order in which an
    amendment class names what it covers.
    """
    currencies = (before.currency, after.currency)
    return [
        Change(steps=steps, fate=fate, before=_plain(old), after=_plain(new), currencies=currencies)
        for steps, fate, old, new in _compare((), _tree(before), _tree(after))
    ]


def change_json(change: Change) -> dict[str, Plain]:
    """`{path, before, after}`; whoever shows it adds the sentence, in the reader's language."""
    return {"path": change.path, "before": change.before, "after": change.after}


# A charter with every list of things that have ids as a map; leaves are plain data.
class _Node(dict[str, "_Node | Plain"]):
    """A map, or a list whose items are named by `key` (then the order of the entries counts)."""

    def __init__(self, entries: Mapping[str, _Node | Plain], key: str = "") -> None:
        super().__init__(entries)
        self.key = key


_Found = tuple[tuple[str, ...], Literal["added", "changed", "retired"], object, object]


def _tree(charter: Charter) -> _Node:
    tree = _node(charter.to_data())
    tree["values"] = _Node(
        {
            value.id: _node({"text": value.text, "rationale": value.rationale})
            for value in charter.values
        },
        "id",
    )
    fees = charter.fees
    tree["fees"] = _Node(
        {
            "default": _fee(fees.default),
            "categories": _Node({name: _fee(rule) for name, rule in fees.categories}),
        }
    )
    classes = charter.amendment.classes
    tree["amendment"] = _Node(
        {
            **{
                each.name: _node(
                    {
                        "approval": plain(each.approval),
                        "approval_quorum": plain(each.approval_quorum),
                    }
                )
                for each in classes
            },
            "covers": _Node({part: each.name for each in classes for part in sorted(each.covers)}),
        }
    )
    return tree


def _fee(rule: FeeRule) -> _Node:
    rows = {row.role: _node({"bps": row.bps, "fallback": row.fallback}) for row in rule.table}
    return _Node({**rule.data(), "table": _Node(rows, "role")})


def _node(data: Mapping[str, Plain]) -> _Node:
    return _Node({k: _node(v) if isinstance(v, dict) else v for k, v in data.items()})


def _compare(steps: tuple[str, ...], old: _Node, new: _Node) -> Iterator[_Found]:
    for name in [*old, *(name for name in new if name not in old)]:
        here = (*steps, name)
        if name not in new:
            yield here, "retired", old[name], None
        elif name not in old:
            yield here, "added", None, new[name]
        else:
            one, other = old[name], new[name]
            if isinstance(one, _Node) and isinstance(other, _Node):
                yield from _compare(here, one, other)
            elif one != other:
                yield here, "changed", one, other
    if old.key and [n for n in old if n in new] != [n for n in new if n in old]:
        yield steps, "changed", list(old), list(new)


def _plain(value: object) -> Plain:
    """A part of a tree as it stands in the charter."""
    if not isinstance(value, _Node):
        return value  # type: ignore[return-value]  # leaves are plain already
    entries = {name: _plain(entry) for name, entry in value.items()}
    if not value.key:
        return entries
    return [
        {value.key: name, **entry} for name, entry in entries.items() if isinstance(entry, dict)
    ]


# --- in words


def in_words(change: Change) -> Said:
    """The change as a sentence for members: days, percentages and fractions, not seconds."""
    pattern, names = _subject(change.steps)
    found = _special(pattern, change, names)
    if found is not None:
        return found
    text = TEXTS.get(pattern)
    key = pattern.removesuffix(".*").rpartition(".")[2]
    before, after = (
        _shown(key, value, currency)
        for value, currency in zip((change.before, change.after), change.currencies, strict=True)
    )
    match text:
        case None:  # a part of the charter that is younger than the sentences
            return said(
                "%(path)s: %(after)s instead of %(before)s.",
                path=change.path,
                before=before,
                after=after,
            )
        case (on, off):
            return Said(on if change.after else off, names)
        case _:
            return Said(text, {**names, "before": before, "after": after})


def _subject(steps: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    """The path as TEXTS has it, and the names that stand in its sentence."""
    names: dict[str, object] = {}
    match steps:
        case ("fees", "default", *rest):
            pattern, names = ["fee", *rest], {"fee": said("The fee of a sale")}
        case ("fees", "categories", category, *rest) if rest:
            fee = said('The fee of a sale in "%(category)s"', category=category)
            pattern, names = ["fee", *rest], {"fee": fee}
        case ("fees", "categories", category):
            pattern, names = ["category"], {"category": category}
        case ("rules", kind, *rest):
            pattern, names = ["rules", "*", *rest], {"kind": KIND_NAMES.get(kind, kind)}
        case ("offices", office, *rest):
            pattern, names = ["offices", "*", *rest], {"office": OFFICE_NAMES.get(office, office)}
        case ("values", value, *rest):
            pattern, names = ["values", "*", *rest], {"value": value}
        case ("amendment", "covers", part):
            pattern, names = ["amendment", "covers", "*"], {"part": PART_NAMES.get(part, part)}
        case ("amendment", name, *rest):
            pattern, names = ["amendment", "*", *rest], {"class": name}
        case _:
            pattern = [*steps]
    if pattern[:2] == ["fee", "table"] and len(pattern) > 2:
        names["role"] = _role(pattern[2])
        pattern[2] = "*"
    return ".".join(pattern), names


def _special(pattern: str, change: Change, names: dict[str, object]) -> Said | None:
    """The sentence for what came, what went, and what may be without a value."""
    before: Any = change.before
    after: Any = change.after
    old, new = change.currencies
    match pattern, change.fate:
        case "values.*", "added":
            return said('A new value, "%(value)s": %(after)s', **names, after=after["text"])
        case "values.*", "retired":
            return said(
                'The value "%(value)s" is retired: %(before)s', **names, before=before["text"]
            )
        case "category", "added":
            return said(
                'Sales in "%(category)s" have a fee of their own: %(share)s of the price.',
                **names,
                share=Percent(after["fee_bps"]),
            )
        case "category", "retired":
            return said(
                'Sales in "%(category)s" have no fee of their own any more, but the usual one.',
                **names,
            )
        case "fee.table.*", "added":
            share = Percent(after["bps"])
            if after["fallback"] is None:
                return said("%(fee)s: %(share)s of it now goes to %(role)s.", **names, share=share)
            return said(
                "%(fee)s: %(share)s of it now goes to %(role)s, or else to %(fallback)s.",
                **names,
                share=share,
                fallback=_role(after["fallback"]),
            )
        case "fee.table.*", "retired":
            return said(
                "%(fee)s: nothing of it goes to %(role)s any more; it was %(share)s.",
                **names,
                share=Percent(before["bps"]),
            )
        case "fee.table.*.fallback", _ if after is None:
            return said(
                "%(fee)s: what goes to %(role)s goes nowhere else any more; before, it could go to "
                "%(before)s.",
                **names,
                before=_role(before),
            )
        case "fee.table.*.fallback", _ if before is None:
            return said(
                "%(fee)s: what would go to %(role)s but can't now goes to %(after)s.",
                **names,
                after=_role(after),
            )
        case "fee.fee_cap", _ if before is None:
            return said(
                "%(fee)s is at most %(after)s; there was no limit.",
                **names,
                after=Amount(after, new),
            )
        case "fee.fee_cap", _ if after is None:
            return said(
                "%(fee)s has no upper limit any more; it was %(before)s.",
                **names,
                before=Amount(before, old),
            )
        case "amendment.*", "added":
            return said(
                "A new class of changes, %(class)s: of those who say yes or no, %(approval)s have "
                "to say yes, and of all who may vote, %(quorum)s have to approve.",
                **names,
                approval=_shown("approval", after["approval"], new),
                quorum=_shown("approval_quorum", after["approval_quorum"], new),
            )
        case "amendment.*", "retired":
            return said("There is no class %(class)s of changes any more.", **names)
        case "membership.invite_s", "added" | "retired":
            was, now = (Span(INVITE_SECONDS if t is None else t) for t in (before, after))
            if was == now:
                return said("An unused invitation lapses after %(after)s, as before.", after=now)
            return said(
                "An unused invitation lapses after %(after)s instead of %(before)s.",
                before=was,
                after=now,
            )
    return None


def _shown(key: str, value: Any, currency: str) -> object:
    """A value of the charter as a sentence has it; `key` is the last word of its path."""
    match key:
        case "threshold" | "approval":
            num, den, compare = value
            share = f"{num}/{den}"
            if compare == "more":
                return said("more than %(share)s", share=share)
            return said("at least %(share)s", share=share)
        case "approval_quorum" | "recall":
            return f"{value[0]}/{value[1]}" if value[0] else "0"
        case "method":
            return METHOD_NAMES.get(value, value)
        case "fallback":
            return _role(value)
        case "table":
            return _listed([_role(role) for role in value])
        case "steps":
            return _listed([STEP_NAMES.get(step, step) for step in value])
        case _ if isinstance(value, list):
            return ", ".join(map(str, value))
        case _ if value is None or value == "":
            return _NOTHING
        case _ if key.endswith("_s"):
            return Span(value)
        case _ if key.endswith("bps"):
            return Percent(value)
        case _ if key in _MONEY:
            return Amount(value, currency)
    return value


def _role(role: str) -> str:
    return ROLES.get(role, role)


def _listed(items: list[str]) -> Said:
    """Several words in one place of a sentence, each of which may be put into another language."""
    names = [f"item{n}" for n in range(len(items))]
    return Said(", ".join(f"%({name})s" for name in names), dict(zip(names, items, strict=True)))
