"""What moves come to whose authors did not know of each other.

Everybody who holds the same letters gets the same, and nothing here can be ground by trying ids or
by hiding in `after` what one had: where two moves of one person compete, that one stands on which
the *other* side has built, and an id decides only between what one and the same person has signed
twice and the other side has not yet answered.

Facts (`pay`, `confirm`, `sent`, `evidence`) do not compete; but what is confirmed on two devices at
once counts for no more than could have come: `confirmed`. Decisions do:

- Two beginnings: `start`. Two deals in the place of one: `deal`.
- The end of an order beside anything else: `ends`, `gone`.
- Refunds of more than is left: `refunds`.
- Two settlements of a dispute, or a settlement and a verdict: `settlement`.
- Somebody who waits no longer beside somebody who answers: `closed`.

All functions take letters that hold by their own past, in the order of `past.arrange`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from governance.orders.past import Line
from governance.orders.table import BUYER, MEDIATOR, PARTIES, SELLER

Lines = Sequence[Line]
ByWord = Mapping[str, Lines]

BINDING = ("accept", "pay", "confirm", "sent", "received")
"""By these a person binds themselves more than by ending the order."""

IDLE = ("close", "took", "refund")
"""These don't open again what somebody has closed."""


def start(places: Lines, letters: Lines) -> Line | None:
    """The `place` that began the order.

    A buyer who places two orders under one key can't swap them later: the one that its seller has
    answered stands.
    """
    if len(places) < 2:
        return places[0] if places else None
    answered = {line.start for line in letters if line.side == SELLER}
    return min(places, key=lambda line: (line not in answered, line.id))


def half(accept: Line, letters: Mapping[bytes, Line]) -> Line:
    """What the buyer has signed of a deal: the acceptance, or the offer that was accepted."""
    return accept if accept.side == BUYER else letters[accept.move.offer]


def deal(
    accepts: Lines, received: Lines, letters: Lines, by_id: Mapping[bytes, Line]
) -> Line | None:
    """The acceptance in force. Each takes the place of the one that its author saw, or of none.

    What the buyer has received is fixed, against all that the seller adds to it, but not against
    what the buyer has signed without saying so there.
    Of crossing ones that stands on which the other side has built; else the seller's, who by it
    said the last word on stock; else the lowest id, which only one person could grind.
    """
    found: Line | None = None
    while True:
        here = [line for line in accepts if line.base is found]
        if here and found is not None and received:
            fixed = [line.past for line in received if line.move.deal == found.id]
            here = [
                line for line in here if not any(half(line, by_id).bit & past for past in fixed)
            ]
        if not here:
            return found
        if len(here) > 1:
            built = _built(here, letters)
            here.sort(key=lambda line: (line not in built, line.side != SELLER, line.id))
        found = here[0]


def _built(accepts: Lines, letters: Lines) -> set[Line]:
    """Those of `accepts` in force in what somebody of the other side saw."""
    built = set()
    for line in letters:
        seen = line.base
        while seen is not None:
            if line.side in PARTIES and line.side != seen.side:
                built.add(seen)
            seen = seen.base
    return built.intersection(accepts)


def ends(by_word: ByWord) -> list[Line]:
    """The letters by which there is no sale.

    An end stands against whatever the other side does without knowing of it: an end once seen
    stays an end. It is void beside a move of its own side that binds more, made on another device:
    nobody gets out of what they have signed by ending the order in a second place.
    """
    found = [*by_word.get("decline", ()), *by_word.get("cancel", ())]
    return _unbound(found, by_word)


def gone(given: Lines, by_word: ByWord) -> bool:
    """Whether the seller ended the order by giving back all that had been paid.

    It stays at that when the buyer paid more without knowing; under the same condition as `ends`.
    """
    return bool(_unbound([line for line in given if line.full], by_word))


def _unbound(found: Lines, by_word: ByWord) -> list[Line]:
    if not found:
        return []
    binding = [line for word in BINDING for line in by_word.get(word, ())]
    return [
        line
        for line in found
        if not any(other.side == line.side and line.crossed(other) for other in binding)
    ]


def declined(standing: Iterable[Line]) -> bool:
    """Whether the end is the seller's refusal; a decline and a cancellation are one end."""
    return any(line.word == "decline" for line in standing)


def confirmed(confirms: Lines) -> int:
    """How much came, as the seller says; two devices of theirs may have said so of the same."""
    total = 0
    for line in confirms:
        total = max(total, min(total + line.move.amount, line.bound))
    return total


def refunds(given: Lines, money: int) -> list[Line]:
    """The refunds that count, of at most `money` in all."""
    counted = []
    for line in given:
        if line.move.amount <= money:
            money -= line.move.amount
            counted.append(line)
    return counted


def settlement(proposals: Lines, agrees: Lines, letters: Lines) -> tuple[Line, Lines] | None:
    """The proposal that all whom it needs agreed to, and by which letters.

    Of crossing ones that stands on which somebody has built who did not make it complete; else
    the one that the buyer agreed to; of two that one person agreed to, the one that is worse for
    this person.
    """
    if not agrees:
        return None
    found: list[tuple[tuple[bool, bool, int, bytes], Line, Lines]] = []
    for line in proposals:
        to = [each for each in agrees if each.move.proposal == line.id]
        sides = {each.side for each in to}
        if not sides.issuperset(side for side in PARTIES if side != line.side):
            continue
        finished = {each.side for each in to if _knowing(each, to, line)}
        built = any(
            each.outcome is line and each.side in PARTIES and each.side not in finished
            for each in letters
        )
        worse = line.move.refund if BUYER in sides else -line.move.refund
        found.append(((not built, BUYER not in sides, worse, line.id), line, to))
    return min(found, key=lambda each: each[0])[1:] if found else None


def _knowing(last: Line, agrees: Lines, proposal: Line) -> bool:
    """Whether who agreed knew that the proposal was complete by it."""
    others = {each.side for each in agrees if each.bit & last.past}
    needed = {side for side in PARTIES if side not in (proposal.side, last.side)}
    return proposal.side != MEDIATOR or needed <= others


def closed(closes: Lines, letters: Iterable[Line]) -> bool:
    """Whether somebody waits no longer, and nobody had an answer that they did not know."""
    if not closes:
        return False
    answers = [line for line in letters if line.word not in IDLE]
    return any(all(line.bit & close.past for line in answers) for close in closes)
