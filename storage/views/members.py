"""Who is here: the roll and the newcomers, joined with their profiles when read."""

from __future__ import annotations

from dataclasses import dataclass

from governance.membership import PROVISIONAL
from governance.roll import MEMBER
from protocol.errors import NotFound, Refused
from protocol.kinds.profile import Profile
from storage import certificates
from storage.standing import assess
from storage.store import Store
from storage.views import profiles

WAITING, PROVISIONALLY = "waiting", "provisional"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A person. `status`: waiting, provisional, member, left or removed."""

    person: bytes
    name: str  # empty while no profile of theirs is here
    status: str
    inviter: bytes | None
    devices: tuple[bytes, ...]


def everybody(store: Store) -> list[Member]:
    """All persons, members first, then by name."""
    state = certificates.current(store)
    if state is None:
        return []
    names = profiles.names(store)
    found: dict[bytes, Member] = {}
    for key, person in state.roll.persons.items():
        found[key] = Member(
            person=key,
            name=names.get(key, ""),
            status=person.standing,
            inviter=person.inviter,
            devices=tuple(sorted(person.devices)),
        )
    assessed = assess(store)
    if assessed is not None:
        _, standing = assessed
        for key, guest in standing.guests.items():
            found[key] = Member(
                person=key,
                name=names.get(key, ""),
                status=PROVISIONALLY,
                inviter=guest.inviter,
                devices=(guest.joining.device,),
            )
        for joinings in standing.contested.values():
            for joining in joinings:
                if joining.person not in found:
                    found[joining.person] = Member(
                        person=joining.person,
                        name="",
                        status=WAITING,
                        inviter=None,
                        devices=(joining.device,),
                    )
    return sorted(
        found.values(),
        key=lambda m: (m.status != MEMBER, m.name == "", m.name.casefold(), m.person),
    )


def get(store: Store, person: bytes) -> Member:
    """One person; NotFound if nobody here has that key."""
    for member in everybody(store):
        if member.person == person:
            return member
    raise NotFound("no-member", "Nobody with that id is known here.")


def resolve(store: Store, text: str) -> Member:
    """By hex prefix of 8 or more, or by exact name; NotFound or Refused `ambiguous` otherwise."""
    wanted = text.strip()
    found = [
        member
        for member in everybody(store)
        if (len(wanted) >= 8 and member.person.hex().startswith(wanted.lower()))
        or (member.name and member.name.casefold() == wanted.casefold())
    ]
    if not found:
        raise NotFound("no-member", "Nobody called %(text)s is known here.", text=text)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s people fit %(text)s: give their id.",
            count=len(found),
            text=text,
        )
    return found[0]


def profile(store: Store, person: bytes) -> Profile | None:
    """A person's profile as it stands."""
    return profiles.get(store, person)


def provisional_count(store: Store) -> int:
    """How many devices are provisional."""
    row = store.db.execute(
        "SELECT count(*) FROM device WHERE standing = ?", [PROVISIONAL]
    ).fetchone()
    return int(row[0])
