"""The rule that a proposal is decided by, as data and in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from governance.charter_parts import Rule
from governance.charter_read import Share, Threshold
from governance.methods.method import YesNo
from governance.methods.registry import METHODS
from governance.saying import Said, said


def rule_json(
    rule: Rule, thresholds: Sequence[Threshold], quorums: Sequence[Share]
) -> dict[str, Any]:
    """A rule as the charter writes it, with all that must be met besides."""
    return {
        **rule.data(),
        "thresholds": [list(each) for each in thresholds],
        "quorums": [list(each) for each in quorums],
    }


def needs(
    rule: Rule, thresholds: Sequence[Threshold], quorums: Sequence[Share], electorate: int
) -> list[Said]:
    """What it takes to be adopted: the hardest threshold and the largest quorum, in words."""
    method = METHODS[rule.method]
    all_of = [*thresholds, *([method.floor] if isinstance(method, YesNo) else [])]
    lines = []
    if all_of:
        num, den, compare = max(
            all_of, key=lambda each: (Fraction(each.num, each.den), each.compare == "more")
        )
        if compare == "more":
            lines.append(
                said(
                    "More than %(num)s/%(den)s of those who take a side must be in favour.",
                    num=num,
                    den=den,
                )
            )
        else:
            lines.append(
                said(
                    "At least %(num)s/%(den)s of those who take a side must be in favour.",
                    num=num,
                    den=den,
                )
            )
    least = max((-(-share.num * electorate // share.den) for share in quorums), default=0)
    lines.append(
        said(
            "At least %(needed)s of the %(electorate)s who may vote must be in favour.",
            needed=max(1, least),
            electorate=electorate,
        )
    )
    return lines
