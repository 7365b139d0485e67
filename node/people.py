"""What a member does about people: invite, confirm who was meant, the own profile, leave."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import Any

from governance.roll import MEMBER
from node import control
from node.home import LOCK, Home
from node.market import check_text
from protocol.errors import NotFound, Refused
from protocol.invitation import MAX_PEERS, Link
from protocol.keys import Signer
from protocol.kinds import confirm as confirm_kind
from protocol.kinds import invite as invite_kind
from protocol.kinds import leave as leave_kind
from protocol.kinds.profile import MAX_ABOUT, MAX_ITEM, MAX_ITEMS, MAX_NAME, Profile
from storage import certificates
from storage.database import get_meta
from storage.own import Draft
from storage.rows import all_logs
from storage.standing import assess
from storage.views import members, profiles
from storage.views.members import WAITING, Member

STARTING_TRIES = 50  # of 0.2 s, for a node that is just starting


def own_addresses(home: Home) -> tuple[str, ...]:
    """Where this node listens, or listened when it last ran."""
    return tuple(json.loads(get_meta(home.store.db, "addresses") or "[]"))


def _wait_for_addresses(home: Home) -> tuple[str, ...]:
    """A node that was started a moment ago is about to know where it listens."""
    for _ in range(STARTING_TRIES):
        if not control.is_running(home.path / LOCK):
            break
        time.sleep(0.2)
        if found := own_addresses(home):
            return found
    return ()


def invite(home: Home, uses: int) -> list[Link]:
    """Make `uses` invitations, each for one person, in free slots of this device."""
    _members_only(home, "invite")
    addresses = own_addresses(home) or _wait_for_addresses(home)
    if not addresses:
        raise Refused(
            "no-address",
            "Nobody could reach you: this node has no address yet. Start it once with "
            "`moothall run`, then invite.",
        )
    with home.turn():  # two commands at once must not choose the same slot
        secrets, ids = _write_invitations(home, uses)
    peers = {home.device: addresses, **_known_peers(home)}
    height, certificate = certificates.tip(home.store)
    return [
        Link(home.store.community, secret.seed, record_id, height, certificate, peers)
        for secret, record_id in zip(secrets, ids, strict=True)
    ]


def _write_invitations(home: Home, uses: int) -> tuple[list[Signer], list[bytes]]:
    """One-time keys, and the records of the invitations that they open."""
    state = certificates.current(home.store)
    assert state is not None  # noqa: S101 - a member's home has a roll
    slots = home.charter().membership.invite_slots
    taken = {
        (row[0], row[1])
        for row in home.store.db.execute(
            "SELECT slot, round FROM invitation WHERE device = ?", [home.device]
        )
    }
    free = [
        (slot, state.roll.rounds.get((home.device, slot), 0))
        for slot in range(slots)
        if (slot, state.roll.rounds.get((home.device, slot), 0)) not in taken
    ]
    if len(free) < uses:
        raise Refused(
            "no-slot",
            f"{len(free)} of your {slots} invitations are free. One comes back when somebody you "
            "invited is admitted, or when an unused one expires.",
        )
    secrets = [Signer(os.urandom(32)) for _ in range(uses)]
    drafts = [
        Draft("invite", invite_kind.body(slot, round_, secret.public))
        for (slot, round_), secret in zip(free, secrets, strict=False)
    ]
    return secrets, home.append(drafts)


def _known_peers(home: Home) -> dict[bytes, tuple[str, ...]]:
    """Some members' devices that can be tried when one's own is away."""
    rows = home.store.db.execute(
        "SELECT peer.device, addresses FROM peer JOIN device ON device.key = peer.device"
        " WHERE standing IN (1, 2) AND card IS NOT NULL AND expires_ms > ?"
        " ORDER BY issued_ms DESC LIMIT ?",
        [home.store.now_ms(), MAX_PEERS - 1],
    ).fetchall()
    return {row[0]: tuple(json.loads(row[1])) for row in rows if row[0] != home.device}


def confirm(home: Home, who: str) -> dict[str, str]:
    """Say which of several people on one of your invitations you meant."""
    _members_only(home, "confirm")
    assessed = assess(home.store)
    assert assessed is not None  # noqa: S101 - a member's home has a roll
    wanted = who.strip().lower()
    found = [
        (slot, joining)
        for slot, joinings in assessed[1].contested.items()
        for joining in joinings
        if len(wanted) >= 8 and joining.person.hex().startswith(wanted)
    ]
    if not found:
        raise NotFound(
            "no-contest",
            f"No unsettled invitation of yours was taken up by {who}; `moothall member list` "
            "shows the ids of those who wait.",
        )
    if len({joining.person for _, joining in found}) > 1:
        raise Refused("ambiguous", f"{len(found)} people fit {who}: give more digits.")
    mine = [item for item in found if item[0][0] == home.device]
    if not mine:
        raise Refused("not-yours", "That invitation is somebody else's: ask who made it.")
    (_, slot, round_), joining = mine[0]
    home.append([Draft("confirm", confirm_kind.body(slot, round_, joining.record))])
    return {"person": joining.person.hex()}


def set_profile(home: Home, changes: dict[str, Any]) -> Profile:
    """Change fields of one's own profile; what isn't named stays."""
    with home.turn():
        before = own_profile(home)
        after = replace(before, **changes, version=before.version + 1)
        _check(after)
        home.append([Draft("profile", after.body())])
    return after


def _check(profile: Profile) -> None:
    """Refused with what to change when a profile can't be written."""
    check_text("name", profile.name, MAX_NAME)
    if not profile.name.strip():
        raise Refused("no-name", "A profile needs a name; nothing was changed.")
    check_text("about", profile.about, MAX_ABOUT, lines=True)
    check_text("place", profile.place, MAX_NAME)
    for key, items in (
        ("skills", profile.skills),
        ("interests", profile.interests),
        ("needs", profile.needs),
    ):
        if len(items) > MAX_ITEMS:
            raise Refused("too-many", f"At most {MAX_ITEMS} {key} fit; nothing was changed.")
        for item in items:
            check_text(f"item of {key}", item, MAX_ITEM)


def own_profile(home: Home) -> Profile:
    """One's own newest profile, in view of others or not yet."""
    rows = home.store.db.execute(
        "SELECT body FROM profile JOIN log ON log.no = profile.log_no"
        " JOIN device ON device.no = log.device_no WHERE device.key = ?"
        " ORDER BY version DESC, profile.id LIMIT 1",
        [home.device],
    ).fetchone()
    shared = profiles.get(home.store, home.person)
    mine = profiles.read_body(rows[0]) if rows else None
    best = max((p for p in (shared, mine) if p is not None), key=lambda p: p.version, default=None)
    return best or Profile(version=0, name="")


def leave(home: Home) -> None:
    """Go: names the heads of one's own logs, so that what stands of them stays."""
    _members_only(home, "leave")
    heads = [
        (log.device, log.lane, log.prefix_seq, log.prefix_id)
        for log in all_logs(home.store)
        if log.person == home.person and log.prefix_seq
    ]
    home.append([Draft("leave", leave_kind.body(heads))])


def everybody(home: Home) -> list[Member]:
    """All persons that are known here, and oneself while nobody has let this home in."""
    found = members.everybody(home.store)
    if home.standing() == WAITING and all(each.person != home.person for each in found):
        found.append(
            Member(
                person=home.person,
                name=own_profile(home).name,
                status=WAITING,
                inviter=None,
                devices=(home.device,),
            )
        )
    return found


def resolve(home: Home, text: str) -> Member:
    """A person by id, prefix or name; NotFound or Refused `ambiguous` otherwise."""
    try:
        return members.resolve(home.store, text)
    except NotFound:
        wanted = text.strip().casefold()
        for each in everybody(home):
            names = (each.person.hex()[: max(8, len(wanted))], each.name.casefold())
            if each.person == home.person and wanted in names:
                return each
        raise


def _members_only(home: Home, what: str) -> None:
    standing = home.standing()
    if standing != MEMBER:
        raise Refused(
            "not-member",
            f"Only members {what}; you are {standing}. The teller's node admits you by itself "
            "when the charter's conditions are met.",
        )


def note_invitations(home: Home, links: list[Link], note: str) -> None:
    """Remember for whom an invitation was; the note never leaves this machine."""
    if note:
        with home.store.transaction():
            for link in links:
                home.store.db.execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                    [f"note {link.invite.hex()}", note],
                )
