"""The bar that a proposal has to clear: how many must be in favour, of whom.

Two things are asked. Of those who took a side, enough must be in favour (thresholds); and of the
whole electorate, enough must be in favour (quorums), so that being against never helps a proposal
to its quorum. Shares are compared by cross-multiplication; nothing is ever rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, TypeAlias

from governance.charter_read import Share, Threshold
from governance.saying import Said, said

Verdict: TypeAlias = Literal["adopted", "rejected", "missed"]


class Bar:
    """What it takes to be adopted: the hardest of all thresholds and the largest of all quorums."""

    def __init__(
        self, thresholds: Iterable[Threshold], quorums: Iterable[Share], electorate: int
    ) -> None:
        self._threshold = max(thresholds, key=_hardness, default=None)
        self._electorate = electorate
        needed = (-(-share.num * electorate // share.den) for share in quorums)  # rounded up
        self._needed = max([1, *needed])

    def verdict(self, in_favour: int, against: int) -> Verdict:
        """What so many decide. Nothing is adopted that nobody is in favour of.

        More in favour never makes it worse, more against never better; "missed" is between
        "rejected" and "adopted".
        """
        if not self._convinced(in_favour, against):
            return "rejected"
        return "adopted" if in_favour >= self._needed else "missed"

    def steps(self, in_favour: int, against: int) -> list[Said]:
        """How that came about."""
        told: list[Said] = []
        values: dict[str, object] = {"favour": in_favour, "sides": in_favour + against}
        if self._threshold is not None:
            values |= {"num": self._threshold.num, "den": self._threshold.den}
            if self._threshold.compare == "more":
                told.append(
                    said(
                        "More than %(num)s/%(den)s of those who take a side must be in favour: "
                        "%(favour)s of %(sides)s are.",
                        **values,
                    )
                )
            else:
                told.append(
                    said(
                        "At least %(num)s/%(den)s of those who take a side must be in favour: "
                        "%(favour)s of %(sides)s are.",
                        **values,
                    )
                )
        told.append(
            said(
                "The quorum is %(needed)s in favour, of an electorate of %(electorate)s; "
                "%(favour)s are.",
                needed=self._needed,
                electorate=self._electorate,
                favour=in_favour,
            )
        )
        return told

    def _convinced(self, in_favour: int, against: int) -> bool:
        """Do those who took a side not speak against it?"""
        if not in_favour:
            return not against
        if self._threshold is None:
            return True
        has = in_favour * self._threshold.den
        needs = (in_favour + against) * self._threshold.num
        return has > needs or (has == needs and self._threshold.compare == "at_least")


def _hardness(threshold: Threshold) -> tuple[Fraction, bool]:
    return Fraction(threshold.num, threshold.den), threshold.compare == "more"
