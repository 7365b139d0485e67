"""Whether a vote may close before its time, because nothing can change any more.

Only safe ballots are looked at: those that will be counted whatever happens. Whether the rule
allows closing early at all, and from when on, is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Mapping

from governance.counting import Question
from governance.methods.method import Choice, YesNo
from governance.methods.registry import METHODS


def decided(
    question: Question,
    safe: Mapping[bytes, Choice],
    electorate: int,
    distinguish_missed: bool,
) -> bool:
    """True once no vote that can still come changes the outcome.

    Any method is decided when everybody of the electorate has a safe ballot; a yes/no method as
    soon as the others could all vote yes, or all no, with one outcome. In between lies everything
    else they can do, since more in favour never makes an outcome worse and more against never
    better. `distinguish_missed` says that a missed quorum leads to something else than a rejection
    does (a second call); otherwise these two are one outcome.
    """
    left = electorate - len(safe)
    if left <= 0:
        return True
    method = METHODS[question.method]
    if not isinstance(method, YesNo):
        return False
    choices = list(safe.values())
    yes, no = (choices.count(word) for word in method.words[:2])
    bar = question.bar(electorate)
    best, worst = bar.verdict(yes + left, no), bar.verdict(yes, no + left)
    if distinguish_missed:
        return best == worst
    return (best == "adopted") == (worst == "adopted")
