"""The part of a charter about changing it: three classes, the strictest first.

Invariant: every part of the charter belongs to exactly one class, and no class asks for more than
one before it in the alphabet, so the strictest class of a change is the first that it touches.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from governance.charter_parts import Part, plain
from governance.charter_read import At, Share, Threshold
from protocol.codec import Plain

CLASSES = ("A", "B", "C")  # strictest first; B and C may be absent

# What an amendment class can cover. Three parts are cut out of larger ones: `one_member_one_vote`
# is `rules.*.method`, `hearing` is `membership.expel_*` and `appeal_s`, `exit` is `exit_s`.
PARTS = (
    "one_member_one_vote",
    "hearing",
    "exit",
    "amendment",
    "fees",
    "offices",
    "membership",
    "rules",
    "credit",
    "name",
    "currency",
    "values",
    "surplus",
    "orders",
    "disputes",
    "guests",
    "about",
    "place",
    "languages",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AmendmentClass(Part):
    """What a change of the covered parts needs, on top of the rule of the proposal's kind."""

    name: str  # one of CLASSES
    covers: tuple[str, ...]  # of PARTS
    approval: Threshold  # yes among yes and no
    approval_quorum: Share  # of the whole electorate

    @classmethod
    def read(cls, at: At, name: str) -> AmendmentClass:
        """Read `{covers, approval, approval_quorum}`."""
        f = at.fields(("covers", "approval", "approval_quorum"))
        return cls(
            name=name,
            covers=tuple(item.word(PARTS) for item in f["covers"].items(0, len(PARTS))),
            approval=f["approval"].threshold(),
            approval_quorum=f["approval_quorum"].share(),
        )

    def data(self) -> dict[str, Plain]:
        """The map, without the name, which is its key one level up."""
        data = Part.data(self)
        del data["name"]
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment(Part):
    """The classes in force, strictest first; class A always exists."""

    classes: tuple[AmendmentClass, ...]

    @classmethod
    def read(cls, at: At) -> Amendment:
        """Read a map from class name to class, and check that it can carry every change."""
        f = at.fields(("A",), optional=("B", "C"))
        classes = tuple(AmendmentClass.read(f[name], name) for name in CLASSES if name in f)
        owner: dict[str, str] = {}
        for each in classes:
            for i, part in enumerate(each.covers):
                if part in owner:
                    At(f"{f[each.name].path}.covers[{i}]", part).refuse(
                        '%(path)s is "%(part)s", which class %(owner)s has already; every part '
                        "belongs to exactly one class.",
                        part=part,
                        owner=owner[part],
                    )
                owner[part] = each.name
        for part in PARTS:
            if part not in owner:
                at.refuse(
                    '%(path)s has no class that covers "%(part)s"; exactly one class must.',
                    part=part,
                )
        _check_order(f, classes)
        return cls(classes=classes)

    def data(self) -> dict[str, Plain]:
        """The map from class name to class."""
        return {each.name: plain(each) for each in self.classes}

    def strictest(self, parts: Collection[str]) -> AmendmentClass | None:
        """The class a change of these parts must meet; None if it touches none of them."""
        return next((each for each in self.classes if not set(parts).isdisjoint(each.covers)), None)


def _check_order(f: dict[str, At], classes: tuple[AmendmentClass, ...]) -> None:
    """Refuse a class that is harder to meet than one before it."""
    for before, after in pairwise(classes):
        harder = (
            ("approval", _hardness(after.approval) > _hardness(before.approval)),
            (
                "approval_quorum",
                Fraction(*after.approval_quorum) > Fraction(*before.approval_quorum),
            ),
        )
        for key, too_hard in harder:
            if too_hard:
                f[after.name].under(key).refuse(
                    "%(path)s asks for too much; at most what amendment.%(before)s asks is "
                    "allowed, A being the strictest.",
                    before=before.name,
                )


def _hardness(threshold: Threshold) -> tuple[Fraction, bool]:
    return Fraction(threshold.num, threshold.den), threshold.compare == "more"
