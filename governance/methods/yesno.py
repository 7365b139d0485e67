"""What the methods with one question share: one word out of three, counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from governance.charter_read import shown
from governance.methods.method import Choice
from governance.saying import Said, said
from protocol.errors import Refused

YES_NO = ("yes", "no", "abstain")


def one_of(words: Sequence[str]) -> Callable[[object, Sequence[str]], Choice]:
    """A check that lets only these words through."""

    def check(value: object, options: Sequence[str]) -> Choice:
        if type(value) is not str or value not in words:
            raise Refused(
                "bad-choice",
                "%(choice)s is no answer here; the answers are %(answers)s.",
                choice=shown(value),
                answers=", ".join(words),
            )
        return value

    return check


def word(text: str) -> str:
    """What was typed, in whatever case."""
    return text.strip().lower()


def summary(yes: int, no: int, neither: int, electorate: int) -> Said:
    """The tally as a step."""
    return said(
        "Yes: %(yes)s. No: %(no)s. Abstentions: %(neither)s. Electorate: %(electorate)s.",
        yes=yes,
        no=no,
        neither=neither,
        electorate=electorate,
    )


def show(choice: Choice) -> str:
    """The word itself."""
    return str(choice)
