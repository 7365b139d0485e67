"""`elect`: the winners hold an office from now on, instead of those who held it.

A candidate who is no member any more drops out. Whoever is elected teller signs with the seat they
have, or else with the device of theirs that has been on the roll longest.

Of tellers there is one, or all seats are filled at once: where fewer are found who can, nothing
changes, so that no election leaves the community without a quorum. Who is ahead of the status quo
and finds no seat is an alternate, for a winner who drops out and for a teller who is gone later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from governance.certified import Certified, Held, Vote
from governance.effects.effect import (
    Effect,
    Names,
    Stale,
    a_word,
    keys_by_option,
    only_keys,
    words_by_option,
)
from governance.effects.words import PersonId
from governance.roll import MEMBER
from governance.saying import Said, said
from governance.tellers import seat_of, seated
from protocol.codec import Plain
from protocol.errors import Refused, Term

TELLER: Final = "teller"
OFFICES = {
    TELLER: Term("teller"),
    "treasurer": Term("treasurer"),
    "welcomer": Term("welcomer"),
    "mediator": Term("mediator"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Election:
    """Who stands for which office, by option id."""

    office: str
    candidates: Mapping[str, bytes]


class Elect(Effect[Election]):
    """An election."""

    name = "elect"
    kinds = ("offices",)
    needed = ("office", "candidates")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        candidates = words_by_option(given["candidates"], "candidates", names.person)
        office = a_word(given["office"], "office")
        for option, person in candidates.items():
            if not may_hold(state, office, cast(bytes, person)):
                raise Refused(
                    "bad-effect",
                    "%(who)s can't be elected: only members of the community can.",
                    who=given["candidates"][option],
                )
        return {"office": office, "candidates": candidates}

    def _read(self, effect: Mapping[str, Any]) -> Election:
        only_keys(effect, ("type", *self.needed))
        office = a_word(effect["office"], "office")
        if office not in OFFICES:
            raise Refused(
                "bad-effect",
                "There is no such office; these are: %(known)s.",
                known=", ".join(OFFICES),
            )
        return Election(
            office=office, candidates=keys_by_option(effect["candidates"], "candidates")
        )

    def _fit(self, read: Election, state: Certified) -> None:
        for person in read.candidates.values():
            if person not in state.roll.persons:
                raise Refused("bad-effect", "Somebody stands here who was never on the roll.")
        able = sum(may_hold(state, read.office, each) for each in read.candidates.values())
        if not able:
            raise _nobody()
        if able < self._fewest(read, self._seats(read, state.charter)):
            raise Stale(
                "stale",
                "There are %(seats)s tellers, who are elected together: so many must stand who can "
                "take it up, and %(able)s do.",
                seats=self._seats(read, state.charter),
                able=able,
            )

    def _carry_out(
        self, read: Election, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        elected = winning(read.candidates, vote)
        if read.office == TELLER:
            elected += tuple(read.candidates[option] for option in vote.reserve)
        persons = tuple(each for each in elected if may_hold(state, read.office, each))
        if not persons:
            raise _nobody()
        if read.office == TELLER:
            state, persons = _seated(state, persons, vote.seats, at)
        held = Held(persons=persons, proposal=vote.proposal, height=height, at=at)
        return replace(state, officers={**state.officers, read.office: held})

    def _choices(self, read: Election) -> tuple[str, ...]:
        return tuple(read.candidates)

    def _seats(self, read: Election, charter: Mapping[str, Plain]) -> int:
        seats = _rules(read, charter)["seats"]
        return seats if read.office == TELLER else min(seats, len(read.candidates))

    def _alternates(self, read: Election, charter: Mapping[str, Plain]) -> int:
        rules, seats = _rules(read, charter), self._seats(read, charter)
        if read.office != TELLER or seats == 1:
            return 0
        return max(0, min(rules["alternates"], len(read.candidates) - seats))

    def _fewest(self, read: Election, seats: int) -> int:
        return seats if read.office == TELLER else 0

    def _show(self, read: Election) -> dict[str, object]:
        candidates = {option: person.hex() for option, person in read.candidates.items()}
        return {"office": read.office, "candidates": candidates}

    def _say(self, read: Election, state: Certified) -> list[Said]:
        office = OFFICES[read.office]
        lines = [
            said(
                "%(option)s: %(who)s stands for election as %(office)s.",
                option=option,
                who=PersonId.of(person),
                office=office,
            )
            for option, person in read.candidates.items()
        ]
        held = state.officers.get(read.office)
        holders = held.persons if held else ()
        if read.office == TELLER:
            holders = tuple(seat.person for seat in state.tellers)
            lines.append(
                said(
                    "The teller's seat goes to the device that has been on the roll longest, or "
                    "stays on the one that has it."
                )
            )
            seats = self._seats(read, state.charter)
            if seats > 1:
                lines.append(
                    said(
                        "%(seats)s are elected together, or nobody; at most %(alternates)s more "
                        "are alternates.",
                        seats=seats,
                        alternates=self._alternates(read, state.charter),
                    )
                )
        lines += [
            said(
                "%(who)s is %(office)s until then, and afterwards only if elected again.",
                who=PersonId.of(person),
                office=office,
            )
            for person in holders
            if person in state.members()
        ]
        return lines


def may_hold(state: Certified, office: str, person: bytes) -> bool:
    """Whether this person can take up an office now."""
    if office == TELLER:
        return seat_of(state, person) is not None
    line = state.roll.persons.get(person)
    return line is not None and line.standing == MEMBER


def _seated(
    state: Certified, persons: tuple[bytes, ...], seats: int, at: int
) -> tuple[Certified, tuple[bytes, ...]]:
    """The state with the first of these in the tellers' seats, and who these are; Stale if not."""
    if seats != cast(dict[str, Any], state.charter["offices"])[TELLER]["seats"]:
        raise Stale("stale", "The charter has another number of tellers by now: elect them anew.")
    if len(persons) < seats:
        raise Stale("stale", "Fewer of those elected than there are seats can be tellers now.")
    chosen = persons[:seats]
    taken = [seat for person in chosen if (seat := seat_of(state, person)) is not None]
    return seated(state, taken, persons[seats:] if seats > 1 else (), at=at), chosen


def _rules(read: Election, charter: Mapping[str, Plain]) -> dict[str, int]:
    return cast(dict[str, dict[str, int]], charter["offices"])[read.office]


def winning(choices: Mapping[str, bytes], vote: Vote) -> tuple[bytes, ...]:
    """What the winners of a vote stand for, best first; the only one after a yes or no."""
    if not vote.winners and len(choices) == 1:
        return tuple(choices.values())
    return tuple(choices[option] for option in vote.winners if option in choices)


def _nobody() -> Stale:
    return Stale("stale", "Nobody of those who stand can take up the office any more.")


EFFECT = Elect()
