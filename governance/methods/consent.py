"""Consent: adopted when nobody objects; with objections, two thirds must still consent.

Who stands aside counts on no side. With no objection every threshold is met, so both cases are
one rule; what a person objects to is said in the ballot's reason.
"""

from governance.charter_read import Threshold
from governance.methods.method import YesNo
from governance.methods.yesno import one_of, show, word
from governance.saying import Said, said

WORDS = ("consent", "object", "aside")


def summary(yes: int, no: int, neither: int, electorate: int) -> Said:
    """The tally as a step."""
    return said(
        "Consent: %(yes)s. Objections: %(no)s. Standing aside: %(neither)s. "
        "Electorate: %(electorate)s.",
        yes=yes,
        no=no,
        neither=neither,
        electorate=electorate,
    )


METHOD = YesNo(
    name="consent",
    form="consent",
    most_options=0,
    check=one_of(WORDS),
    split=word,
    show=show,
    words=WORDS,
    floor=Threshold(2, 3, "at_least"),
    summary=summary,
)
