"""`expel`: a person is taken off the roll.

They don't vote on it, whatever the rule says. There are no grounds in the effect: what is written
here stays for good, and free text about people must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from governance.certified import Certified, Vote
from governance.effects.effect import Effect, Names, Stale, a_key, a_word, only_keys
from governance.effects.elect import OFFICES
from governance.effects.words import PersonId
from governance.roll import MEMBER
from governance.saying import Said, said
from governance.tellers import may_go
from protocol.codec import Plain
from protocol.errors import Refused


class Expel(Effect[bytes]):
    """An expulsion; it reads as the person's key."""

    name = "expel"
    kinds = ("expulsion",)
    needed = ("person",)

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        person = names.person(a_word(given["person"], "person"))
        if person == names.me:
            raise Refused("bad-effect", "You need no vote to go: leave the community instead.")
        return {"person": person}

    def _read(self, effect: Mapping[str, Any]) -> bytes:
        only_keys(effect, ("type", *self.needed))
        return a_key(effect["person"], "person")

    def _fit(self, read: bytes, state: Certified) -> None:
        line = state.roll.persons.get(read)
        if line is None:
            raise Refused("bad-effect", "Only who is on the roll can be expelled.")
        if line.standing != MEMBER:
            raise Stale("stale", "The person is no member any more.")
        if not may_go(state, (read,)):
            raise Stale(
                "stale",
                "The person is teller, and without them nothing could be decided any more: "
                "elect another teller first.",
            )

    def _carry_out(
        self, read: bytes, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        self._fit(read, state)
        officers = {}
        for office, held in state.officers.items():
            stay = tuple(person for person in held.persons if person != read)
            if stay:
                officers[office] = replace(held, persons=stay)
        return replace(state, officers=officers)

    def _concerned(self, read: bytes, recuse: bool) -> tuple[bytes, ...]:
        return (read,)

    def _show(self, read: bytes) -> dict[str, object]:
        return {"person": read.hex()}

    def _say(self, read: bytes, state: Certified) -> list[Said]:
        who = PersonId.of(read)
        lines = [
            said("%(who)s is taken off the roll and does not vote on this.", who=who),
            said("What they offer is shown no more, and their devices are cut off."),
        ]
        for office, held in state.officers.items():
            if read in held.persons and office in OFFICES:
                lines.append(
                    said(
                        "%(who)s would not be %(office)s any more.",
                        who=who,
                        office=OFFICES[office],
                    )
                )
        return lines


EFFECT = Expel()
