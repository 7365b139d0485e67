"""What this home remembers of others' nodes: the tree they hang in, addresses, who was reached.

Read from the store for choosing whom to dial and whom an invitation names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping

from governance.membership import CERTIFIED, PROVISIONAL
from node.branches import Branches, Known
from node.network.peer_id import device_key_of, peer_id_of
from protocol.errors import Invalid
from storage import certificates
from storage.database import get_meta, set_meta
from storage.rows import standing_of
from storage.store import Store

_REACHED = "reached"  # in meta: device in hex -> when a link with it last stood
_MOST_REACHED = 64
_LATELY_MS = 14 * 24 * 3600 * 1000
_RELAY = re.compile(r"/p2p/([^/]+)/p2p-circuit")


def branches(store: Store) -> Branches:
    """Who came in by whom, as far as this home knows; its own person is nobody to be chosen."""
    inviters: dict[bytes, bytes | None] = {}
    state = certificates.current(store)
    if state is not None:
        inviters = {person: line.inviter for person, line in state.roll.persons.items()}
        founder = state.roll.person_of(bytes.fromhex(get_meta(store.db, "founder") or ""))
        if founder is not None:
            inviters[founder] = None  # whoever they came back by
    for guest, inviter in store.db.execute(
        "SELECT guest.person, host.person FROM device AS guest"
        " JOIN joining ON joining.device = guest.key"
        " JOIN invitation ON invitation.record = joining.invite"
        " JOIN device AS host ON host.key = invitation.device"
        " WHERE guest.standing = ? AND guest.person IS NOT NULL ORDER BY invitation.record",
        [PROVISIONAL],
    ).fetchall():
        inviters.setdefault(guest, inviter)
    own = (standing_of(store, store.device) or (0, None))[1]
    return Branches(inviters, {*_persons(store).values()} - {own})


def known(store: Store, contacts: Collection[bytes], fresh: Iterable[str]) -> Known:
    """Whom this node may dial. `fresh`: peers with a good address, also those on the LAN;
    `contacts`: devices it was told of, which count as persons until the roll is here.
    """
    persons = _persons(store)
    if certificates.tip(store)[0] < 0:
        persons |= {device: device for device in contacts}
    persons.pop(store.device, None)
    stale = store.db.execute(
        "SELECT device FROM peer WHERE expires_ms <= ? AND addresses != '[]'", [store.now_ms()]
    ).fetchall()
    return Known(
        branches(store),
        {peer_id_of(device): person for device, person in persons.items()},
        fresh,
        stale=[peer_id_of(row[0]) for row in stale],
        warm=[peer_id_of(device) for device in reached(store)],
    )


def _persons(store: Store) -> dict[bytes, bytes]:
    """Device -> person, of all that may talk."""
    return dict(
        store.db.execute(
            "SELECT key, person FROM device WHERE standing IN (?, ?) AND person IS NOT NULL",
            [PROVISIONAL, CERTIFIED],
        ).fetchall()
    )


def reached(store: Store) -> dict[bytes, int]:
    """Devices with which a link of ours stood lately -> when, in milliseconds since 1970."""
    told: dict[str, int] = json.loads(get_meta(store.db, _REACHED) or "{}")
    since = store.now_ms() - _LATELY_MS
    return {bytes.fromhex(device): at for device, at in told.items() if at > since}


def note_reached(store: Store, peers: Iterable[str]) -> None:
    """Links with these stand now; the newest are remembered."""
    now = store.now_ms()
    before = reached(store) | {device_key_of(peer): now for peer in peers}
    newest = sorted(before.items(), key=lambda item: -item[1])[:_MOST_REACHED]
    with store.transaction(sync="NORMAL"):
        set_meta(store.db, _REACHED, json.dumps({device.hex(): at for device, at in newest}))


def reachable(store: Store) -> dict[bytes, tuple[str, ...]]:
    """Members' devices, and where their good cards say that they are."""
    rows = store.db.execute(
        "SELECT peer.device, addresses FROM peer JOIN device ON device.key = peer.device"
        " WHERE standing IN (?, ?) AND card IS NOT NULL AND expires_ms > ? AND addresses != '[]'"
        " AND peer.device != ? ORDER BY issued_ms DESC, peer.device",
        [PROVISIONAL, CERTIFIED, store.now_ms(), store.device],
    ).fetchall()
    return {row[0]: tuple(json.loads(row[1])) for row in rows}


def relays(cards: Mapping[bytes, Iterable[str]]) -> set[bytes]:
    """The devices through which somebody says they can be reached."""
    found = set()
    for addresses in cards.values():
        for address in addresses:
            for peer in _RELAY.findall(address):
                try:
                    found.add(device_key_of(peer))
                except Invalid:
                    continue
    return found
