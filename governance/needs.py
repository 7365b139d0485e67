"""What a proposal needs to pass: the rule of its kind, and the amendment class of what it touches.

A change takes the strictest class whose parts it touches. To change what a class asks, or which
parts it covers, needs the old and the new of every class that then differs: otherwise a class
could first be lowered, or others be bound by one that its own authors could not meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from governance.charter import Charter, changed_parts
from governance.charter_amendment import AmendmentClass
from governance.charter_parts import Rule
from governance.charter_read import Share, Threshold
from governance.effects.effect import BY_YES_OR_NO
from governance.methods.registry import METHODS

_T = TypeVar("_T")


class Needs(NamedTuple):
    """What must be met, all of it."""

    amendment: str  # the strictest class that is touched: "A", "B", "C", or "" for none
    thresholds: tuple[Threshold, ...]
    quorums: tuple[Share, ...]


def needs(charter: Charter, rule: Rule, after: Sequence[Charter]) -> Needs:
    """What a proposal that could lead from `charter` to each of `after` needs under `rule`.

    The rule's own threshold is for methods that ask yes or no. The rule comes first, then the
    class, then what a change of classes needs; what is equal is named once.
    """
    parts = frozenset[str]().union(*(changed_parts(charter, each) for each in after))
    strictest = charter.amendment.strictest(parts)
    classes = [strictest] if strictest else []
    for each in after:
        classes += _that_differ(charter, each)
    asked = METHODS[rule.method].form in BY_YES_OR_NO
    thresholds = [rule.threshold] if asked else []
    return Needs(
        amendment=strictest.name if strictest else "",
        thresholds=_once([*thresholds, *(each.approval for each in classes)]),
        quorums=_once([rule.approval_quorum, *(each.approval_quorum for each in classes)]),
    )


def _that_differ(before: Charter, after: Charter) -> list[AmendmentClass]:
    """Every class, old and new, that isn't the same in the other charter."""
    old, new = before.amendment.classes, after.amendment.classes
    return [each for each in old if each not in new] + [each for each in new if each not in old]


def _once(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
