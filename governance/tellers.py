"""Who holds the tellers' seats, who could, and whether enough are left to decide anything.

A seat stays named when its person is no member any more, or its device was given up: the quorum is
of all seats, and such a seat is *vacant*, as if its teller were silent. Nothing that vacates seats
is carried out where too few would be left to certify anything at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from governance.certified import Certified, Term
from governance.roll import MEMBER
from protocol.certificates import Seat, quorum


def seat_of(state: Certified, person: bytes) -> Seat | None:
    """The seat a member has as teller, or would get; None for who can't sign as one.

    Who has a seat keeps it: it may have been moved from a device that is lost.
    """
    line = state.roll.persons.get(person)
    if line is None or line.standing != MEMBER:
        return None
    held = [seat for seat in state.tellers if seat.person == person]
    usable = [(height, key) for key, height in line.devices.items() if not state.roll.is_cut(key)]
    if held and not state.roll.is_cut(held[0].device):
        return held[0]
    return Seat(person, min(usable)[1]) if usable else None


def seated(
    state: Certified, seats: Iterable[Seat], alternates: Iterable[bytes] = (), *, at: int | None
) -> Certified:
    """The state in which these hold the seats from the next certificate on: a new term begins.

    `at` is when, seconds since 1970, as that certificate claims; None where it claims no time.
    """
    return replace(
        state,
        tellers=tuple(seats),
        alternates=tuple(alternates),
        term=Term(height=state.height + 1, at=at),
    )


def is_able(state: Certified, seat: Seat) -> bool:
    """Whether a seat is a member's, on a device of theirs that was not given up."""
    line = state.roll.persons.get(seat.person)
    return (
        line is not None
        and line.standing == MEMBER
        and seat.device in line.devices
        and not state.roll.is_cut(seat.device)
    )


def vacant(state: Certified) -> tuple[int, ...]:
    """The seats, by index, that nobody speaks for any more."""
    return tuple(i for i, seat in enumerate(state.tellers) if not is_able(state, seat))


def decides(state: Certified) -> bool:
    """Whether enough seats are held for a quorum."""
    return len(state.tellers) - len(vacant(state)) >= quorum(len(state.tellers))


def may_go(state: Certified, persons: Sequence[bytes]) -> bool:
    """Whether a quorum of the seats is held without these persons."""
    held = [seat for seat in state.tellers if is_able(state, seat)]
    left = [seat for seat in held if seat.person not in persons]
    return len(left) == len(held) or len(left) >= quorum(len(state.tellers))


def successors(state: Certified) -> list[Seat]:
    """The alternates who could take a seat now, best first, each with the seat they would get.

    None of them has one: an election gives a seat or a rank, and who steps in loses the rank.
    """
    found = (seat_of(state, person) for person in state.alternates)
    return [seat for seat in found if seat is not None]


def hold_back(state: Certified, going: Sequence[bytes], person: bytes) -> bool:
    """Whether a person's going, or giving up their seat's device, has to wait.

    For an alternate, who takes the seat first; or, with none, for an election, since too few would
    be left. `going`: others who go in the same certificate.
    """
    if all(seat.person != person for seat in state.tellers):
        return False
    alone = len(state.tellers) == 1
    return alone or bool(successors(state)) or not may_go(state, (*going, person))


def term_ends(state: Certified) -> int | None:
    """When the tellers' term is over, seconds since 1970; None where none has begun by the clock.

    They go on after it until others are elected: an end is for display, and takes no seat away.
    """
    if state.term is None or state.term.at is None:
        return None
    offices = cast(dict[str, dict[str, Any]], state.charter["offices"])
    return state.term.at + int(offices["teller"]["term_s"])


def why_elect(state: Certified, now: int) -> str | None:
    """Why the members should elect tellers, in one word; None while nothing calls for it.

    `seats`: the charter has another number by now; `vacant`: nobody can step in for who is gone;
    `term`: the term is over at `now`, seconds since 1970. Those in office go on until then.
    """
    offices = cast(dict[str, dict[str, Any]], state.charter["offices"])
    if offices["teller"]["seats"] != len(state.tellers):
        return "seats"
    if vacant(state) and not successors(state):
        return "vacant"
    ends = term_ends(state)
    return "term" if ends is not None and ends <= now else None
