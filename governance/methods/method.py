"""What a voting method is: how a choice is read, written and put in order.

A choice is plain data, as a ballot carries it. `read` and `parse` are the only doors; everything
else takes choices that came through one of them, and options in the order they are shown. The
order of options decides how things are listed and never what wins; the order of ballots decides
nothing. Only integers are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from governance.charter_read import Threshold, shown
from governance.saying import Said, said
from protocol.codec import Plain
from protocol.errors import Invalid, Refused

STATUS_QUO = "status-quo"  # the option that leaves everything as it is
MOST_OPTIONS = 20  # of a proposal, without the status quo
NOTHING = "-"  # how an empty choice is written; never the id of an option

Choice: TypeAlias = Plain
Form: TypeAlias = Literal["yesno", "consent", "approval", "ranked", "score"]


class Order(NamedTuple):
    """Options in the order in which they take seats, and how that came about."""

    groups: tuple[tuple[str, ...], ...]  # best first; more than one in a group share its place
    steps: tuple[Said, ...]
    numbers: Mapping[str, int]  # each option's own number, see `Choosing.number`


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """A way to vote. Methods are `YesNo` or `Choosing`; a page is made by `form`."""

    name: str
    form: Form
    most_options: int  # of a proposal, without the status quo; 0 where there are none
    equal_ranks: bool = False  # a ranking may put options level
    check: Callable[[object, Sequence[str]], Choice]  # normalises, or raises Refused("bad-choice")
    split: Callable[[str], object]  # typed text to what `check` looks at
    show: Callable[[Choice], str]  # a choice as it is typed; `parse` reads that back

    def read(self, value: object, options: Sequence[str]) -> Choice:
        """The choice in a ballot that anybody may have written.

        Raises `Invalid("bad-choice")` and nothing else, whatever `value` is.
        """
        try:
            return self.check(value, options)
        except Refused as error:
            raise Invalid(error.reason, error.text, **error.values) from None

    def parse(self, text: str, options: Sequence[str]) -> Choice:
        """The choice in what a person typed; raises `Refused("bad-choice")` with what is wrong."""
        return self.check(self.split(text), options)


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNo(Method):
    """A method with one question and three answers."""

    words: tuple[str, str, str]  # yes, no, and what counts on neither side
    floor: Threshold  # what yes among yes and no must meet, however little the charter asks
    summary: Callable[[int, int, int, int], Said]  # of how many said which word, of how many people


@dataclass(frozen=True, kw_only=True, slots=True)
class Choosing(Method):
    """A method that puts options in order."""

    number: str  # what `Order.numbers` counts, as the tally names it
    levels: Callable[[Choice, Sequence[str]], list[int]]  # per option; higher is better liked
    order: Callable[[Sequence[Choice], Sequence[str], int], Order]  # (ballots, options, seats)

    def prefers(self, choice: Choice, option: str, other: str) -> int:
        """1 if the choice puts `option` before `other`, -1 if after, 0 if neither."""
        first, second = self.levels(choice, (option, other))
        return (first > second) - (first < second)


def with_status_quo(ids: Sequence[str]) -> tuple[str, ...]:
    """The options of a ballot: these, and the status quo last if it is not among them."""
    return tuple(ids) if STATUS_QUO in ids else (*ids, STATUS_QUO)


def known_once(found: Sequence[object], options: Sequence[str]) -> list[str]:
    """`found`, if it names options and none of them twice; raises `Refused("bad-choice")`."""
    seen: dict[str, None] = {}
    known = frozenset(options)
    for option in found:
        if type(option) is not str or option not in known:
            raise Refused(
                "bad-choice",
                "%(option)s is not an option of this vote; the options are %(options)s.",
                option=shown(option),
                options=", ".join(options),
            )
        if option in seen:
            raise named_twice(option)
        seen[option] = None
    return list(seen)


def named_twice(option: str) -> Refused:
    """The refusal of a choice that names an option again."""
    return Refused(
        "bad-choice", "%(option)s is named twice; name each option once.", option=shown(option)
    )


def place(number: int, group: Sequence[str]) -> Said:
    """The step that says who takes a place."""
    if len(group) == 1:
        return said("Place %(place)s: %(option)s.", place=number, option=group[0])
    return said("Place %(place)s is shared by %(options)s.", place=number, options=listed(group))


def listed(options: Sequence[str]) -> str:
    """Options beside each other, for a step."""
    return ", ".join(options)


def in_turn(
    options: Sequence[str], seats: int, best: Callable[[list[str]], tuple[list[str], list[Said]]]
) -> tuple[tuple[tuple[str, ...], ...], list[Said]]:
    """Places given one after the other, for methods that look for one winner.

    `best` names whoever may win among the options left, in their order, and its steps. Who shares
    a place takes it together and is out of what follows.
    """
    groups: list[tuple[str, ...]] = []
    steps: list[Said] = []
    left = list(options)
    while left and len(options) - len(left) < seats:
        group, told = best(left)
        steps += [*told, place(len(options) - len(left) + 1, group)]
        groups.append(tuple(group))
        left = [option for option in left if option not in group]
    return tuple(groups), steps
