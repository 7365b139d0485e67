"""A ballot as a form: which fields each method has, what they hold, and what was filled in.

Everything works without scripts: a ranking is a number beside each option, stars are six dots to
choose from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from node.gateway.forms import Form
from node.gateway.words import Words
from protocol.codec import Plain
from protocol.errors import Refused

ANSWERS = {"yesno": ("yes", "no", "abstain"), "consent": ("consent", "aside", "object")}
STARS = (0, 1, 2, 3, 4, 5)
Filled = Mapping[str, tuple[str, ...]]  # field -> the values that it holds


def filled(form: str, choice: Any) -> Filled:
    """The fields of a method's `form` that hold this choice, which is a ballot's plain data."""
    match form:
        case "approval":
            return {"option": tuple(choice)}
        case "ranked":
            ranks = enumerate(choice, 1)
            return {f"rank-{option}": (str(rank),) for rank, group in ranks for option in group}
        case "score":
            return {f"stars-{option}": (str(stars),) for option, stars in choice.items()}
    return {"choice": (choice,)}


def read(
    words: Words, given: Form, form: str, options: Sequence[str], *, level: bool
) -> tuple[Plain, str]:
    """The choice that was filled in, as a ballot holds it, and the reason that was given.

    `level`: whether options may share a place. Refused `bad-choice` with what to change.
    """
    reason = given.lines("reason").strip()
    match form:
        case "approval":
            ticked = given.texts("option")
            return [option for option in options if option in ticked], reason
        case "ranked":
            return _ranking(words, given, options, level=level), reason
        case "score":
            stars = {option: _number(given.text(f"stars-{option}")) for option in options}
            return {option: number for option, number in stars.items() if number}, reason
    answer = given.text("choice")
    if answer not in ANSWERS[form]:
        raise _wrong(words.gettext("Choose one of the answers; nothing was sent."))
    if answer == "object" and not reason:
        raise _wrong(
            words.gettext(
                "Say why you object, so that the others can look for a way; nothing was sent."
            )
        )
    return answer, reason


def _ranking(words: Words, given: Form, options: Sequence[str], *, level: bool) -> Plain:
    places: dict[int, list[Plain]] = {}
    for option in options:
        number = _number(given.text(f"rank-{option}"))
        if number:
            places.setdefault(number, []).append(option)
    if not places:
        raise _wrong(words.gettext("Number what you like best with 1; nothing was sent."))
    shared = next((number for number, group in places.items() if len(group) > 1), None)
    if shared is not None and not level:
        sentence = words.gettext(
            "The number %(n)s stands twice: here each one can be given once. Nothing was sent."
        )
        raise _wrong(sentence % {"n": words.number(shared)})
    return [places[number] for number in sorted(places)]


def _number(text: str) -> int:
    """A small number; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _wrong(sentence: str) -> Refused:
    return Refused("bad-choice", sentence)
