"""One's own invitations: making them, showing their links again, and what became of them.

The secret in an invitation's link is made from this home's device key and the invitation's place
(slot and round), so it is never written down: whoever can read it could also sign as this device.
Notes for oneself stay in this home.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from governance.membership import Standings
from governance.roll import MEMBER, Roll
from node import address_book, announcing, control
from node.branches import spread
from node.home import LOCK, Home
from node.market import check_text
from protocol.codec import encode
from protocol.errors import NotFound, Refused, Term, Unreachable
from protocol.invitation import MAX_PEERS, Link
from protocol.keys import Signer
from protocol.kinds import invite as invite_kind
from storage import certificates
from storage.database import get_meta
from storage.own import Draft
from storage.rows import standing_of
from storage.standing import assess
from storage.store import Store

MAX_NOTE = 200  # characters
OPEN, TAKEN, CONTESTED, USED, LAPSED = "open", "taken", "contested", "used", "lapsed"

_STARTING_TRIES = 50  # of 0.2 s, for a node that is just starting
_PURPOSE = b"moothall invited"  # BLAKE2b's 16 bytes of personalisation

Place = tuple[int, int]  # slot and round


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """One's own. `status`: open; taken (somebody came, not confirmed yet); contested (several
    came); used (somebody was admitted); lapsed.
    """

    record: bytes
    place: Place
    key: bytes  # public half of the one-time key
    note: str
    status: str
    people: tuple[bytes, ...]  # who came by it
    made_ms: int  # when this node first held it


def make(home: Home, uses: int, note: str = "") -> list[Link]:
    """Make `uses` invitations, each for one person, in free slots of this device.

    Refused `not-member`, `no-address`, `no-slot`, or for a note that can't be kept.
    """
    check_text(Term("note"), note, MAX_NOTE)
    if home.standing() != MEMBER:
        raise Refused(
            "not-member",
            "Only members invite; you are none yet, or no longer. The teller's node admits you by "
            "itself when the charter's conditions are met.",
        )
    if not (own_addresses(home) or _wait_for_addresses(home)):
        raise Refused(
            "no-address",
            "Nobody could reach you: this node has no address yet. Start it once with "
            "`moothall run`, then invite.",
        )
    with home.turn():  # two commands at once must not choose the same slot
        places = _free_places(home, uses)
        keys = _one_time_keys(home, places)
        records = home.append(
            [
                Draft("invite", invite_kind.body(*place, key.public))
                for place, key in zip(places, keys, strict=True)
            ]
        )
        if note:
            with home.store.transaction():
                home.store.db.conn.executemany(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                    [(f"note {record.hex()}", note) for record in records],
                )
    return [_link(home, key, record) for key, record in zip(keys, records, strict=True)]


def mine(home: Home) -> list[Invitation]:
    """All invitations that this device made, oldest first."""
    assessed = assess(home.store)
    state = certificates.current(home.store)
    if assessed is None or state is None:
        return []
    notes = dict(
        home.store.db.execute("SELECT substr(key, 6), value FROM meta WHERE key GLOB 'note *'")
    )
    found = []
    for record, slot, round_, key, made in home.store.db.execute(
        "SELECT invitation.record, slot, round, invitation.key, coalesce(at_ms, 0) FROM invitation"
        " LEFT JOIN seen ON seen.record = invitation.record WHERE device = ? ORDER BY seq",
        [home.device],
    ).fetchall():
        status, people = _fate(home, (slot, round_), record, state.roll, assessed[1])
        found.append(
            Invitation(
                record=record,
                place=(slot, round_),
                key=key,
                note=notes.get(record.hex(), ""),
                status=status,
                people=people,
                made_ms=made,
            )
        )
    return found


def find(home: Home, text: str) -> Invitation:
    """One's own invitation by the first 8 digits of its id or more; NotFound otherwise."""
    for each in mine(home):
        if len(text) >= 8 and each.record.hex().startswith(text.lower()):
            return each
    raise NotFound("no-invitation", "You made no such invitation.")


def link_of(home: Home, invitation: Invitation) -> Link:
    """An open invitation's link, once more; NotFound when its secret is not this program's."""
    (key,) = _one_time_keys(home, [invitation.place])
    if key.public != invitation.key:
        raise NotFound(
            "no-secret",
            "This invitation was made by an earlier version, which did not keep its link. It is "
            "good for whoever has the link, and lapses by itself.",
        )
    return _link(home, key, invitation.record)


def free_slots(home: Home) -> tuple[int, int]:
    """(how many more people this device can invite now, how many at a time)."""
    state = certificates.current(home.store)
    if state is None:
        return 0, 0
    slots = home.charter().membership.invite_slots
    return len(_free(home, state.roll, slots)), slots


def one_time_key(device: Signer, community: bytes, place: Place) -> Signer:
    """The key that opens the invitation of this device at a slot and round."""
    where = encode([community, *place])
    return Signer(blake2b(where, digest_size=32, key=device.seed, person=_PURPOSE).digest())


def own_addresses(home: Home) -> tuple[str, ...]:
    """Where others reach this node, or did when it last ran; what it announces comes first."""
    listening = json.loads(get_meta(home.store.db, "addresses") or "[]")
    if not listening:
        return ()
    return tuple(dict.fromkeys([*announcing.kept(home.store), *listening]))


def _wait_for_addresses(home: Home) -> tuple[str, ...]:
    """A node that was started a moment ago is about to know where it listens."""
    if home.told is not None:
        return ()  # we are that node
    for _ in range(_STARTING_TRIES):
        if not control.is_running(home.path / LOCK):
            break
        time.sleep(0.2)
        if found := own_addresses(home):
            return found
    return ()


def _free_places(home: Home, uses: int) -> list[Place]:
    state = certificates.current(home.store)
    assert state is not None  # noqa: S101 - a member's home has a roll
    slots = home.charter().membership.invite_slots
    free = _free(home, state.roll, slots)
    if len(free) < uses:
        raise Refused(
            "no-slot",
            "%(free)s of your %(all)s invitations are free. One comes back when somebody you "
            "invited is admitted, or when an unused one expires.",
            free=len(free),
            all=slots,
        )
    return free[:uses]


def _free(home: Home, roll: Roll, slots: int) -> list[Place]:
    taken = set(
        home.store.db.execute(
            "SELECT slot, round FROM invitation WHERE device = ?", [home.device]
        ).fetchall()
    )
    now = [(slot, roll.rounds.get((home.device, slot), 0)) for slot in range(slots)]
    return [place for place in now if place not in taken]


def _one_time_keys(home: Home, places: Sequence[Place]) -> list[Signer]:
    """From the device key; with sealed keys the running node makes them."""
    if home.locked:
        try:
            seeds = control.one_time(home.socket, places)
        except Unreachable:
            seeds = None
        if seeds is not None:
            return [Signer(seed) for seed in seeds]
    device = home.unlock().device
    return [one_time_key(device, home.store.community, place) for place in places]


def _link(home: Home, key: Signer, record: bytes) -> Link:
    peers = {home.device: own_addresses(home), **known_peers(home)}
    height, certificate = certificates.tip(home.store)
    return Link(home.store.community, key.seed, record, height, certificate, peers)


def known_peers(home: Home) -> dict[bytes, tuple[str, ...]]:
    """Some members' devices, and where they can be tried when one's own is away.

    Relays of one's own come first, since a stranger can't come through them. The others are of
    different persons and branches of the invitation tree, for a newcomer knows nobody else; in
    each branch preferred who was reached lately, then who relays for others.
    """
    store = home.store
    cards, reached = address_book.reachable(store), address_book.reached(store)
    relays = address_book.relays(cards)
    own = address_book.relays({home.device: own_addresses(home)})

    def worth(person: bytes) -> tuple[int, bool]:
        some = devices[person]
        return -max(reached.get(each, 0) for each in some), relays.isdisjoint(some)

    devices: dict[bytes, list[bytes]] = {}
    for device in cards:
        known = standing_of(store, device)
        devices.setdefault((known and known[1]) or device, []).append(device)
    best = sorted(devices, key=lambda person: (*worth(person), person))
    chosen = [device for device in cards if device in own]
    for person in spread(address_book.branches(store), best, MAX_PEERS - 1):
        chosen.append(max(devices[person], key=lambda each: (reached.get(each, 0), each)))
    return {device: cards[device] for device in list(dict.fromkeys(chosen))[: MAX_PEERS - 1]}


def _fate(
    home: Home, place: Place, record: bytes, roll: Roll, standing: Standings
) -> tuple[str, tuple[bytes, ...]]:
    """What became of an invitation, and who came by it."""
    if roll.rounds.get((home.device, place[0]), 0) != place[1]:
        came = tuple(person for person in _came(home.store, record) if person in roll.persons)
        return (USED, came) if came else (LAPSED, ())
    contested = standing.contested.get((home.device, *place))
    if contested:
        return CONTESTED, tuple(joining.person for joining in contested)
    guests = tuple(
        guest.person for guest in standing.guests.values() if guest.invitation.record == record
    )
    return (TAKEN, guests) if guests else (OPEN, ())


def _came(store: Store, record: bytes) -> list[bytes]:
    """The persons whose joins name an invitation."""
    rows = store.db.execute(
        "SELECT DISTINCT enrolment.person FROM joining"
        " JOIN enrolment ON enrolment.device = joining.device WHERE invite = ?",
        [record],
    ).fetchall()
    return [row[0] for row in rows]
