"""What a member does about people: invite, confirm who was meant, the own profile, leave."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

from governance.membership import Invitation
from governance.roll import MEMBER
from node.home import Home
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


def own_addresses(home: Home) -> tuple[str, ...]:
    """Where this node listens, or listened when it last ran."""
    return tuple(json.loads(get_meta(home.store.db, "addresses") or "[]"))


def invite(home: Home, uses: int) -> list[Link]:
    """Make `uses` invitations, each for one person, in free slots of this device."""
    _members_only(home, "invite")
    addresses = own_addresses(home)
    if not addresses:
        raise Refused(
            "no-address",
            "Nobody could reach you: this node has no address yet. Start it once with "
            "`moothall run`, then invite.",
        )
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
    ids = home.append(drafts)
    peers = {home.device: addresses, **_known_peers(home)}
    height, certificate = certificates.tip(home.store)
    return [
        Link(home.store.community, secret.seed, record_id, height, certificate, peers)
        for secret, record_id in zip(secrets, ids, strict=True)
    ]


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
    facts, standing = assessed
    wanted = who.strip().lower()
    invitations: dict[bytes, Invitation] = {item.record: item for item in facts.invitations}
    for (device, slot, round_), joinings in standing.contested.items():
        for joining in joinings:
            if len(wanted) >= 8 and joining.person.hex().startswith(wanted):
                if device != home.device:
                    raise Refused(
                        "not-yours", "That invitation is somebody else's: ask who made it."
                    )
                assert joining.invite in invitations  # noqa: S101 - contested slots have one
                home.append([Draft("confirm", confirm_kind.body(slot, round_, joining.record))])
                return {"person": joining.person.hex()}
    raise NotFound("no-contest", f"No unsettled invitation of yours was taken up by {who}.")


def set_profile(home: Home, changes: dict[str, Any]) -> Profile:
    """Change fields of one's own profile; what isn't named stays."""
    before = own_profile(home)
    after = replace(before, **changes, version=before.version + 1)
    if not after.name.strip():
        raise Refused("no-name", "A profile needs a name; nothing was changed.")
    for key, text, limit in (
        ("name", after.name, MAX_NAME),
        ("about", after.about, MAX_ABOUT),
        ("place", after.place, MAX_NAME),
    ):
        if len(text) > limit:
            raise Refused("too-long", f"The {key} has {len(text)} characters; {limit} fit.")
    for key, items in (
        ("skills", after.skills),
        ("interests", after.interests),
        ("needs", after.needs),
    ):
        if len(items) > MAX_ITEMS or any(len(item) > MAX_ITEM for item in items):
            raise Refused(
                "too-long", f"At most {MAX_ITEMS} {key} of {MAX_ITEM} characters each fit."
            )
    home.append([Draft("profile", after.body())])
    return after


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


def resolve(home: Home, text: str) -> members.Member:
    """A person by id, prefix or name."""
    return members.resolve(home.store, text)


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


def shop_url(home: Home) -> str | None:
    """The public address of one's shop window, where its owner has named one."""
    return get_meta(home.store.db, "shop_url")
