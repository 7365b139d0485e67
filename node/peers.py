"""Who may talk to this node, where others can be reached, and who has to wait.

The gate knows devices by the peer id that the transport has proved. A newcomer, who holds no
roll yet, trusts the devices that its invitation or its recovery file names until the first sync
shows the roll.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from governance.membership import CERTIFIED, PROVISIONAL
from node import address_book, clock_check
from node.admission import Admission
from node.allowances import Allowances
from node.branches import Known
from node.loudness import loudness
from node.metrics import Metrics
from node.network.peer_id import device_key_of, peer_id_of
from node.patience import Patience
from protocol.cards import Card, read_card
from protocol.codec import decode, encode
from protocol.errors import Invalid, StoreError
from protocol.invitation import MAX_ADDRESS, read_link
from storage.database import get_meta, set_meta
from storage.rows import note_fault, standing_of
from storage.store import Store

logger = logging.getLogger("moothall.peers")

_OWN_ID = re.compile(r"/p2p/[^/]+$")

PATIENCE = 100  # refusals for haste within PATIENCE_SECONDS before it is shown
PATIENCE_SECONDS = 60.0
FLOOD_SECONDS = 3600.0  # between two notes of one author's flood
AHEAD_MS = 48 * 3600 * 1000  # a card may be this far ahead: some clock, or ours, is a day wrong
FOUND_SECONDS = 600.0  # how long an address counts that was seen on the LAN
MOST_FOUND = 4  # addresses of one device seen there: anybody on the LAN can claim some
MOST_REMEMBERED = 1000  # peers of whom is known what the gate said, and who came too fast
CONTACTS = "contacts"  # the key under which those of a recovery file are kept


class Peers:
    """The address book and the doorkeeper of one node. `clock` is monotonic, in seconds."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._patience = Patience(clock)
        self._admitted: dict[str, bool] = {}  # peer -> what the gate said
        self._hasty: dict[str, tuple[float, int]] = {}  # peer -> (since, refusals for haste)
        self._flooding: dict[bytes, float] = {}  # author -> when that was said
        self._own = peer_id_of(store.device)
        self._found: dict[bytes, dict[str, float]] = {}  # device -> address -> when it was seen
        self._watch = clock_check.Watch(store)
        self._kept: dict[bytes, int] = {}  # device -> number of its card, of those kept by now
        self.newest_card = 0
        self.news = False  # somebody new can be dialled
        self.moved: set[str] = set()  # peers that have another address than before
        self.metrics = Metrics()
        self.allowances = Allowances(clock)
        self.admission = Admission(clock, store.device)

    def may_talk(self, peer: str) -> bool:
        """The gate: members and provisional members; everybody else gets the lobby.

        Asked for every message, so an answer holds until `look_again`.
        """
        told = self._admitted.get(peer)
        if told is None:
            if len(self._admitted) >= MOST_REMEMBERED:
                self._admitted.clear()
            try:
                told = self._admitted[peer] = self._is_member(peer)
            except sqlite3.Error as error:  # who can't be looked up now is asked about again
                logger.debug("whether %s belongs can't be read: %s", peer, error)
                return False
        return told

    def look_again(self) -> None:
        """Somebody's standing may have changed."""
        self._admitted.clear()

    def _is_member(self, peer: str) -> bool:
        try:
            device = device_key_of(peer)
        except Invalid:
            return False
        known = standing_of(self._store, device)
        if known is not None and known[0] in (PROVISIONAL, CERTIFIED):
            return True
        # Before the first sync there is no roll that could say otherwise.
        return not self._has_roll() and device in contacts(self._store)

    def _has_roll(self) -> bool:
        return self._store.db.execute("SELECT 1 FROM certificate LIMIT 1").fetchone() is not None

    def fault(self, peer: str, reason: str) -> None:
        """A peer misbehaved: it waits (`patience`); shown in `status`."""
        self.metrics.faults.add(reason)
        length = self._patience.fault(peer)
        if length is not None:
            logger.info("%s has to wait %.0f s: %s", peer, length, reason)
            self.note(peer, reason)

    def note(self, who: str, reason: str) -> None:
        """Show in `status` what somebody did wrong."""
        try:
            with self._store.transaction():
                note_fault(self._store, who, reason)
        except (StoreError, sqlite3.Error) as error:
            logger.log(loudness(error), "a fault of %s could not be noted: %s", who, error)

    def waits(self, peer: str) -> bool:
        """Whether this peer's fault is still fresh."""
        return self._patience.waits(peer)

    def may_ask(self, peer: str, sort: str = "sync", size: int = 0) -> bool:
        """Spend one message of `size` bytes from the peer's share of this sort."""
        if self.allowances.take(peer, sort, size):
            return True
        self.metrics.refused.add(sort)
        since, count = self._hasty.get(peer, (self._clock(), 0))
        if self._clock() > since + PATIENCE_SECONDS:
            since, count = self._clock(), 0
        if peer not in self._hasty and len(self._hasty) >= MOST_REMEMBERED:
            self._hasty.clear()
        self._hasty[peer] = (since, count + 1)
        if count + 1 == PATIENCE:  # a neighbour may be busy for a moment
            logger.info("%s comes too fast (%s): what is beyond its share is left", peer, sort)
            self.note(peer, "too-fast")
        return False

    def takes_more_of(self, device: bytes) -> bool:
        """Whether more of an author's records is taken in now; says so where not, now and then."""
        if self.admission.has_room(device):
            return True
        now = self._clock()
        if self._flooding.get(device, -FLOOD_SECONDS) + FLOOD_SECONDS <= now:
            self._flooding[device] = now
            logger.info("author %s writes more than is taken in at a time", device.hex())
            self.note(f"author {device.hex()}", "flood")
        return False

    def addresses(self) -> dict[str, list[str]]:
        """Peer id -> multiaddresses of everybody worth dialling, oneself left out.

        Who was away until every card had expired tries the old ones: somebody will be there still.
        """
        return self._dialled(self._store.now_ms()) or self._dialled(0)

    def found(self, device: bytes, addresses: Sequence[str]) -> None:
        """A member's device was seen at these addresses on the LAN: tried first, for a while.

        They are hints that nobody signed, so they are kept in memory alone, and only for devices
        that may talk; connecting proves who is there.
        """
        peer = peer_id_of(device)
        if peer == self._own or not self.may_talk(peer):
            return
        seen = self._found.setdefault(device, {})
        for address in usable(addresses):
            if len(address) > MAX_ADDRESS:
                continue
            if address not in seen:
                self.news = True
                self.moved.add(peer)
            seen.pop(address, None)  # to the end: the newest are kept
            seen[address] = self._clock()
        for address in list(seen)[:-MOST_FOUND]:
            del seen[address]

    def known(self) -> Known:
        """Everybody who may be dialled, as `choosing` needs it."""
        fresh = self._dialled(self._store.now_ms())
        return address_book.known(self._store, contacts(self._store), fresh)

    def where(self, peer: str) -> list[str]:
        """The addresses of one peer, in the order in which they are to be tried; expired ones too.

        Two of the LAN come first: anybody there can claim some, and they must not use up a dial.
        """
        device = device_key_of(peer)
        row = self._store.db.execute(
            "SELECT addresses FROM peer WHERE device = ?", [device]
        ).fetchone()
        told = contacts(self._store).get(device, ()) if row is None else json.loads(row[0])
        near = self._on_lan(device)
        return list(dict.fromkeys([*near[:2], *told, *near]))

    def _on_lan(self, device: bytes) -> list[str]:
        """Where this device was seen lately, newest first."""
        since = self._clock() - FOUND_SECONDS
        seen = self._found.get(device, {})
        return [address for address, at in reversed(seen.items()) if at > since]

    def _dialled(self, after_ms: int) -> dict[str, list[str]]:
        """`addresses`, by cards that expire after this time."""
        found = {peer_id_of(device): list(where) for device, where in contacts(self._store).items()}
        for device, where in self._store.db.execute(
            "SELECT peer.device, addresses FROM peer JOIN device ON device.key = peer.device"
            " WHERE standing IN (?, ?) AND expires_ms > ?",
            [PROVISIONAL, CERTIFIED, after_ms],
        ).fetchall():
            found[peer_id_of(device)] = json.loads(where)
        for device in self._found:
            peer, near = peer_id_of(device), self._on_lan(device)
            if near and self.may_talk(peer):
                found[peer] = list(dict.fromkeys([*near, *found.get(peer, [])]))
        found.pop(self._own, None)
        return {peer: where for peer, where in found.items() if where}

    def heard_clock(self, peer: str, says_ms: int) -> None:
        """This peer says what time it is there, for `clock_check`."""
        known = standing_of(self._store, device_key_of(peer))
        if known is not None and known[1] is not None:
            self._watch.heard(known[1], says_ms)

    def cards_since(self, number: int) -> list[tuple[bytes, int]]:
        """Devices whose cards were kept after that, and their numbers, in that order."""
        return [(device, kept) for device, kept in self._kept.items() if kept > number]

    def lacks(self, mark: bytes, issued_ms: int) -> bool:
        """Whether a card of then would be kept, of a device whose key begins so."""
        if issued_ms > self._store.now_ms() + AHEAD_MS:
            return False
        rest = 32 - len(mark)
        rows = self._store.db.execute(
            "SELECT issued_ms FROM device LEFT JOIN peer ON peer.device = device.key"
            " WHERE key BETWEEN ? AND ? AND key != ?",
            [mark + bytes(rest), mark + b"\xff" * rest, self._store.device],
        ).fetchall()
        return any(known is None or known < issued_ms for (known,) in rows)

    def keep_own(self, card: Card) -> None:
        """This device's card, just signed."""
        self._write(card)

    def own_card(self) -> Card | None:
        """This device's newest card."""
        row = self._store.db.execute(
            "SELECT card FROM peer WHERE device = ? AND card IS NOT NULL", [self._store.device]
        ).fetchone()
        if row is None:
            return None
        return read_card(decode(row[0], limit=8192), self._store.community)

    def next_card_ms(self, now_ms: int) -> int:
        """When to say that a card of this device was issued: now, and after its last one.

        Else nobody would take it after the clock was set back. One that was so far ahead that
        nobody took it doesn't count.
        """
        row = self._store.db.execute(
            "SELECT issued_ms FROM peer WHERE device = ?", [self._store.device]
        ).fetchone()
        last = -1 if row is None else int(row[0])
        return now_ms if last > now_ms + AHEAD_MS else max(now_ms, last + 1)

    def keep(self, card: Card) -> bool:
        """Keep a checked card if it is newer than what we have of its device; whether it was."""
        now = self._store.now_ms()
        if card.expires_ms <= now or card.issued_ms > now + AHEAD_MS:
            return False
        if card.device == self._store.device:
            return False  # an old one of ours, on its way round
        known = self._store.db.execute(
            "SELECT issued_ms, addresses FROM peer WHERE device = ?", [card.device]
        ).fetchone()
        if known is not None and known[0] >= card.issued_ms:
            return False
        if standing_of(self._store, card.device) is None:
            return False
        if not self.admission.takes_card(card.device):
            return False
        self._write(card)
        if known is None or json.loads(known[1]) != list(card.addresses):
            self.moved.add(peer_id_of(card.device))
        self.news = True
        return True

    def _write(self, card: Card) -> None:
        self.newest_card += 1
        self._kept.pop(card.device, None)  # to the end
        self._kept[card.device] = self.newest_card
        self._store.db.execute(
            "INSERT OR REPLACE INTO peer (device, card, addresses, issued_ms, expires_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                card.device,
                encode(card.travel),
                json.dumps(list(card.addresses)),
                card.issued_ms,
                card.expires_ms,
            ],
        )


def contacts(store: Store) -> dict[bytes, tuple[str, ...]]:
    """Whom this home was told to turn to, device key -> multiaddresses, until it is on the roll.

    By the link it joins with, or by the recovery file.
    """
    link = get_meta(store.db, "invited")
    if link is not None:
        return read_link(link).peers
    told = json.loads(get_meta(store.db, CONTACTS) or "{}")
    return {bytes.fromhex(device): tuple(where) for device, where in told.items()}


def keep_contacts(store: Store, doors: Mapping[bytes, Sequence[str]]) -> None:
    """Turn to these until this home is on the roll."""
    told = {device.hex(): list(where) for device, where in doors.items()}
    set_meta(store.db, CONTACTS, json.dumps(told))


def forget_contacts(store: Store) -> None:
    """Once on the roll, the link with its secret, and whoever was named, have done their work."""
    if get_meta(store.db, "invited") is None and get_meta(store.db, CONTACTS) is None:
        return
    with store.transaction():
        store.db.execute("DELETE FROM meta WHERE key IN ('invited', ?)", [CONTACTS])


def usable(addresses: Sequence[str]) -> tuple[str, ...]:
    """Multiaddresses as a card or link carries them: without the last /p2p/ID, their own.

    The relay's id in the middle of a circuit address stays.
    """
    return tuple(_OWN_ID.sub("", address) for address in addresses)
